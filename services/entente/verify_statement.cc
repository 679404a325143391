#include "services/entente/verify_statement.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "crypto/encoding.h"
#include "envelope/proof.h"
#include "policy/constraints.h"
#include "services/entente/verify_contents.h"
#include "trust/armour.h"

namespace entente::cli {
namespace {

using envelope::ProofCheck;

const std::vector<std::pair<ProofCheck, std::string>>& Checks() {
  static const std::vector<std::pair<ProofCheck, std::string>> checks = {
      {ProofCheck::kBatch, "signature"}, {ProofCheck::kStatement, "statement"},
      {ProofCheck::kTimes, "times"},     {ProofCheck::kCosignatures, "co-signatures"},
      {ProofCheck::kGroup, "group"},     {ProofCheck::kForwards, "forward chain"},
      {ProofCheck::kContent, "content"}};
  return checks;
}

// What binds who reads it at `at`: an embargo makes it stricter, and so may whoever passed it on.
model::Label LabelAt(const envelope::ProvenStatement& proven, absl::Time at) {
  const model::Label own = policy::EffectiveLabel(proven.constraints, at);
  return proven.hops.empty() ? own : std::max(own, proven.hops.back().label);
}

void AddHeld(const Cards& cards, const envelope::ProvenStatement& proven, const v1::StatementProof& proof,
             absl::Time at, Report& report) {
  report.id = crypto::ToHex(proven.id.view());
  report.tlp = std::string(model::Name(LabelAt(proven, at)));
  report.exercise = proven.constraints.exercise_id;
  const auto holds = [&](ProofCheck check, std::string detail, const char* result = kHolds) {
    report.Add(Checks()[static_cast<size_t>(check)].second, result, std::move(detail));
  };
  holds(ProofCheck::kBatch, cards.NameOf(proven.origin));
  holds(ProofCheck::kStatement, "for " + AudienceOf(proven.audience, proven.group, cards));
  holds(ProofCheck::kTimes, "made " + UtcOf(proven.created) + ", ends " + UtcOf(proven.expires));
  holds(ProofCheck::kCosignatures, proven.cosigners.empty() ? "none were asked for" : cards.Listed(proven.cosigners));
  if (proven.group) {
    holds(ProofCheck::kGroup,
          "its version counts, and who signed is a member of it and of the group as the files have it");
  }
  if (proven.hops.empty()) {
    holds(ProofCheck::kForwards, "the file has none, which does not show that nobody passed it on", kNotChecked);
  } else {
    AddHops(proven.hops, cards, report);
  }
  if (proven.content_shown) {
    holds(ProofCheck::kContent, Grouped(proof.statement().content().size()) + " bytes, those that were signed");
  } else {
    holds(ProofCheck::kContent, "the file has none: what the statement is about is not shown", kNotChecked);
  }
}

// The checks before the one that refused hold; those behind it were not reached. It did not fail where `missing` says
// what it lacked.
void AddRefused(ProofCheck failed, const std::optional<std::string>& missing, Report& report) {
  for (const auto& [check, name] : Checks()) {
    if (check == ProofCheck::kGroup && check != failed) continue;  // most statements are for organisations by name
    if (check < failed) report.Add(name, kHolds, "");
    if (check == failed && missing) report.Add(name, kNotChecked, *missing);
    if (check == failed && !missing) {
      report.Add(name, kFails, std::string(Describe(ReasonOf(report.status)).name));
    }
    if (check > failed)
      report.Add(name, kNotChecked, missing ? "an earlier check was not made" : "an earlier check fails");
  }
  if (missing) report.status = absl::OkStatus();
}

}  // namespace

Report CheckStatement(const std::string& text, const Cards& cards, GivenGroups& groups, absl::Time at) {
  Report report{"statement", "", "", "", {}, absl::OkStatus()};
  const auto bytes = trust::Unarmour(trust::kStatementArmour, text);
  const auto proof = bytes.ok() ? envelope::ReadProof(*bytes) : absl::StatusOr<v1::StatementProof>(bytes.status());
  if (!proof.ok()) return report.AddFailed("form", proof.status()), report;
  groups.BeginCheck();
  ProofCheck failed = ProofCheck::kBatch;
  const auto proven = envelope::CheckProof(*proof, cards, at, nullptr, &groups, &failed);
  report.status = proven.status();
  if (proven.ok()) {
    AddHeld(cards, *proven, *proof, at, report);
  } else {
    AddRefused(failed, groups.WhatIsMissing(proven.status()), report);
  }
  report.Add("seal", kNotChecked, "the file is no envelope");
  report.Add("reader", kNotChecked, "nobody says for which organisation this is read");
  report.Add("revocation", kNotChecked, "newer documents of who signed are not known here");
  report.Add("stream, replay, recall", kNotChecked, "a node's journal knows them");
  return report;
}

}  // namespace entente::cli
