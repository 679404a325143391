#include <algorithm>
#include <map>
#include <memory>

#include "services/entente/commands.h"
#include "services/entente/explain.h"
#include "services/entente/json_writer.h"
#include "services/entente/publish_file.h"
#include "services/entente/release_options.h"
#include "services/entente/rows.h"

namespace entente::cli {
namespace {

constexpr size_t kShownObjects = 20;  // rows of the table; the counts below it are of all

struct CanShareFlags {
  PublishFlags terms;
  std::string file, peer;
};

// What was answered so far; the first objects whole.
struct Answers {
  uint64_t objects = 0, reaching = 0;  // reaching: the peer, or somebody
  std::vector<v1::CanShareReply> first, warnings;  // of those with values on warning lists
  uint64_t warned = 0;                             // how many these are
  std::map<std::string, std::map<std::string, uint64_t>> by_peer;  // how often each decision
};

std::string Word(const v1::CanShareDecision& decision) {
  std::string word = decision.decision() + " " + decision.reason();
  if (!decision.rule().empty()) word += " '" + decision.rule() + "'";
  std::string without;
  for (const std::string& name : decision.removes()) without += (without.empty() ? ", without " : ", ") + name;
  return word + without;
}

std::string AnswerJson(const v1::CanShareReply& reply) {
  JsonWriter json;
  json.BeginObject().Field("id", reply.id()).Field("type", reply.type()).Field("tlp", reply.tlp());
  json.Field("outcome", reply.outcome()).Field("reason", reply.reason()).Field("detail", reply.detail());
  json.Field("index", reply.index()).Field("imputed", reply.imputed());
  json.Key("warnings").BeginArray();
  for (const std::string& list : reply.warnings()) json.Value(list);
  json.EndArray().Key("decisions").BeginArray();
  for (const v1::CanShareDecision& decision : reply.decisions()) {
    json.BeginObject().Field("peer", decision.peer()).Field("decision", decision.decision());
    json.Field("reason", decision.reason()).Field("rule", decision.rule()).Field("remedy", decision.remedy());
    json.Field("withheld_until", Timestamp(decision.withheld_until_us()));
    if (!decision.derived_id().empty()) {
      json.Field("derived_id", decision.derived_id()).Key("removes").BeginArray();
      for (const std::string& name : decision.removes()) json.Value(name);
      json.EndArray();
    }
    json.EndObject();
  }
  return json.EndArray().EndObject().text();
}

std::string FateOf(const v1::CanShareReply& reply) {
  return reply.outcome() + (reply.reason().empty() ? "" : " " + reply.reason());
}

// Whether publishing it now would bring it to that peer.
bool Reaches(const v1::CanShareReply& reply, const v1::CanShareDecision& decision) {
  return reply.outcome() == "published" && decision.decision() == "permit";
}

void Take(const v1::CanShareReply& reply, Answers& into) {
  ++into.objects;
  const auto reaches = [&](const v1::CanShareDecision& decision) { return Reaches(reply, decision); };
  if (std::any_of(reply.decisions().begin(), reply.decisions().end(), reaches)) ++into.reaching;
  if (reply.warnings_size() > 0 && ++into.warned <= kShownObjects) into.warnings.push_back(reply);
  for (const v1::CanShareDecision& decision : reply.decisions()) ++into.by_peer[decision.peer()][Word(decision)];
  if (into.first.size() < kShownObjects) into.first.push_back(reply);
}

// One object and one peer: every check.
void PrintOne(const Terminal& terminal, const std::string& peer, const v1::CanShareReply& reply) {
  const bool asked = reply.decisions_size() > 0;
  const bool reaches = asked && Reaches(reply, reply.decisions(0));
  const bool redacted = asked && reply.decisions(0).decision() == "redact";
  const std::string verdict = redacted  ? terminal.Warn("WOULD BE SHARED REDACTED")
                              : reaches ? terminal.Good("WOULD BE SHARED")
                                        : terminal.Bad("WOULD NOT BE SHARED");
  Print(verdict + " with " + Shown(peer) +
        ": " + Shown(asked && reply.outcome() == "published" ? Word(reply.decisions(0)) : FateOf(reply)));
  Print("  " + Shown(reply.id()) + "  " + PaintedLabel(terminal, reply.tlp()) +
        "  publish would say: " + Shown(FateOf(reply)));
  if (asked) PrintTrace(terminal, reply.decisions(0).trace(), reply.decisions(0).remedy());
  if (!reply.imputed().empty()) Print("  " + Shown(reply.imputed()));
  if (!reply.detail().empty()) Print("  " + Shown(reply.detail()));
  if (reply.warnings_size() > 0) Print("  " + terminal.Warn("warned") + "  " + Listed(reply.warnings()));
  Print("nothing was published or stored");
}

void PrintAnswers(const Terminal& terminal, const Answers& answers) {
  std::vector<std::vector<std::string>> rows = {{"object", "label", "publish", "peer", "decision"}};
  for (const v1::CanShareReply& reply : answers.first) {
    std::vector<std::string> row = {Shown(reply.id()), PaintedLabel(terminal, reply.tlp()), Shown(FateOf(reply))};
    for (const v1::CanShareDecision& decision : reply.decisions()) {
      row.resize(3);
      row.push_back(Shown(decision.peer()));
      row.push_back(Shown(Word(decision)));
      rows.push_back(row);
      row = {"", "", ""};
    }
    if (reply.decisions().empty()) rows.push_back(row);
  }
  Print(Columns(rows, 0));
  if (answers.objects > answers.first.size()) {
    Print("and " + Grouped(answers.objects - answers.first.size()) + " more objects");
  }
  for (const auto& [peer, words] : answers.by_peer) {
    for (const auto& [word, count] : words)
      Print(Shown(peer) + ": " + Shown(word) + ", " + Grouped(count) + " objects");
  }
  if (answers.warned > 0) Print(Grouped(answers.warned) + " objects have values on warning lists:");
  for (const v1::CanShareReply& reply : answers.warnings) {
    Print("  " + terminal.Warn("warned") + "  " + Shown(reply.id()) + "  " + Listed(reply.warnings()));
  }
  Print("nothing was published or stored");
}

Exit Report(const Invocation& invocation, const CanShareFlags& flags, const Answers& answers) {
  if (!invocation.json) {
    if (answers.objects == 1 && !flags.peer.empty()) {
      PrintOne(invocation.terminal, flags.peer, answers.first.front());
    } else {
      PrintAnswers(invocation.terminal, answers);
    }
  }
  return flags.peer.empty() || answers.reaching == answers.objects ? Exit::kOk : Exit::kRefused;
}

Exit RunCanShare(const Invocation& invocation, const CanShareFlags& flags) {
  auto options = TermsFrom(flags.terms);
  if (!options.ok()) return Fail(options.status());
  options->set_can_share_with(flags.peer);
  const auto input = InputFile::Open(flags.file);
  if (!input.ok()) return Fail(input.status(), "name a readable file, or - for stdin");
  const auto client = AdminClient::Connect(invocation.node);
  if (!client.ok()) return Fail(client.status());
  Answers answers;
  absl::Status finished;
  FileReading reading;
  {
    PublishStream stream((*client)->CanShare([&](const v1::CanShareReply& reply) {
      if (invocation.json) Print(AnswerJson(reply));
      Take(reply, answers);
    }),
                         *std::move(options));
    reading = SendFile(**input, stream);
    finished = stream.Finish();
  }
  if (!finished.ok()) return Fail(finished);
  if (!reading.broke_off.ok()) return Fail(reading.broke_off);
  return Report(invocation, flags, answers);
}

}  // namespace

void AddCanShare(Command app, Invocation& invocation) {
  Command command =
      app.AddCommand("can-share", "Who would get the objects of a STIX file if it were published like this");
  const auto flags = std::make_shared<CanShareFlags>();
  command.AddOption("FILE", flags->file, "STIX bundle, array of objects or one object; - for stdin")
      .Required()
      .Kind("FILE");
  command.AddOption("--peer", flags->peer, "Ask about this peer alone, with every check (default: all)").Kind("PEER");
  AddReleaseOptions(command, flags->terms);
  command.OnChosen(
      [&invocation, flags] { invocation.command = [&invocation, flags] { return RunCanShare(invocation, *flags); }; });
}

}  // namespace entente::cli
