#include "exchange/inbound.h"

#include "crypto/crypto.h"

namespace entente::exchange {
namespace {

InboundVerdict HeldFor(InboundVerdict verdict, RejectReason reason, std::string detail) {
  verdict.held = reason;
  verdict.detail = std::move(detail);
  return verdict;
}

}  // namespace

absl::StatusOr<InboundVerdict> DecideInbound(const Room& room, const RuleSet& rules, const storage::Reader& reader,
                                             Creators& creators, const Received& received, const AskPolicy& ask) {
  const model::StixObject& object = received.object;
  policy::Constraints constraints = received.constraints;
  absl::Status store = absl::OkStatus();
  const auto defines = [&](std::string_view id) {
    absl::StatusOr<bool> defined = reader.DefinesStatementMarking(received.origin, id);
    if (!defined.ok()) store = defined.status();
    return defined.ok() && *defined;
  };
  InboundVerdict verdict;
  verdict.held = JoinMarkings(object, defines, constraints, verdict.detail);
  if (!store.ok()) return store;
  verdict.label = constraints.label;
  if (verdict.held != RejectReason::kNone) return verdict;

  absl::StatusOr<std::optional<storage::VersionEntry>> same = reader.FindVersion(object.id(), object.version_ns());
  if (!same.ok()) return same.status();
  if (same->has_value() && (*same)->content_digest != crypto::Sha256(received.content)) {
    return HeldFor(verdict, RejectReason::kConflict,
                   "this id and version is stored with other bytes; the first is kept");
  }
  verdict.same = *std::move(same);
  absl::StatusOr<std::optional<storage::VersionEntry>> newest = reader.NewestVersion(object.id());
  if (!newest.ok()) return newest.status();
  if (!verdict.same && newest->has_value() && (*newest)->origin != received.origin) {
    return HeldFor(verdict, RejectReason::kOwner, "the id belongs to another origin, which alone makes versions of it");
  }
  absl::StatusOr<std::optional<OrgId>> usurped = creators.Usurped(reader, object, constraints);
  if (!usurped.ok()) return usurped.status();
  if (!verdict.same && usurped->has_value()) {
    return HeldFor(verdict, RejectReason::kOwner,
                   "created_by_ref names the identity of another origin, which did not sign this, and the signer does "
                   "not say that it is a custodian");
  }
  Subject subject = SubjectOf(room, rules, object, received.content.size(), received.origin, received.source,
                              room.clock.Now(), received.released);
  const policy::Decision& decision = ask(constraints, subject);
  if (decision.permitted()) {
    verdict.permit = *decision.permit();
    return verdict;
  }
  // Of what is here already a statement more can only make the label stricter: no local rule stands in the way of that.
  if (verdict.same && decision.denial()->reason == RejectReason::kPolicyRule) {
    const policy::Decision bare = policy::Evaluate({}, InboundQuestion(room, constraints, received.from, subject));
    if (bare.permitted()) verdict.permit = *bare.permit();
    if (bare.permitted()) return verdict;
  }
  return HeldFor(verdict, decision.denial()->reason, Sentence(*decision.denial()));
}

}  // namespace entente::exchange
