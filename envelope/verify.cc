#include <algorithm>

#include "base/reject.h"
#include "envelope/claims.h"
#include "envelope/commitments.h"
#include "envelope/envelope.h"
#include "envelope/group_audience.h"
#include "envelope/payload_reader.h"
#include "envelope/signed_statements.h"
#include "envelope/signer.h"
#include "envelope/statement_maker.h"
#include "envelope/verify_seal.h"

// From an opened envelope to what it says: docs/formats/receiving.md, steps 15 to 33, in their order.
namespace entente::envelope {
namespace {

std::vector<uint32_t> Indexes(const std::vector<Place>& places) {
  std::vector<uint32_t> indexes;
  indexes.reserve(places.size());
  for (const Place& place : places) indexes.push_back(place.index);
  return indexes;
}

Batch MakeBatch(v1::Payload& payload, SignedStatements proven, Claims claims) {
  std::vector<Statement> statements;
  statements.reserve(claims.each.size());
  for (size_t i = 0; i < claims.each.size(); ++i) {
    v1::StatementEntry& entry = *payload.mutable_statements(static_cast<int>(i));
    Claim& claim = claims.each[i];
    statements.push_back(StatementMaker::MakeStatement(
        proven.ids[i], std::move(*entry.mutable_body()), std::move(*entry.mutable_salt()),
        std::move(*entry.mutable_content()), proven.places[i].index, std::move(proven.places[i].path), claim.sequence,
        claim.previous, absl::FromUnixMicros(claim.created_us), std::move(claim.references)));
  }
  return StatementMaker::MakeBatch(proven.batch.origin, std::move(*payload.mutable_batch()), proven.batch.size,
                                   std::move(statements), std::move(claims.constraints), std::move(claims.audience),
                                   std::move(claims.group), claims.stream, std::move(claims.joint));
}

// One envelope under way.
class Verification {
 public:
  Verification(OpenedEnvelope opened, const trust::Directory& parties, const OrgId& from, absl::Time now,
               const trust::Memberships* groups)
      : opened_(std::move(opened)),
        parties_(parties),
        groups_(groups),
        self_(parties.self().identity.org()),
        from_(from),
        now_(now) {}

  absl::StatusOr<VerifiedEnvelope> Run() {
    using Step = absl::Status (Verification::*)();
    static constexpr Step kAlways[] = {&Verification::Payload,           // 15, 16
                                       &Verification::Seal,              // 17 to 19
                                       &Verification::Sealer};           // 20
    static constexpr Step kStatements[] = {&Verification::Batch,         // 21 to 24
                                           &Verification::Statements,    // 25
                                           &Verification::Times,         // 26
                                           &Verification::Cosignatures,  // 27
                                           &Verification::Group,         // 28
                                           &Verification::Chain,         // 29
                                           &Verification::Address,       // 30
                                           &Verification::Sealed,        // 31
                                           &Verification::Contents,      // 32
                                           &Verification::Stream};       // 33
    static constexpr Step kNotices[] = {&Verification::Notices,          // N
                                        &Verification::Sealed};          // 31
    if (auto s = Walk(kAlways); !s.ok()) return s;
    const bool statements = payload_.has_batch();
    if (auto s = statements ? Walk(kStatements) : Walk(kNotices); !s.ok()) return s;
    return Finish();
  }

 private:
  template <typename Steps>
  absl::Status Walk(const Steps& steps) {
    for (const auto step : steps) {
      if (auto s = (this->*step)(); !s.ok()) return s;
    }
    return absl::OkStatus();
  }

  absl::Status Payload() { return Keep(ReadPayload(StatementMaker::TakePayload(opened_)), payload_); }

  absl::Status Seal() {
    const auto sealer = FindParty(parties_, from_, "the peer");
    if (!sealer.ok()) return sealer.status();
    return Keep(CheckSeal(payload_.seal(), **sealer, opened_, now_), seal_);
  }

  absl::Status Sealer() {
    const auto& epoch = StatementMaker::EpochMembersOf(opened_);
    return epoch != nullptr ? CheckMember(*epoch, *groups_, from_, now_) : absl::OkStatus();
  }

  absl::Status Batch() { return Keep(CheckBatch(payload_, parties_, now_, nullptr), proven_); }

  absl::Status Statements() { return Keep(ReadClaims(Bodies(payload_), proven_.batch), claims_); }

  absl::Status Times() { return CheckTimes(claims_, *proven_.origin->history, proven_.batch.key_id, now_); }

  absl::Status Cosignatures() {
    const CosignedBatch cosigned{payload_.batch(), proven_.batch.origin, proven_.batch.exercise, claims_.joint};
    return Keep(CheckCosignatures(payload_.cosignatures(), cosigned, parties_, now_), out_.cosigners);
  }

  absl::Status Group() {
    return CheckGroupAudience(claims_, proven_.batch.origin, payload_.forwards().empty() ? &self_ : nullptr, groups_,
                              now_);
  }

  absl::Status Chain() {
    const auto latest = std::max_element(claims_.each.begin(), claims_.each.end(),
                                         [](const Claim& a, const Claim& b) { return a.created_us < b.created_us; });
    const Forwarded forwarded{proven_.ids,
                              proven_.batch.origin,
                              claims_.audience,
                              claims_.constraints,
                              absl::FromUnixMicros(latest->created_us),
                              claims_.group};
    return Keep(CheckChain(payload_.forwards(), payload_.permissions(), forwarded, parties_, now_, groups_), out_.hops);
  }

  // Who seals is who sent it last, or somebody whom that reached already; it is for who receives it.
  absl::Status Address() {
    const OrgId& author = out_.hops.empty() ? proven_.batch.origin : out_.hops.back().forwarder;
    if (from_ != author && !InAudience(from_)) {
      return Reject(RejectReason::kAudience,
                    "sealed by another than who sent it, who is not in the audience; it must sign a forward");
    }
    if (!InAudience(self_))
      return Reject(RejectReason::kAudience, "this organisation is not in the audience that was signed");
    if (!GroupNow()) return CheckReach();
    if (auto s = groups_->CheckMember(GroupNow()->group, from_, now_); !s.ok()) return s;
    return CheckReach();
  }

  // Whoever could open it is among those for whom it was signed.
  absl::Status CheckReach() const {
    const auto& epoch = StatementMaker::EpochMembersOf(opened_);
    if (epoch == nullptr) return absl::OkStatus();
    const std::vector<OrgId>& reached = AudienceNow();
    const bool of_group = GroupNow() && GroupNow()->group == epoch->group();
    if (of_group && std::includes(reached.begin(), reached.end(), epoch->members().begin(), epoch->members().end())) {
      return absl::OkStatus();
    }
    return Reject(RejectReason::kAudience,
                  "sealed to a group's epoch, whose members are not all in the audience that was signed");
  }

  absl::Status Sealed() {
    return CheckSealed(seal_, {proven_.ids, AudienceHash(AudienceNow(), GroupNow()), out_.hops, payload_});
  }

  absl::Status Contents() {
    for (size_t i = 0; i < claims_.each.size(); ++i) {
      const v1::StatementEntry& entry = payload_.statements(static_cast<int>(i));
      if (auto s = CheckContent(claims_.each[i], entry.salt(), entry.content()); !s.ok()) return s;
    }
    return absl::OkStatus();
  }

  // The stream binds direct recipients: of others only a part may ever come.
  absl::Status Stream() {
    return out_.hops.empty() ? CheckStream(claims_, Indexes(proven_.places), proven_.ids) : absl::OkStatus();
  }

  absl::Status Notices() {
    for (const v1::SignedRecall& wire : payload_.recalls()) {
      if (auto s = Keep(CheckRecall(wire, parties_, now_), out_.recalls.emplace_back()); !s.ok()) return s;
    }
    for (const v1::SignedBody& wire : payload_.receipts()) {
      if (auto s = Keep(CheckReceipt(wire, parties_, self_, now_), out_.receipts.emplace_back()); !s.ok()) return s;
    }
    return absl::OkStatus();
  }

  VerifiedEnvelope Finish() {
    out_.id = opened_.id();
    out_.expires_hour = opened_.expires_hour();
    payload_.DiscardUnknownFields();  // beside the signed bodies, and not signed
    if (payload_.has_batch()) out_.batch = MakeBatch(payload_, std::move(proven_), std::move(claims_));
    payload_.clear_batch();
    payload_.clear_statements();
    payload_.clear_seal();
    out_.beside = std::move(payload_);
    return std::move(out_);
  }

  // The audience that counts: of the last hop, else of the statements.
  const std::vector<OrgId>& AudienceNow() const {
    return out_.hops.empty() ? claims_.audience : out_.hops.back().audience;
  }
  const std::optional<trust::MembershipRef>& GroupNow() const {
    return out_.hops.empty() ? claims_.group : out_.hops.back().group;
  }
  bool InAudience(const OrgId& org) const {
    return std::binary_search(AudienceNow().begin(), AudienceNow().end(), org);
  }

  template <typename T>
  static absl::Status Keep(absl::StatusOr<T> answer, T& at) {
    if (answer.ok()) at = *std::move(answer);
    return answer.status();
  }

  OpenedEnvelope opened_;
  const trust::Directory& parties_;
  const trust::Memberships* const groups_;  // not null where the envelope is of an epoch
  const OrgId self_, from_;
  const absl::Time now_;
  v1::Payload payload_;
  v1::SealBody seal_;
  SignedStatements proven_;
  Claims claims_;
  VerifiedEnvelope out_;
};

}  // namespace

absl::StatusOr<VerifiedEnvelope> Verify(OpenedEnvelope opened, const trust::Directory& parties, const OrgId& from,
                                        absl::Time now, const trust::Memberships* groups) {
  if (groups == nullptr && StatementMaker::EpochMembersOf(opened) != nullptr) {
    return Reject(RejectReason::kInternal, "an envelope of a group is verified without the groups that opened it");
  }
  return Verification(std::move(opened), parties, from, now, groups).Run();
}

}  // namespace entente::envelope
