#include <algorithm>
#include <memory>

#include "services/entente/client.h"
#include "services/entente/commands.h"
#include "services/entente/json_writer.h"
#include "services/entente/rows.h"

namespace entente::cli {
namespace {

struct DraftFlags {
  v1::DraftsRequest request;
  uint64_t number = 0;
  uint32_t limit = 0;
  std::string note;
};

struct Answer {
  std::vector<v1::DraftRow> rows;
  std::vector<std::string> contents;
  v1::DraftsReply last;
};

absl::StatusOr<Answer> Ask(const Invocation& invocation, const v1::DraftsRequest& request) {
  const auto client = AdminClient::Connect(invocation.node);
  if (!client.ok()) return client.status();
  Answer answer;
  bool open = false;  // a content that goes on
  const absl::Status asked = (*client)->Drafts(request, [&](const v1::DraftsReply& reply) {
    if (reply.has_row()) answer.rows.push_back(reply.row());
    if (!reply.content().empty()) {
      if (!open) answer.contents.emplace_back();
      answer.contents.back() += reply.content();
      open = reply.continues();
    }
    answer.last = reply;
    return true;
  });
  if (!asked.ok()) return asked;
  return answer;
}

template <typename Counts>
void WriteCounts(JsonWriter& json, std::string_view key, const Counts& counts) {
  json.Key(key).BeginObject();
  for (const auto& [peer, count] : std::map<std::string, uint64_t>(counts.begin(), counts.end())) json.Field(peer, count);
  json.EndObject();
}

void WriteDraft(JsonWriter& json, const v1::DraftRow& row) {
  json.Field("number", row.number()).Field("state", row.state()).Field("by", row.by());
  json.Field("made", Timestamp(row.made_us())).Field("expires", Timestamp(row.expires_us()));
  json.Field("objects", row.objects()).Field("bytes", row.bytes()).Field("tlp", row.tlp()).Field("note", row.note());
  json.Field("needs_second_officer", row.needs_second_officer()).Key("steps").BeginArray();
  for (const v1::DraftWord& word : row.words()) {
    json.BeginObject().Field("step", word.step()).Field("by", word.by()).Field("at", Timestamp(word.at_us()));
    json.Field("note", word.note()).EndObject();
  }
  json.EndArray();
}

Exit RunList(const Invocation& invocation, DraftFlags& flags) {
  flags.request.set_list(flags.limit);
  const auto answer = Ask(invocation, flags.request);
  if (!answer.ok()) return Fail(answer.status());
  if (invocation.json) {
    JsonWriter json;
    json.BeginObject().Key("drafts").BeginArray();
    for (const v1::DraftRow& row : answer->rows) {
      json.BeginObject();
      WriteDraft(json, row);
      json.EndObject();
    }
    Print(json.EndArray().EndObject().text());
    return Exit::kOk;
  }
  if (answer->rows.empty()) {
    Print("there are no drafts");
    return Exit::kOk;
  }
  std::vector<std::vector<std::string>> rows = {{"draft", "state", "label", "objects", "made", "by"}};
  for (const v1::DraftRow& row : answer->rows) {
    rows.push_back({std::to_string(row.number()), Shown(row.state()), PaintedLabel(invocation.terminal, row.tlp()),
                    Grouped(row.objects()), Timestamp(row.made_us()), Shown(row.by())});
  }
  Print(Columns(rows, 0));
  Next(invocation.terminal, "entente draft show N");
  return Exit::kOk;
}

Exit RunShow(const Invocation& invocation, DraftFlags& flags) {
  flags.request.set_show(flags.number);
  const auto answer = Ask(invocation, flags.request);
  if (!answer.ok()) return Fail(answer.status());
  if (answer->rows.empty()) return Fail(RejectReason::kNotFound, "there is no such draft");
  const v1::DraftRow& row = answer->rows.front();
  if (invocation.json) {
    JsonWriter json;
    json.BeginObject();
    WriteDraft(json, row);
    json.Key("terms").BeginArray();
    for (const std::string& term : row.terms()) json.Value(term);
    json.EndArray().Key("contents").BeginArray();
    for (const std::string& content : answer->contents) json.Value(content);
    Print(json.EndArray().EndObject().text());
    return Exit::kOk;
  }
  Print("draft " + std::to_string(row.number()) + ": " + Shown(row.state()) +
        (row.needs_second_officer() ? ", wants a second officer" : ""));
  std::vector<std::vector<std::string>> rows = {{"made", Timestamp(row.made_us()), Shown(row.by()), Shown(row.note())}};
  for (const v1::DraftWord& word : row.words()) {
    rows.push_back({Shown(word.step()), Timestamp(word.at_us()), Shown(word.by()), Shown(word.note())});
  }
  Print(Columns(rows));
  Print("  " + PaintedLabel(invocation.terminal, row.tlp()) + ", expires " + Timestamp(row.expires_us()));
  for (const std::string& term : row.terms()) Print("  " + Shown(term));
  if (row.terms().empty()) Print("  for everybody whom the labels and the rules permit");
  for (const std::string& content : answer->contents) PrintLines(content);
  Next(invocation.terminal,
       "entente draft review N --note WORDS; entente draft publish N; entente draft drop N --because WHY");
  return Exit::kOk;
}

Exit RunAct(const Invocation& invocation, DraftFlags& flags) {
  const bool publishes = flags.request.act_case() == v1::DraftsRequest::kPublish;
  const auto answer = Ask(invocation, flags.request);
  if (!answer.ok()) return Fail(answer.status());
  if (invocation.json) {
    JsonWriter json;
    json.BeginObject().Field("draft", flags.number);
    if (publishes) {
      json.Field("published", answer->last.published()).Field("unchanged", answer->last.unchanged());
      WriteCounts(json, "permitted", answer->last.permitted());
      WriteCounts(json, "withheld", answer->last.withheld());
      if (!answer->last.redacted().empty()) WriteCounts(json, "redacted", answer->last.redacted());
    }
    Print(json.EndObject().text());
    return Exit::kOk;
  }
  const std::string number = std::to_string(flags.number);
  if (publishes) {
    Print("draft " + number + " is published: " + Grouped(answer->last.published()) + " objects, " +
          Grouped(answer->last.unchanged()) + " known already");
    for (const auto& [peer, count] : answer->last.redacted()) {
      Print("  " + Shown(peer) + " gets " + Grouped(count) + " of them redacted; entente explain ID --peer P says how");
    }
  } else {
    Print("draft " + number +
          (flags.request.act_case() == v1::DraftsRequest::kReview ? " is reviewed" : " is dropped"));
  }
  return Exit::kOk;
}

using Flags = std::shared_ptr<DraftFlags>;
using Run = Exit (*)(const Invocation&, DraftFlags&);

Flags AddOne(Command command, Invocation& invocation, Run run, std::function<void(DraftFlags&)> act = {}) {
  const auto flags = std::make_shared<DraftFlags>();
  command.OnChosen([&invocation, flags, run, act = std::move(act)] {
    invocation.command = [&invocation, flags, run, act] {
      if (act) act(*flags);
      return run(invocation, *flags);
    };
  });
  return flags;
}

void Set(v1::DraftAct& act, const DraftFlags& flags) {
  act.set_number(flags.number);
  act.set_note(flags.note);
}

Flags AddNumbered(Command command, Invocation& invocation, Run run, std::function<void(DraftFlags&)> act = {}) {
  const Flags flags = AddOne(command, invocation, run, std::move(act));
  command.AddOption("N", flags->number, "Number of the draft").Required().Kind("N");
  return flags;
}

Exit RunOpened(const Invocation& invocation, uint32_t last) {
  const auto client = AdminClient::Connect(invocation.node);
  if (!client.ok()) return Fail(client.status());
  v1::OpenedRequest request;
  request.set_last(last);
  std::vector<std::vector<std::string>> rows = {{"opened", "by", "with", "label", "object"}};
  const absl::Status asked = (*client)->Opened(request, [&](const v1::OpenedRow& row) {
    if (invocation.json) {
      JsonWriter json;
      json.BeginObject().Field("at", Timestamp(row.at_us())).Field("by", row.by()).Field("how", row.how());
      Print(json.Field("id", row.id()).Field("version", row.version()).Field("tlp", row.tlp()).EndObject().text());
    }
    rows.push_back({Timestamp(row.at_us()), Shown(row.by()), Shown(row.how()),
                    PaintedLabel(invocation.terminal, row.tlp()), Shown(row.id())});
    return true;
  });
  if (!asked.ok()) return Fail(asked);
  if (!invocation.json) Print(rows.size() == 1 ? "nothing was opened that is recorded" : Columns(rows, 0));
  return Exit::kOk;
}

}  // namespace

void AddDraft(Command app, Invocation& invocation) {
  Command family = app.AddCommand("draft", "What waits to be published by somebody; `publish --draft` makes one");
  Command list = family.AddCommand("list", "Drafts, the newest first");
  const Flags listed = AddOne(list, invocation, RunList);
  list.AddOption("--limit", listed->limit, "How many (default: 100, at most 1000)").Kind("N");
  AddNumbered(family.AddCommand("show", "One draft, who did what with it, and its objects"), invocation, RunShow);
  Command review = family.AddCommand("review", "Say on record that you looked at it; its author cannot");
  const Flags reviewed =
      AddNumbered(review, invocation, RunAct, [](DraftFlags& flags) { Set(*flags.request.mutable_review(), flags); });
  review.AddOption("--note", reviewed->note, "What you say about it, for the record");
  AddNumbered(family.AddCommand("publish", "Decide about it by the rules of now, sign it and share it"), invocation,
              RunAct, [](DraftFlags& flags) { Set(*flags.request.mutable_publish(), flags); });
  Command drop = family.AddCommand("drop", "Put it away: it is published by nobody");
  const Flags dropped =
      AddNumbered(drop, invocation, RunAct, [](DraftFlags& flags) { Set(*flags.request.mutable_drop(), flags); });
  drop.AddOption("--because", dropped->note, "Why, for the record").Required();
}

void AddOpened(Command app, Invocation& invocation) {
  Command command = app.AddCommand("opened", "Who opened what is RED or AMBER+STRICT, the newest first");
  const auto last = std::make_shared<uint32_t>(0);
  command.AddOption("--last", *last, "How many (default: 100, at most 10000)").Kind("N");
  command.OnChosen(
      [&invocation, last] { invocation.command = [&invocation, last] { return RunOpened(invocation, *last); }; });
}

}  // namespace entente::cli
