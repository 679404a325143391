#include "trust/agreement.h"

#include <algorithm>

#include "base/clock.h"
#include "model/text.h"
#include "proto/strict_parse.h"
#include "trust/payload_types.h"

namespace entente::trust {
namespace {

using enum RejectReason;

constexpr uint32_t kRead = 1, kAllActions = 127;  // docs/policy.md, section 5

absl::Status Refuse(RejectReason reason, std::string_view what) {
  return Reject(reason, "agreement refused: " + std::string(what) + "; ask its author for a new one");
}

bool IsWordOrEmpty(const std::string& text) { return text.empty() || model::IsWord(text); }

absl::Status CheckTerms(const v1::AgreementTerms& terms) {
  if (terms.ceiling() < v1::LABEL_CLEAR || terms.ceiling() > v1::LABEL_RED) return Refuse(kParse, "its ceiling is no label");
  if (static_cast<size_t>(terms.types_size()) > kMaxAgreedTypes) return Refuse(kLimit, "it names over 64 types");
  for (int i = 0; i < terms.types_size(); ++i) {
    if (!model::IsWord(terms.types(i))) return Refuse(kParse, "one of its types is no word");
    if (i > 0 && terms.types(i - 1) >= terms.types(i)) return Refuse(kParse, "its types do not ascend");
  }
  if (terms.actions() > kAllActions || (terms.actions() != 0 && (terms.actions() & kRead) == 0)) {
    return Refuse(kParse, "its actions are unknown, or none is to read");
  }
  if (!IsWordOrEmpty(terms.legal_basis()) || !IsWordOrEmpty(terms.use())) {
    return Refuse(kParse, "its legal basis or its use is no word");
  }
  if (terms.hop_limit() > kMaxAgreedHops + 1) return Refuse(kParse, "it leaves over 64 hops");
  if (terms.keep_days() > kMaxKeepDays) return Refuse(kParse, "it keeps for over a hundred years");
  if (terms.distributor() && !terms.clients()) return Refuse(kParse, "it has a distributor without clients");
  return absl::OkStatus();
}

absl::Status CheckBody(const v1::AgreementBody& body) {
  if (!OrgId::From(body.first()) || !OrgId::From(body.second()) || body.first() >= body.second()) {
    return Refuse(kParse, "its organisations are none, or do not ascend");
  }
  if (body.version() == 0) return Refuse(kParse, "it has no version");
  if (body.version() > kMaxAgreementVersion) return Refuse(kLimit, "its version is above 1,048,576");
  if (body.state() < v1::AGREEMENT_STATE_IN_FORCE || body.state() > v1::AGREEMENT_STATE_ENDED) {
    return Refuse(kParse, "its state is unknown");
  }
  const int64_t longest = absl::ToInt64Microseconds(kLongestAgreement);
  const bool timed = body.time_us() > 0 && body.time_us() <= kMaxTimeUs;
  if (!timed || body.until_us() <= body.time_us() || body.until_us() - body.time_us() > longest) {
    return Refuse(kParse, "it has no time, or no end within ten years of it");
  }
  return CheckTerms(body.terms());
}

absl::Status CheckSigners(const v1::SignedAgreement& wire, const v1::AgreementBody& body) {
  if (wire.signatures().empty() || wire.signatures_size() > 2) return Refuse(kParse, "it needs one or two signatures");
  std::string before;
  for (const v1::OrgSignature& signature : wire.signatures()) {
    const std::string& org = signature.org_id();
    const bool one_of_both = org == body.first() || org == body.second();
    if (!one_of_both || org <= before || !KeyId::From(signature.key_id())) {
      return Refuse(kParse, "its signatures are not those of its two organisations, in order");
    }
    before = org;
  }
  return absl::OkStatus();
}

absl::StatusOr<Agreement> WithSignature(const Self& self, Bytes body, std::vector<v1::OrgSignature> beside) {
  const absl::StatusOr<v1::SignedBody> made = SignBody(self, kAgreementType, std::move(body));
  if (!made.ok()) return made.status();
  v1::OrgSignature& own = beside.emplace_back();
  own.set_org_id(self.org().str());
  own.set_key_id(self.key_id.str());
  own.set_signature(made->signature());
  std::sort(beside.begin(), beside.end(), [](const auto& a, const auto& b) { return a.org_id() < b.org_id(); });
  v1::SignedAgreement wire;
  wire.set_body(made->body());
  for (v1::OrgSignature& signature : beside) *wire.add_signatures() = std::move(signature);
  return Agreement::Read(wire);
}

}  // namespace

absl::StatusOr<Agreement> Agreement::Read(const v1::SignedAgreement& wire) {
  if (wire.ByteSizeLong() > kMaxAgreementBytes) return Refuse(kLimit, "over 8 KiB");
  Agreement out;
  if (absl::Status status = StrictParse(wire.body(), out.body_); !status.ok()) return status;
  if (absl::Status status = CheckBody(out.body_); !status.ok()) return status;
  if (absl::Status status = CheckSigners(wire, out.body_); !status.ok()) return status;
  out.wire_ = wire;
  out.wire_.DiscardUnknownFields();  // it is kept and told on as it is here: nothing rides along
  out.id_ = crypto::Sha256(crypto::Pae(kAgreementType, wire.body()));
  return out;
}

bool Agreement::IsOf(const OrgId& one, const OrgId& other) const {
  return std::min(one, other).view() == body_.first() && std::max(one, other).view() == body_.second();
}

bool Agreement::SignedBy(const OrgId& org) const {
  return std::any_of(wire_.signatures().begin(), wire_.signatures().end(),
                     [&](const v1::OrgSignature& one) { return one.org_id() == org.view(); });
}

bool Agreement::whole() const {
  return by_both() || body_.state() != v1::AGREEMENT_STATE_IN_FORCE;
}

// Whoever accepts signs later than the author, perhaps with a key that was not there yet when the document was written.
absl::Status Agreement::Check(const Parties& parties, const Arrival& arrival) const {
  if (time() > arrival.now + kClockSkew) return Refuse(kTime, "it is from the future; compare both clocks");
  for (const v1::OrgSignature& one : wire_.signatures()) {
    const auto signed_at = [&](absl::Time at) {
      return CheckPartySignature(parties, {*OrgId::From(one.org_id()), *KeyId::From(one.key_id()), kAgreementType, wire_.body(),
                                           one.signature(), at},
                                 arrival);
    };
    absl::Status status = signed_at(time());
    if (ReasonOf(status) == kTime) status = signed_at(arrival.recorded.value_or(arrival.now));
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::StatusOr<Agreement> MakeAgreement(const Self& self, const v1::AgreementBody& body) {
  return WithSignature(self, body.SerializeAsString(), {});
}

absl::StatusOr<Agreement> SignAgreement(const Self& self, const Agreement& other) {
  std::vector<v1::OrgSignature> beside;
  for (const v1::OrgSignature& one : other.wire().signatures()) {
    if (one.org_id() != self.org().view()) beside.push_back(one);
  }
  return WithSignature(self, other.wire().body(), std::move(beside));
}

}  // namespace entente::trust
