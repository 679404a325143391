#include <algorithm>
#include <memory>

#include "services/entente/client.h"
#include "services/entente/commands.h"
#include "services/entente/json_writer.h"
#include "services/entente/rows.h"

namespace entente::cli {
namespace {

constexpr uint32_t kListed = 100;

struct DeskFlags {
  v1::DeskRequest request;
  std::string id, reason, origin, type, label, note;
  uint32_t limit = 0;
  bool all = false, raw = false;
};
using Flags = std::shared_ptr<DeskFlags>;

void WriteHeld(JsonWriter& json, const v1::HeldRow& row) {
  json.BeginObject().Field("id", row.id()).Field("type", row.type()).Field("version", row.version());
  json.Field("reason", row.reason()).Field("detail", row.detail()).Field("origin", row.origin());
  json.Field("tlp", row.tlp()).Field("held", Timestamp(row.held_us())).Field("journal_seq", row.journal_seq());
  json.Field("by", row.by());
  if (!row.outcome().empty()) json.Field("outcome", row.outcome()).Field("why", row.why());
  if (!row.content().empty()) json.Field("content", row.content());
  json.EndObject();
}

// Rows, in the daemon's order; of one object the content in one piece.
struct Answer {
  std::vector<v1::HeldRow> rows;
  uint64_t matching = 0, done = 0;
};

absl::StatusOr<Answer> Ask(const Invocation& invocation, DeskFlags& flags) {
  v1::HeldFilter& filter = *flags.request.mutable_filter();
  filter.set_id(flags.id);
  filter.set_reason(flags.reason);
  filter.set_origin(flags.origin);
  filter.set_type(flags.type);
  flags.request.set_limit(flags.limit);
  const auto client = AdminClient::Connect(invocation.node);
  if (!client.ok()) return client.status();
  Answer answer;
  const absl::Status asked = (*client)->Desk(flags.request, [&](const v1::DeskReply& reply) {
    for (const v1::HeldRow& row : reply.rows()) {
      const bool more = !answer.rows.empty() && answer.rows.back().journal_seq() == row.journal_seq();
      if (more) answer.rows.back().mutable_content()->append(row.content());
      if (!more) answer.rows.push_back(row);
    }
    if (reply.last()) answer.matching = reply.matching();
    if (reply.last()) answer.done = reply.done();
    return true;
  });
  if (!asked.ok()) return asked;
  return answer;
}

std::string AnswerJson(const Answer& answer) {
  JsonWriter json;
  json.BeginObject().Field("matching", answer.matching).Field("done", answer.done).Key("rows").BeginArray();
  for (const v1::HeldRow& row : answer.rows) WriteHeld(json, row);
  return json.EndArray().EndObject().text();
}

Exit RunList(const Invocation& invocation, DeskFlags& flags) {
  flags.request.set_list(true);
  if (flags.limit == 0) flags.limit = kListed;
  const auto answer = Ask(invocation, flags);
  if (!answer.ok()) return Fail(answer.status());
  if (invocation.json) {
    Print(AnswerJson(*answer));
    return Exit::kOk;
  }
  if (answer->rows.empty()) {
    Print("nothing is in quarantine");
    return Exit::kOk;
  }
  std::vector<std::vector<std::string>> rows = {{"held", "reason", "from", "label", "type", "object"}};
  for (const v1::HeldRow& row : answer->rows) {
    rows.push_back({Timestamp(row.held_us()), Shown(row.reason()), Shown(row.origin()),
                    PaintedLabel(invocation.terminal, row.tlp()), Shown(row.type()), Shown(row.id())});
  }
  Print(Columns(rows, 0));
  if (answer->matching > answer->rows.size()) {
    Print("and " + Grouped(answer->matching - answer->rows.size()) + " more; give --limit, or narrow");
  }
  Next(invocation.terminal, "entente quarantine show ID");
  return Exit::kOk;
}

Exit RunShow(const Invocation& invocation, DeskFlags& flags) {
  flags.request.set_show(true);
  const auto answer = Ask(invocation, flags);
  if (!answer.ok()) return Fail(answer.status());
  if (answer->rows.empty()) return Fail(RejectReason::kNotFound, "it is not in quarantine");
  const v1::HeldRow& row = answer->rows.front();
  if (flags.raw) return PrintBytes(row.content()) ? Exit::kOk : Exit::kFailed;
  if (invocation.json) {
    Print(AnswerJson(*answer));
    return Exit::kOk;
  }
  Print(invocation.terminal.Warn("QUARANTINED") + ": " + Shown(row.reason()));
  Print(Columns({{"object", Shown(row.id()), Shown(row.version())},
                 {"from", Shown(row.origin()), Timestamp(row.held_us())},
                 {"by", Shown(row.by()), ""},
                 {"label", PaintedLabel(invocation.terminal, row.tlp()), ""},
                 {"why", Shown(row.detail()), ""}}));
  PrintLines(row.content());
  Next(invocation.terminal, "entente quarantine release ID; entente quarantine reject ID --because WHY");
  return Exit::kOk;
}

Exit RunAct(const Invocation& invocation, DeskFlags& flags) {
  const bool filtered = !flags.reason.empty() || !flags.origin.empty() || !flags.type.empty();
  if (flags.id.empty() && !filtered && !flags.all) {
    return Fail(RejectReason::kUsage, "name an object, or say which with --reason, --from or --type, or give --all");
  }
  const auto answer = Ask(invocation, flags);
  if (!answer.ok()) return Fail(answer.status());
  const bool all = answer->done == answer->matching;
  if (invocation.json) {
    Print(AnswerJson(*answer));
    return all ? Exit::kOk : Exit::kPartly;
  }
  for (const v1::HeldRow& row : answer->rows) {
    if (row.outcome() == "kept") {
      Print(invocation.terminal.Warn("kept") + " " + Shown(row.id()) + ": " + Shown(row.why()));
    }
  }
  Print(Grouped(answer->done) + " of " + Grouped(answer->matching) + " settled");
  return all ? Exit::kOk : Exit::kPartly;
}

using Run = Exit (*)(const Invocation&, DeskFlags&);

Flags AddOne(Command command, Invocation& invocation, Run run, std::function<void(DeskFlags&)> act = {}) {
  const auto flags = std::make_shared<DeskFlags>();
  command.OnChosen([&invocation, flags, run, act = std::move(act)] {
    invocation.command = [&invocation, flags, run, act] {
      if (act) act(*flags);
      return run(invocation, *flags);
    };
  });
  return flags;
}

void AddFilter(Command command, const Flags& flags) {
  command.AddOption("--reason", flags->reason, "Held for this reason, by its name").Kind("REASON");
  command.AddOption("--from", flags->origin, "Signed or published by this party").Kind("PEER");
  command.AddOption("--type", flags->type, "Objects of this STIX type");
}

void AddTouched(Command command, const Flags& flags) {
  command.AddOption("ID", flags->id, "STIX id of the object");
  AddFilter(command, flags);
  command.AddFlag("--all", flags->all, "Everything in quarantine");
  command.AddOption("--limit", flags->limit, "Touch nothing when more than this fits (default: 1)").Kind("N");
}

}  // namespace

void AddQuarantine(Command app, Invocation& invocation) {
  Command family = app.AddCommand("quarantine", "What is held back from everybody, until somebody decides");
  Command list = family.AddCommand("list", "What is in quarantine, the newest first");
  const Flags listed = AddOne(list, invocation, RunList);
  AddFilter(list, listed);
  list.AddOption("--limit", listed->limit, "How many (default: 100, at most 1000)").Kind("N");
  Command show = family.AddCommand("show", "One object, why it is held, and its content");
  const Flags shown = AddOne(show, invocation, RunShow);
  show.AddOption("ID", shown->id, "STIX id of the object").Required();
  show.AddFlag("--raw", shown->raw, "The content alone, byte for byte");
  Command label = family.AddCommand("label", "Publish it with a label, as it was published before");
  const Flags labelled =
      AddOne(label, invocation, RunAct, [](DeskFlags& flags) { flags.request.set_label(flags.label); });
  AddTouched(label, labelled);
  label.AddOption("--tlp", labelled->label, "CLEAR, GREEN, AMBER, AMBER+STRICT or RED").Required().Kind("LABEL");
  Command release = family.AddCommand("release", "Decide again; a local rule that holds it does not count");
  AddTouched(release, AddOne(release, invocation, RunAct, [](DeskFlags& flags) { flags.request.set_release(true); }));
  Command reject = family.AddCommand("reject", "Put it away: nobody gets it, and it waits for nobody");
  const Flags rejected =
      AddOne(reject, invocation, RunAct, [](DeskFlags& flags) { flags.request.set_reject(flags.note); });
  AddTouched(reject, rejected);
  reject.AddOption("--because", rejected->note, "Why, for the record").Required();
}

}  // namespace entente::cli
