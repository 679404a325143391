#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/bytes.h"
#include "crypto/crypto.h"
#include "entente/v1/agreement.pb.h"
#include "trust/identity.h"
#include "trust/parties.h"
#include "trust/party_signature.h"

// What two organisations signed about what they send each other: docs/formats/agreement.md.
namespace entente::trust {

inline constexpr size_t kMaxAgreementBytes = 8 * 1024;
inline constexpr size_t kMaxAgreedTypes = 64;
inline constexpr uint32_t kMaxAgreedHops = 64;
inline constexpr uint32_t kMaxKeepDays = 36525;
inline constexpr uint64_t kMaxAgreementVersion = 1u << 20;
inline constexpr absl::Duration kLongestAgreement = absl::Hours(24 * 3653);
inline constexpr absl::Duration kAgreementOpen = absl::Hours(24 * 90);  // from when it was written: an offer

// One document, read and sound in itself. Immutable.
class Agreement {
 public:
  // Refuses with kLimit and kParse. Signatures are Check's.
  static absl::StatusOr<Agreement> Read(const v1::SignedAgreement& wire);

  const v1::AgreementBody& body() const { return body_; }
  const v1::SignedAgreement& wire() const { return wire_; }
  const Digest& id() const { return id_; }
  uint64_t version() const { return body_.version(); }
  absl::Time time() const { return absl::FromUnixMicros(body_.time_us()); }
  absl::Time until() const { return absl::FromUnixMicros(body_.until_us()); }
  bool IsOf(const OrgId& one, const OrgId& other) const;
  bool SignedBy(const OrgId& org) const;
  bool by_both() const { return wire_.signatures_size() == 2; }
  bool whole() const;  // it counts: all signatures that it needs are there
  bool open(absl::Time now) const { return !whole() && now < time() + kAgreementOpen; }

  // Every signature, and that it is not from the future. Refuses with kTime and as CheckPartySignature does.
  absl::Status Check(const Parties& parties, const Arrival& arrival) const;

 private:
  Agreement() = default;
  v1::SignedAgreement wire_;
  v1::AgreementBody body_;
  Digest id_;
};

// A new document with `self`'s signature alone; or `other`'s with `self`'s beside those it has. Refuse as Read does, and as the
// signer does (kHsm).
absl::StatusOr<Agreement> MakeAgreement(const Self& self, const v1::AgreementBody& body);
absl::StatusOr<Agreement> SignAgreement(const Self& self, const Agreement& other);

}  // namespace entente::trust
