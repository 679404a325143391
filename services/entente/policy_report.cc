#include "services/entente/policy_report.h"

#include <algorithm>
#include <cstdio>

#include "services/entente/rows.h"

namespace entente::cli {
namespace {

constexpr size_t kShownDigest = 16, kBarWidth = 30;

void WriteRules(JsonWriter& json, const v1::RulesRecord& rules) {
  json.BeginObject().Field("number", rules.number()).Field("file", rules.file()).Field("rules", rules.rules());
  json.Field("since", Timestamp(rules.since_us())).Field("by", rules.by()).Field("digest", rules.digest());
  json.Field("back_to", rules.back_to()).Field("accepted", rules.accepted());
  if (!rules.text().empty()) json.Field("text", rules.text());
  json.EndObject();
}

void WriteDifference(JsonWriter& json, const v1::PolicyDifference& difference) {
  json.BeginObject().Field("objects", difference.objects()).Field("classes", difference.classes());
  json.Field("flows_above_green", difference.flows_above_green()).Key("parties").BeginArray();
  for (const v1::PartyDifference& party : difference.parties()) {
    json.BeginObject().Field("name", party.name()).Field("here", party.here()).Field("flows", party.flows());
    json.Field("strictest_flowing", party.strictest_flowing()).Field("stops", party.stops());
    json.Field("strictest_stopping", party.strictest_stopping());
    json.Field("flows_above_green", party.flows_above_green()).Key("flowing").BeginArray();
    for (const std::string& id : party.flowing()) json.Value(id);
    json.EndArray().Key("stopping").BeginArray();
    for (const std::string& id : party.stopping()) json.Value(id);
    json.EndArray().EndObject();
  }
  json.EndArray().EndObject();
}

std::string Named(const v1::RulesRecord& rules) {
  if (rules.number() == 0 && rules.file().empty()) return "none";
  return Grouped(rules.rules()) + " rules" + (rules.file().empty() ? "" : " from " + Shown(rules.file()));
}

std::string Label(const Terminal& terminal, const std::string& tlp) {
  return tlp.empty() ? "-" : PaintedLabel(terminal, tlp);
}

}  // namespace

std::string PolicyJson(const v1::PolicyReply& reply) {
  JsonWriter json;
  json.BeginObject().Key("in_force");
  WriteRules(json, reply.in_force());
  json.Key("shadow");
  if (reply.has_shadow()) {
    WriteRules(json, reply.shadow());
  } else {
    json.Null();
  }
  json.Key("earlier").BeginArray();
  for (const v1::RulesRecord& rules : reply.earlier()) WriteRules(json, rules);
  json.EndArray();
  if (reply.has_difference()) {
    json.Key("difference");
    WriteDifference(json, reply.difference());
  }
  return json.EndObject().text();
}

void PrintRules(const Terminal& terminal, const v1::PolicyReply& reply) {
  const v1::RulesRecord& now = reply.in_force();
  std::vector<std::vector<std::string>> rows;
  rows.push_back({"in force", terminal.Bold(Named(now)), "number " + std::to_string(now.number()),
                  now.number() == 0 ? "" : "since " + Timestamp(now.since_us()), now.digest().substr(0, kShownDigest),
                  Shown(now.by())});
  if (reply.has_shadow()) {
    rows.push_back({"shadow", Named(reply.shadow()), "", "since " + Timestamp(reply.shadow().since_us()),
                    reply.shadow().digest().substr(0, kShownDigest), Shown(reply.shadow().by())});
  }
  for (const v1::RulesRecord& rules : reply.earlier()) {
    rows.push_back({"earlier", Named(rules), "number " + std::to_string(rules.number()),
                    "since " + Timestamp(rules.since_us()), rules.digest().substr(0, kShownDigest), Shown(rules.by())});
  }
  Print(Columns(rows, 0));
}

void PrintDifference(const Terminal& terminal, const v1::PolicyDifference& difference) {
  if (difference.parties().empty()) {
    Print("nothing would change: " + Grouped(difference.objects()) + " stored objects asked about");
    return;
  }
  std::vector<std::vector<std::string>> rows = {{"party", "newly flows", "strictest", "newly stops", "strictest"}};
  for (const v1::PartyDifference& party : difference.parties()) {
    rows.push_back({Shown(party.name()) + (party.here() ? " (here)" : ""), Grouped(party.flows()),
                    Label(terminal, party.strictest_flowing()), Grouped(party.stops()),
                    Label(terminal, party.strictest_stopping())});
  }
  Print(Columns(rows, 0));
  for (const v1::PartyDifference& party : difference.parties()) {
    for (const std::string& id : party.flowing()) Print(Shown(party.name()) + " would get " + Shown(id));
    for (const std::string& id : party.stopping()) Print(Shown(party.name()) + " would not get " + Shown(id));
  }
  Print(Grouped(difference.objects()) +
        " stored objects asked about; above GREEN newly flow: " + Grouped(difference.flows_above_green()));
}

ComparisonMeter::~ComparisonMeter() {
  if (on_line_) std::fputs("\r\033[K", stderr);
}

void ComparisonMeter::Show(uint64_t done, uint64_t about) {
  const auto now = Steady::now();
  if (now < next_) return;
  next_ = now + (terminal_.err_tty ? std::chrono::milliseconds(200) : std::chrono::milliseconds(5000));
  const uint64_t all = std::max<uint64_t>({about, done, 1});
  const std::string count = Grouped(done) + " of about " + Grouped(all) + " objects asked about";
  if (!terminal_.err_tty) {
    Say("comparing: " + count);
    return;
  }
  const size_t filled = static_cast<size_t>(kBarWidth * done / all);
  std::fprintf(stderr, "\r\033[K[%s%s] %s", std::string(filled, '#').c_str(),
               std::string(kBarWidth - filled, '.').c_str(), count.c_str());
  std::fflush(stderr);
  on_line_ = true;
}

}  // namespace entente::cli
