#include <memory>

#include "absl/time/clock.h"
#include "base/bytes.h"
#include "services/entente/client.h"
#include "services/entente/commands.h"
#include "services/entente/json_writer.h"
#include "services/entente/rows.h"
#include "trust/armour.h"

namespace entente::cli {
namespace {

constexpr std::string_view kFirstNodeCode = "ENT-4";  // codes from here on are about this node and command

struct GetFlags {
  std::string id, version;
  bool raw = false, proof = false;
};

void PrintRow(const Terminal& terminal, const v1::ObjectRow& row, uint64_t size) {
  std::vector<std::vector<std::string>> rows = {
      {"type", Shown(row.type())},
      {"name", row.name().empty() ? "-" : Shown(row.name())},
      {"label", PaintedLabel(terminal, row.tlp())},
      {"imputed", row.imputed().empty() ? "-" : Shown(row.imputed())},
      {"origin", Origin(row.origin(), row.source_role())},
      {"version", row.version().empty() ? "unversioned" : Shown(row.version())},
      {"received", When(row.received_us(), absl::Now())},
      {"journal", std::to_string(row.journal_seq())},
      {"size", Grouped(size) + " bytes"},
  };
  if (row.has_lineage()) {
    rows.push_back({"derived from", Shown(row.lineage().source_id()) + ", without " + Listed(row.lineage().removed())});
  }
  for (const v1::DerivedRow& derived : row.derived()) {
    rows.push_back({"redacted", Shown(derived.id()) + ", without " + Listed(derived.removed()) + ", for " +
                                    Listed(derived.peers())});
  }
  Print(terminal.Bold(Shown(row.id())));
  Print(Columns(rows));
}

// A reason about envelopes, objects or policy is why the object is withheld or in quarantine: refused, whatever exit
// the same reason has elsewhere.
Exit NotGiven(const absl::Status& status) {
  const Exit exit = Fail(status);
  return Describe(ReasonOf(status)).code < kFirstNodeCode ? Exit::kRefused : exit;
}

// Text for `entente verify`, anywhere.
Exit PrintProof(AdminClient& client, const v1::GetRequest& request) {
  Bytes proof;
  const absl::Status status = client.Prove(request, [&](const v1::ProofPiece& piece) {
    proof += piece.bytes();
    return true;
  });
  if (!status.ok()) return NotGiven(status);
  PrintBytes(trust::Armour(trust::kStatementArmour, proof));
  return Exit::kOk;
}

Exit RunGet(const Invocation& invocation, const GetFlags& flags) {
  const auto client = AdminClient::Connect(invocation.node);
  if (!client.ok()) return Fail(client.status());
  v1::GetRequest request;
  request.set_id(flags.id);
  request.set_version(flags.version);
  if (flags.proof) return PrintProof(**client, request);
  v1::ObjectRow row;
  uint64_t size = 0;
  const absl::Status status = (*client)->Get(request, [&](const v1::ObjectPiece& piece) {
    if (piece.has_row()) row = piece.row();
    size += piece.content().size();
    return !flags.raw || PrintBytes(piece.content());
  });
  if (!status.ok()) return NotGiven(status);
  if (flags.raw) return Exit::kOk;
  if (invocation.json) {
    JsonWriter json;
    json.BeginObject();
    WriteObjectRow(json, row);
    Print(json.Field("size", size).EndObject().text());
    return Exit::kOk;
  }
  PrintRow(invocation.terminal, row, size);
  Next(invocation.terminal, "entente get " + Shown(row.id()) + " --raw");
  return Exit::kOk;
}

constexpr size_t kMaxSearchBytes = 1 << 20;  // far over what the daemon takes; a file given by mistake ends here

// The first line of stdin, without its end: so that a value stands on no command line for others to see.
absl::StatusOr<std::string> ValueFromStdin() {
  std::string line;
  for (int c = std::getchar(); c != EOF && c != '\n'; c = std::getchar()) {
    line += static_cast<char>(c);
    if (line.size() > kMaxSearchBytes) return Reject(RejectReason::kLimit, "the value on stdin is over 1 MiB");
  }
  if (line.ends_with('\r')) line.pop_back();
  if (line.empty()) return Reject(RejectReason::kUsage, "stdin has no value on its first line; give one");
  return line;
}

Exit RunSearch(const Invocation& invocation, std::string value, uint32_t limit) {
  if (value == "-") {
    absl::StatusOr<std::string> given = ValueFromStdin();
    if (!given.ok()) return Fail(given.status());
    value = *std::move(given);
  }
  const auto client = AdminClient::Connect(invocation.node);
  if (!client.ok()) return Fail(client.status());
  v1::SearchRequest request;
  request.set_value(value);
  request.set_limit(limit);
  const auto reply = (*client)->Search(request);
  if (!reply.ok()) return Fail(reply.status());
  if (invocation.json) {
    JsonWriter json;
    json.BeginObject().Key("matches").BeginArray();
    for (const v1::ObjectRow& row : reply->matches()) {
      json.BeginObject();
      WriteObjectRow(json, row);
      json.EndObject();
    }
    Print(json.EndArray().Field("more", reply->more()).EndObject().text());
    return Exit::kOk;
  }
  std::vector<std::vector<std::string>> rows;
  for (const v1::ObjectRow& row : reply->matches()) {
    rows.push_back({Shown(row.id()), PaintedLabel(invocation.terminal, row.tlp()),
                    Origin(row.origin(), row.source_role()), Shown(row.name(), 60)});
  }
  Print(rows.empty() ? "no matches" : Columns(rows, 0));
  if (reply->more()) Say("note: there are more; raise --limit");
  if (!rows.empty()) Next(invocation.terminal, "entente get ID --raw");
  return Exit::kOk;
}

struct TailFlags {
  uint64_t last = 0, since = 0;
  bool follow = false, content = false;
  std::string type, peer;
};

// The exact bytes of the version that `row` stands for.
absl::StatusOr<Bytes> ContentOf(AdminClient& client, const v1::ObjectRow& row) {
  v1::GetRequest request;
  request.set_id(row.id());
  request.set_version(row.version());
  Bytes content;
  const absl::Status status = client.Get(request, [&](const v1::ObjectPiece& piece) {
    content += piece.content();
    return true;
  });
  if (!status.ok()) return status;
  return content;
}

std::string AtLeastOne(const std::string& value) {
  const bool number = value.find_first_not_of("0123456789") == std::string::npos;
  if (number && value.find_first_not_of('0') != std::string::npos) return "";
  return "-n takes no '" + Shown(value, 40) + "' but a number from 1 on; to see only what is new give --since with " +
         "the journal_seq of `entente status --json`";
}

std::string TailLine(const Invocation& invocation, const v1::ObjectRow& row, const Bytes* content) {
  if (invocation.json) {
    JsonWriter json;
    json.BeginObject();
    WriteObjectRow(json, row);
    if (content != nullptr) json.Field("content", *content);
    return json.EndObject().text();
  }
  std::string line = Timestamp(row.received_us()) + "  " + PaintedLabel(invocation.terminal, row.tlp()) + "  " +
                     Origin(row.origin(), row.source_role()) + "  " + Shown(row.id());
  if (!row.name().empty()) line += "  " + Shown(row.name(), 60);
  return line;
}

Exit RunTail(const Invocation& invocation, const TailFlags& flags) {
  const auto client = AdminClient::Connect(invocation.node);
  if (!client.ok()) return Fail(client.status());
  v1::TailRequest request;
  request.set_after_seq(flags.since);
  request.set_last(flags.last);
  request.set_follow(flags.follow);
  request.set_type(flags.type);
  request.set_peer(flags.peer);
  absl::Status reading;
  const absl::Status status = (*client)->Tail(request, [&](const v1::ObjectRow& row) {
    absl::StatusOr<Bytes> content;
    if (flags.content) content = ContentOf(**client, row);
    if (flags.content && !content.ok()) {
      reading = content.status();
      return false;
    }
    return Print(TailLine(invocation, row, flags.content ? &*content : nullptr)) && (!flags.follow || FlushResults());
  });
  if (!reading.ok()) return Fail(reading);
  if (!status.ok()) return Fail(status);
  Next(invocation.terminal, "entente get ID, or entente explain ID --peer P");
  return Exit::kOk;
}

}  // namespace

void AddGet(Command app, Invocation& invocation) {
  Command command = app.AddCommand("get", "One stored object");
  const auto flags = std::make_shared<GetFlags>();
  command.AddOption("ID", flags->id, "STIX id").Required();
  command.AddOption("--version", flags->version, "The version with this `modified` (default: the newest)");
  Option raw = command.AddFlag("--raw", flags->raw, "The exact bytes and nothing else");
  command.AddFlag("--proof", flags->proof, "The signed statement with its proof of origin, for `entente verify`")
      .NeverWith(raw);
  command.OnChosen(
      [&invocation, flags] { invocation.command = [&invocation, flags] { return RunGet(invocation, *flags); }; });
}

void AddSearch(Command app, Invocation& invocation) {
  Command command = app.AddCommand("search", "Objects that name a value: domain, address, hash, CVE, technique, name");
  const auto value = std::make_shared<std::string>();
  const auto limit = std::make_shared<uint32_t>(0);
  command
      .AddOption("VALUE", *value,
                 "The whole value; any case, hxxp and [.] are understood; - for the first line of stdin")
      .Required();
  command.AddOption("--limit", *limit, "At most this many (default: 1000)").Between(1, 100'000);
  command.OnChosen([&invocation, value, limit] {
    invocation.command = [&invocation, value, limit] { return RunSearch(invocation, *value, *limit); };
  });
}

void AddTail(Command app, Invocation& invocation) {
  Command command = app.AddCommand("tail", "Stored objects in the order they came, one a line");
  const auto flags = std::make_shared<TailFlags>();
  command.AddOption("-n,--last", flags->last, "The newest N only, 1 or more").Check(AtLeastOne);
  command.AddOption("--since", flags->since, "Those behind this journal sequence");
  command.AddFlag("-f,--follow", flags->follow, "Go on as objects arrive");
  command.AddFlag("--content", flags->content, "With --json: the object's exact text as member `content`");
  command.AddOption("--type", flags->type, "Only this STIX type");
  command.AddOption("--peer", flags->peer, "Only from this origin").Kind("PEER");
  command.OnChosen(
      [&invocation, flags] { invocation.command = [&invocation, flags] { return RunTail(invocation, *flags); }; });
}

}  // namespace entente::cli
