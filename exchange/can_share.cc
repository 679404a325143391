#include "exchange/can_share.h"

#include <iterator>
#include <utility>

#include "exchange/explain_fill.h"
#include "exchange/publication_batch.h"

namespace entente::exchange {
namespace {

v1::CanShareDecision Told(const Room& room, const storage::PartyDecision& decision) {
  v1::CanShareDecision out;
  out.set_peer(room.directory.NameOf(decision.org));
  if (const auto* permit = std::get_if<policy::Permit>(&decision.outcome)) {
    out.set_decision("permit");
    out.set_reason(permit->relationship());
  } else {
    const RejectReason reason = std::get<RejectReason>(decision.outcome);
    out.set_decision("deny");
    out.set_reason(std::string(Describe(reason).name));
    if (decision.withheld_until) out.set_withheld_until_us(absl::ToUnixMicros(*decision.withheld_until));
  }
  out.set_rule(decision.rule);
  return out;
}

}  // namespace

absl::StatusOr<CanShare> CanShare::Begin(const Room& room, const Publication& publication, const RuleChanges& changes,
                                         const v1::PublishOptions& options) {
  absl::StatusOr<PublishTerms> terms = publication.Terms(options);
  if (!terms.ok()) return terms.status();
  std::shared_ptr<const trust::Accepted> about;
  if (!options.can_share_with().empty()) {
    const auto party = room.directory.Named(options.can_share_with());
    if (!party.ok()) return party.status();
    about = *party;
  }
  RuleSet rules{room.rules.Now()->number, room.rules.Now()->in_force, std::nullopt};
  if (options.has_can_share_under()) {
    absl::StatusOr<policy::Rules> read = changes.Read(options.can_share_under());
    if (!read.ok()) return read.status();
    rules.in_force = *std::move(read);
  }
  return CanShare(room, *std::move(terms), std::make_shared<const RuleSet>(std::move(rules)), std::move(about));
}

absl::StatusOr<std::vector<v1::CanShareReply>> CanShare::Ask(std::vector<PublishItem> items, uint64_t first_index) {
  labels_.Take(items, first_index);
  return Try(std::move(items));
}

absl::StatusOr<std::vector<v1::CanShareReply>> CanShare::AskRest() {
  absl::StatusOr<std::vector<std::vector<PublishItem>>> rest = labels_.Rest();
  if (!rest.ok()) return rest.status();
  std::vector<v1::CanShareReply> answers;
  for (std::vector<PublishItem>& items : *rest) {
    absl::StatusOr<std::vector<v1::CanShareReply>> tried = Try(std::move(items));
    if (!tried.ok()) return tried;
    std::move(tried->begin(), tried->end(), std::back_inserter(answers));
  }
  return answers;
}

absl::StatusOr<std::vector<v1::CanShareReply>> CanShare::Try(std::vector<PublishItem> items) {
  PublicationBatch batch(room_, std::move(items), terms_, 0);
  batch.definitions() = std::move(definitions_);
  batch.Parse();
  absl::Status tried = batch.Try(room_.journal, rules_);
  definitions_ = std::move(batch.definitions());
  if (definitions_.size() > kMaxTrialDefinitions) definitions_.clear();
  if (!tried.ok()) return tried;
  return batch.Answers(about_.get());
}

absl::Status PublicationBatch::Try(const storage::Reader& reader, std::shared_ptr<const RuleSet> rules) {
  rules_ = std::move(rules);
  if (absl::Status status = ClassifyAll(reader); !status.ok()) return status;
  return DeriveAll(reader);
}

std::vector<v1::CanShareReply> PublicationBatch::Answers(const trust::Accepted* about) const {
  static constexpr std::string_view kOutcomes[] = {"published", "published", "unchanged", "quarantined", "rejected"};
  std::vector<v1::CanShareReply> replies;
  for (size_t i = 0; i < given_; ++i) {
    const Candidate& candidate = candidates_[i];
    v1::CanShareReply reply;
    reply.set_index(candidate.index);
    if (candidate.object) {
      reply.set_id(std::string(candidate.object->id()));
      reply.set_type(std::string(candidate.object->type()));
      reply.set_tlp(std::string(model::Name(candidate.label)));
    }
    reply.mutable_warnings()->Add(candidate.warnings.begin(), candidate.warnings.end());
    if (candidate.imputed) reply.set_imputed(SentenceOf(room_, *candidate.imputed));
    reply.set_outcome(std::string(kOutcomes[static_cast<size_t>(candidate.fate)]));
    if (candidate.reason != RejectReason::kNone) reply.set_reason(std::string(Describe(candidate.reason).name));
    reply.set_detail(candidate.detail);
    if (candidate.fate == Fate::kUnchanged) {
      reply.set_detail("known already: a publish would bring it to nobody new; `entente explain` tells who has it");
    }
    if (candidate.of != nullptr && about != nullptr) {
      const policy::Question question =
          OutboundQuestion(room_, candidate.of->constraints, *about, candidate.of->subject);
      *reply.add_decisions() = WithTrace(about->party.name, policy::Evaluate(rules_->in_force, question));
    } else if (candidate.of != nullptr) {
      for (const storage::PartyDecision& decision : candidate.of->decisions)
        *reply.add_decisions() = Told(room_, decision);
    }
    TellRedactions(i, reply);
    replies.push_back(std::move(reply));
  }
  return replies;
}

}  // namespace entente::exchange
