#include "services/entente/verify_contents.h"

#include <algorithm>
#include <cctype>
#include <set>
#include <string>

#include "crypto/encoding.h"
#include "model/marking.h"
#include "policy/constraints.h"

namespace entente::cli {
namespace {

// "legal hold" of RECEIPT_KIND_LEGAL_HOLD.
std::string WordOf(const std::string& name, size_t prefix) {
  std::string word = name.size() > prefix ? name.substr(prefix) : "unknown";
  std::transform(word.begin(), word.end(), word.begin(),
                 [](unsigned char c) { return c == '_' ? ' ' : static_cast<char>(std::tolower(c)); });
  return word;
}

std::string Counted(size_t n, std::string_view what) {
  return Grouped(n) + " " + std::string(what) + (n == 1 ? "" : "s");
}

std::string LaneOf(const std::string& exercise) {
  return exercise.empty() ? "" : ", exercise " + Shown(exercise);
}

void AddMore(size_t all, const char* what, Report& report) {
  if (all > kMaxNoticeRows) report.Add(std::string(what) + "s", kHolds, Grouped(all - kMaxNoticeRows) + " more");
}

void AddRecalls(const std::vector<envelope::Recall>& recalls, const Cards& cards, Report& report) {
  for (size_t i = 0; i < std::min(recalls.size(), kMaxNoticeRows); ++i) {
    const envelope::Recall& recall = recalls[i];
    report.Add("recall " + std::to_string(i + 1), kHolds,
               crypto::ToHex(recall.id.view()) + " of statements of " + cards.NameOf(recall.origin) + ": " +
                   WordOf(v1::RecallAction_Name(recall.action), sizeof("RECALL_ACTION")) + ", " +
                   WordOf(v1::RecallReason_Name(recall.reason), sizeof("RECALL_REASON")) + ", " +
                   Counted(recall.targets.size(), "target") + ", signed by " + cards.Listed(recall.signers) + ", " +
                   UtcOf(recall.time) + LaneOf(recall.exercise_id));
  }
  AddMore(recalls.size(), "recall", report);
  if (!recalls.empty()) {
    report.Add("authority over targets", kNotChecked,
               "the statements that are recalled are not here; a node that has them asks who may recall each");
  }
}

void AddReceipts(const std::vector<envelope::Receipt>& receipts, const Cards& cards, Report& report) {
  for (size_t i = 0; i < std::min(receipts.size(), kMaxNoticeRows); ++i) {
    const envelope::Receipt& receipt = receipts[i];
    report.Add("receipt " + std::to_string(i + 1), kHolds,
               crypto::ToHex(receipt.id.view()) + " by " + cards.NameOf(receipt.org) + ": " +
                   WordOf(v1::ReceiptKind_Name(receipt.kind), sizeof("RECEIPT_KIND")) + ", " +
                   Counted(receipt.subjects.size(), "subject") + ", " + UtcOf(receipt.time) + LaneOf(receipt.exercise_id));
  }
  AddMore(receipts.size(), "receipt", report);
  if (!receipts.empty()) {
    report.Add("subjects of receipts", kNotChecked, "a node's journal knows what it sent and recalled");
  }
}

void AddNotices(const envelope::VerifiedEnvelope& verified, const Cards& cards, Report& report) {
  report.Add("notices", kHolds,
             Counted(verified.recalls.size(), "recall") + ", " + Counted(verified.receipts.size(), "receipt"));
  AddRecalls(verified.recalls, cards, report);
  AddReceipts(verified.receipts, cards, report);
  std::set<std::string> lanes;
  for (const auto& recall : verified.recalls) lanes.insert(recall.exercise_id);
  for (const auto& receipt : verified.receipts) lanes.insert(receipt.exercise_id);
  if (lanes.size() == 1) report.exercise = *lanes.begin();
  if (lanes.size() > 1) report.Add("lanes", kHolds, "operations and exercises are mixed; what names no exercise is real");
}

std::string Cosigned(const envelope::VerifiedEnvelope& verified, const Cards& cards) {
  const auto& joint = verified.batch->joint();
  if (!joint) return "none were asked for";
  return Grouped(joint->threshold) + " of " + Grouped(joint->organisations.size()) +
         " must vouch; whose word counts: " + cards.Listed(verified.cosigners);
}

}  // namespace

void AddHops(const std::vector<envelope::Hop>& hops, const Cards& cards, Report& report) {
  report.Add("forward chain", kHolds, Counted(hops.size(), "hop") + ", each made by whom the one before reached");
  for (size_t i = 0; i < hops.size(); ++i) {
    report.Add("hop " + std::to_string(i + 1), kHolds,
               cards.NameOf(hops[i].forwarder) + " to " + AudienceOf(hops[i].audience, hops[i].group, cards) +
                   " as TLP:" + std::string(model::Name(hops[i].label)));
  }
}

std::string AudienceOf(const std::vector<OrgId>& audience, const std::optional<trust::MembershipRef>& group,
                       const Cards& cards) {
  if (!group) return cards.Listed(audience);
  return "the members of version " + Grouped(group->version) + " of group " +
         crypto::ToHex(group->group.view()).substr(0, 16) + ": " + cards.Listed(audience);
}

void AddContents(const envelope::VerifiedEnvelope& verified, const Cards& cards, absl::Time at, Report& report) {
  if (!verified.batch) return AddNotices(verified, cards, report);
  const envelope::Batch& batch = *verified.batch;
  model::Label label = policy::EffectiveLabel(batch.constraints(), at);
  if (!verified.hops.empty()) label = std::max(label, verified.hops.back().label);
  report.tlp = std::string(model::Name(label));
  report.exercise = batch.constraints().exercise_id;
  report.Add("statements", kHolds,
             Grouped(batch.statements().size()) + " by " + cards.NameOf(batch.origin()) + ", for " +
                 AudienceOf(batch.audience(), batch.group(), cards));
  report.Add("co-signatures", kHolds, Cosigned(verified, cards));
  if (verified.hops.empty()) {
    report.Add("forward chain", kHolds, "none: sealed by their origin or for its own recipients");
  } else {
    AddHops(verified.hops, cards, report);
  }
}

}  // namespace entente::cli
