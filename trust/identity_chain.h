#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "trust/identity.h"
#include "trust/revocation.h"

namespace entente::trust {

inline constexpr size_t kMaxCatchUp = 1024;          // documents in one run
inline constexpr size_t kMaxIdentityVersions = 2048;  // of one organisation on file
inline constexpr size_t kMaxIdentityChainBytes = 1 << 20;  // of these, with their signatures

// A signature's key and what the signed body says of itself.
struct KeyUse {
  struct Version {
    uint64_t version = 0;
    Digest hash;
  };
  KeyId key_id;
  ByteView payload_type;
  absl::Time at;                         // when the body says that it was made
  std::optional<Version> identity;       // the document it names, where its format has such a field
  std::optional<absl::Time> dated;       // when somebody other than the signer is known to have seen these bytes
  std::optional<absl::Time> acted_on;    // now, where the body is acted on and not only kept
};

// The documents of one organisation from version 1 to the newest one known, each checked against the one before: what
// docs/formats/identity.md calls the chain. Copies share the documents. Not safe for writing from two threads.
class IdentityHistory {
 public:
  // `first` is version 1. It may have expired: later versions lead on. Refuses what Identity::Check refuses.
  static absl::StatusOr<IdentityHistory> Begin(const v1::SignedIdentity& first);
  // The same for a version 1 that has been checked. REQUIRES first.version() == 1.
  explicit IdentityHistory(Identity first);

  // Takes one document in; one that is on file already is passed over. Refuses with kLimit, kParse, kIdentity, kKeyPoint,
  // kRollback, kIdentityChain, kTime and kFloor, and then nothing has changed. Refuses with kEquivocation a second document
  // for the newest version, which contradiction() then holds, and from there on whatever is new.
  absl::Status Extend(const v1::SignedIdentity& signed_identity, absl::Time now);
  // Takes a run of documents in, versions ascending without a gap. Each is handed to `persist`, a contradicting one too,
  // before it counts; what `persist` refuses ends the run. What came before a refusal stays. Refuses as Extend does, with
  // kRollback when the last document is older than the newest on file, and with kFreeze when the newest has expired: then
  // everything was taken.
  using Persist = absl::FunctionRef<absl::Status(const v1::SignedIdentity&)>;
  absl::Status TakeIn(const v1::IdentityChain& chain, absl::Time now, Persist persist);

  const OrgId& org() const { return newest().org(); }
  const Identity& newest() const { return *versions_.back(); }
  // All of them, version 1 first.
  const std::vector<std::shared_ptr<const Identity>>& versions() const { return versions_; }
  // Null when that version is not on file or has another hash.
  const Identity* Version(uint64_t version, const Digest& hash) const;
  // Null when no version on file has that hash.
  const Identity* WithHash(const Digest& hash) const;
  // kFreeze when the newest version has expired at `now`.
  absl::Status CheckFresh(absl::Time now) const;
  // The public key that `use` is to be verified with, once it counts ("When a key counts"): kNoKey, kKeyUse, kTime,
  // kRevoked, kFreeze. Does not verify a signature.
  absl::StatusOr<Bytes> KeyFor(const KeyUse& use) const;
  const KeyRegister& keys() const { return keys_; }
  // The second document for the newest version, when its owner signed two: evidence together with newest().
  const std::optional<v1::SignedIdentity>& contradiction() const { return contradiction_; }

 private:
  enum class Place { kOnFile, kNext, kContradicts };

  // Steps 3 to 10, without changing anything.
  absl::StatusOr<Place> Check(const v1::IdentityDocument& document, const v1::SignedIdentity& wire, absl::Time now) const;
  absl::Status Take(v1::IdentityDocument document, const v1::SignedIdentity& wire, absl::Time now, Persist persist);
  KeyRegister KeysUpTo(uint64_t version) const;

  std::vector<std::shared_ptr<const Identity>> versions_;  // version n at n - 1
  size_t bytes_ = 0;  // of versions_, as they came
  KeyRegister keys_;
  std::optional<v1::SignedIdentity> contradiction_;
};

// The documents as they came, without a contradiction.
v1::IdentityChain ChainOf(const IdentityHistory& history);
// The documents of this node itself.
IdentityHistory HistoryOf(const Self& self);

}  // namespace entente::trust
