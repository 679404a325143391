#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/bytes.h"
#include "base/reject.h"
#include "entente/v1/identity.pb.h"

// One identity document by itself, of any version: docs/formats/identity.md, "The identity document". What it owes to the
// versions before it is trust/identity_chain.h's matter.
namespace entente::trust {

inline constexpr size_t kMaxIdentityBytes = 64 * 1024;
inline constexpr size_t kMaxIdentityKeys = 32;        // root and other keys together; also the most signatures of version 1
inline constexpr size_t kMaxIdentitySignatures = 64;  // of later versions: old roots sign too
inline constexpr size_t kMaxIdentitySuites = 16;
inline constexpr size_t kMaxIdentityNameBytes = 64;
inline constexpr size_t kMaxRevocations = 32;         // of one document
// Longer than the 90 days of later versions: a node of level 0 cannot rotate its key, and must not die for that.
inline constexpr absl::Duration kStatementKeyLifetime = absl::Hours(24 * 365);
inline constexpr absl::Duration kOnlineKeyLifetime = absl::Hours(24 * 90);  // statement, group admin
inline constexpr absl::Duration kNoteKeyLifetime = absl::Hours(24 * 366);   // log, witness

// SHA-256("entente/1/key" 00 | suite | usage u8 | public key).
KeyId MakeKeyId(v1::KeyUsage usage, ByteView public_key);
OrgId OrgOfFirst(ByteView document);  // the bytes of version 1
Digest IdentityHash(ByteView document);
// The first line of the checkpoints of `org`'s log.
std::string LogOrigin(const OrgId& org);
// The longest life that version `version` may enrol a key of `usage` with. A root key lives as long as its documents.
absl::Duration LongestLife(v1::KeyUsage usage, uint64_t version);
// When the document was made; of version 1, which does not say it, the latest beginning of its keys.
absl::Time IssuedAt(const v1::IdentityDocument& document);
// Every key, root keys first. They live in `document`.
std::vector<const v1::PublicKey*> KeysOf(const v1::IdentityDocument& document);

// Reads the document inside `wire`, whose signatures nobody has checked. Refuses with kLimit, kParse, and kIdentity for
// version 0.
absl::StatusOr<v1::IdentityDocument> ReadDocument(const v1::SignedIdentity& wire);
// The fields by themselves, those of version 1 by its own rules. Neither signatures, nor lifetimes, nor what depends on
// the time of day. Refuses with kIdentity, kKeyPoint and kLimit.
absl::Status CheckDocument(const v1::IdentityDocument& document);
// Whether `key`, which `document` enrols, lives at most LongestLife; kIdentity otherwise.
absl::Status CheckLifetime(const v1::PublicKey& key, uint64_t version);
// Rules 1 to 4 of "Signatures". `before` is the version before, null for version 1. Refuses with kIdentity in version 1
// and with kIdentityChain later.
absl::Status CheckSignatures(const v1::IdentityDocument& document, const v1::SignedIdentity& wire,
                             const v1::IdentityDocument* before);

// "identity document refused: `what`", with what its reader can do about it.
absl::Status RefuseDocument(std::string_view what, RejectReason reason = RejectReason::kIdentity);

}  // namespace entente::trust
