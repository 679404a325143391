#include "services/entente/group_report.h"

#include "services/entente/rows.h"

namespace entente::cli {
namespace {

using Names = google::protobuf::RepeatedPtrField<std::string>;

constexpr size_t kShownDigits = 16;

void WriteNames(JsonWriter& json, std::string_view key, const Names& names) {
  json.Key(key).BeginArray();
  for (const std::string& name : names) json.Value(name);
  json.EndArray();
}

std::string Joined(const Names& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : " ") + Shown(name);
  return out.empty() ? "-" : out;
}

std::string EpochOf(const v1::GroupRecord& group) {
  if (group.epoch() == 0) return "none: " + Shown(group.detail());
  return Grouped(group.epoch()) + ", until " + Timestamp(group.epoch_until_us());
}

// All that a signature under it would say yes to.
void AddProposal(const Terminal& terminal, const v1::GroupRecord& group, const v1::GroupProposal& proposal,
                 std::vector<std::vector<std::string>>& rows) {
  rows.push_back({"waits", "version " + Grouped(proposal.version()) + ", " + proposal.hash().substr(0, kShownDigits) +
                               ", signed by " + Joined(proposal.signed_by()) + "; " + Grouped(group.needed()) +
                               " must sign"});
  rows.push_back({"  members", Joined(proposal.members())});
  rows.push_back({"  admins", Joined(proposal.admins()) + " (" + Grouped(proposal.threshold()) + " sign)"});
  rows.push_back({"  issuers", Joined(proposal.issuers()) + "; log " + Shown(proposal.log_keeper())});
  rows.push_back({"  ceiling", PaintedLabel(terminal, proposal.ceiling()) +
                                   (proposal.stays() ? ", stays in the group" : "") +
                                   (proposal.clients() ? ", clients read" : "")});
  if (!proposal.exercise().empty()) rows.push_back({"  exercise", Shown(proposal.exercise())});
}

}  // namespace

void WriteGroup(JsonWriter& json, const v1::GroupRecord& group) {
  json.BeginObject().Field("group_id", group.group_id()).Field("name", group.name()).Field("version", group.version());
  WriteNames(json, "members", group.members());
  json.Field("member_count", group.member_count());
  WriteNames(json, "admins", group.admins());
  json.Field("threshold", uint64_t{group.threshold()});
  WriteNames(json, "issuers", group.issuers());
  json.Field("log_keeper", group.log_keeper()).Field("ceiling", group.ceiling()).Field("stays", group.stays());
  json.Field("clients", group.clients())
      .Field("exercise", group.exercise())
      .Field("expires", Timestamp(group.expires_us()));
  WriteNames(json, "left", group.left());
  json.Field("epoch", group.epoch())
      .Field("epoch_until", Timestamp(group.epoch_until_us()))
      .Field("detail", group.detail());
  json.Field("needed", uint64_t{group.needed()}).Key("proposals").BeginArray();
  for (const v1::GroupProposal& proposal : group.proposals()) {
    json.BeginObject().Field("version", proposal.version());
    json.Field("hash", proposal.hash());
    WriteNames(json, "signed_by", proposal.signed_by());
    WriteNames(json, "members", proposal.members());
    WriteNames(json, "admins", proposal.admins());
    json.Field("threshold", uint64_t{proposal.threshold()});
    WriteNames(json, "issuers", proposal.issuers());
    json.Field("log_keeper", proposal.log_keeper())
        .Field("ceiling", proposal.ceiling())
        .Field("stays", proposal.stays());
    json.Field("clients", proposal.clients()).Field("exercise", proposal.exercise()).EndObject();
  }
  json.EndArray().EndObject();
}

void PrintGroup(const Terminal& terminal, const v1::GroupRecord& group) {
  Print(terminal.Bold(Shown(group.name())) + "  " + Shown(group.group_id()));
  std::vector<std::vector<std::string>> rows;
  if (group.version() > 0) {
    rows = {{"version", Grouped(group.version()) + ", until " + Timestamp(group.expires_us())},
            {"members", Joined(group.members())},
            {"admins", Joined(group.admins()) + " (" + Grouped(group.threshold()) + " sign)"},
            {"issuers", Joined(group.issuers())},
            {"log", Shown(group.log_keeper())},
            {"ceiling", PaintedLabel(terminal, group.ceiling()) + (group.stays() ? ", stays in the group" : "")},
            {"epoch", EpochOf(group)}};
    if (!group.left().empty()) rows.push_back({"left", Joined(group.left())});
    if (!group.exercise().empty()) rows.push_back({"exercise", Shown(group.exercise())});
  }
  for (const v1::GroupProposal& proposal : group.proposals()) AddProposal(terminal, group, proposal, rows);
  Print(Columns(rows));
}

}  // namespace entente::cli
