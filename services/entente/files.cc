#include <memory>

#include "services/entente/client.h"
#include "services/entente/commands.h"
#include "services/entente/json_writer.h"
#include "services/entente/output_file.h"
#include "services/entente/publish_file.h"

// Sealed envelopes as a file, for where no line leads (docs/formats/files.md).
namespace entente::cli {
namespace {

constexpr size_t kStep = 256 * 1024;

Exit RunExport(const Invocation& invocation, const std::string& peer, const std::string& path, bool documents) {
  const auto client = AdminClient::Connect(invocation.node);
  if (!client.ok()) return Fail(client.status());
  v1::ExportRequest request;
  request.set_peer(peer);
  request.set_documents(documents);
  std::unique_ptr<OutputFile> file;  // made with the first bytes: a refusal leaves none behind
  absl::Status writing;
  std::optional<v1::ExportReport> report;
  const absl::Status status = (*client)->Export(request, [&](const v1::ExportPiece& piece) {
    if (piece.has_report()) report = piece.report();
    if (!file) {
      auto created = OutputFile::Create(path);
      writing = created.status();
      if (created.ok()) file = *std::move(created);
    }
    return writing.ok() && (piece.bytes().empty() || file->Write(piece.bytes()));
  });
  if (!writing.ok()) return Fail(writing);
  if (file && !file->why().ok()) return Fail(file->why());
  if (!status.ok()) return Fail(status);
  if (!report) return Fail(RejectReason::kUnavailable, "the daemon ended before the file was whole; export again");
  if (const absl::Status kept = file->Keep(); !kept.ok()) return Fail(kept);
  const std::string counts = Grouped(report->objects()) + " objects in " + Grouped(report->envelopes()) + " envelopes";
  if (invocation.json && path != "-") {
    JsonWriter json;
    json.BeginObject().Field("peer", peer).Field("file", path).Field("envelopes", report->envelopes());
    Print(json.Field("objects", report->objects()).Field("withheld", report->withheld()).EndObject().text());
  } else if (path == "-") {
    Say("exported " + counts);
  } else {
    Print("exported " + counts + " for " + Shown(peer) + " to " + Shown(path));
  }
  if (report->withheld() > 0)
    Say("note: " + Grouped(report->withheld()) + " objects are no longer permitted to " + Shown(peer));
  if (report->envelopes() == 0 && !documents) Say("note: " + Shown(peer) + " has acknowledged everything that is permitted to it");
  Next(invocation.terminal, "carry the file to " + Shown(peer) + ", where `entente import FILE` takes it in");
  return Exit::kOk;
}

// The whole file to the daemon, as far as it can be read.
absl::StatusOr<v1::ImportReport> Send(AdminClient& client, InputFile& input, absl::Status& reading) {
  std::string buffer(kStep, '\0');
  return client.Import([&](v1::ImportPiece& piece) {
    const auto size = input.Read(buffer.data(), buffer.size());
    if (!size.ok()) reading = size.status();
    if (!size.ok() || *size == 0) return false;
    piece.set_bytes(buffer.data(), *size);
    return true;
  });
}

void PrintImport(const Invocation& invocation, const v1::ImportReport& report, uint64_t refused) {
  if (invocation.json) {
    JsonWriter json;
    json.BeginObject().Field("from", report.from()).Field("for_this_node", report.for_this_node());
    json.Field("entries", report.entries()).Field("envelopes", report.envelopes()).Field("taken", report.taken());
    json.Field("known", report.known()).Key("refused").BeginObject();
    for (const auto& [reason, count] : report.refused()) json.Field(reason, count);
    Print(json.EndObject().Field("fault", report.fault()).EndObject().text());
    return;
  }
  std::string line = "imported " + Grouped(report.taken()) + " of " + Grouped(report.envelopes()) + " envelopes";
  if (!report.from().empty()) line += " from " + Shown(report.from());
  if (report.known() > 0) line += "; " + Grouped(report.known()) + " were imported before";
  if (refused > 0) line += "; " + Grouped(refused) + " entries were refused:";
  Print(line);
  for (const auto& [reason, count] : report.refused()) Print("  " + Grouped(count) + "  " + Shown(reason));
}

Exit RunImport(const Invocation& invocation, const std::string& path) {
  const auto client = AdminClient::Connect(invocation.node);
  if (!client.ok()) return Fail(client.status());
  const auto input = InputFile::Open(path);
  if (!input.ok()) return Fail(input.status());
  absl::Status reading;
  const auto report = Send(**client, **input, reading);
  if (!report.ok()) return Fail(report.status());
  uint64_t refused = 0;
  for (const auto& [reason, count] : report->refused()) refused += count;
  const bool nothing = report->entries() == 0;
  if (report->fault().empty() || !nothing) PrintImport(invocation, *report, refused);
  if (!report->for_this_node() && !report->from().empty())
    Say("note: the file says that it is for another organisation");
  if (!reading.ok()) return Fail(reading), nothing ? ExitOf(reading) : Exit::kPartly;
  if (!report->fault().empty()) {
    for (const RejectEntry& entry : AllRejectReasons()) {
      if (entry.name != report->fault()) continue;
      const Exit exit = Fail(entry.reason, report->detail());
      return nothing ? exit : Exit::kPartly;
    }
  }
  if (refused > 0) Next(invocation.terminal, "entente help " + Shown(report->refused().begin()->first));
  return refused > 0 || !report->fault().empty() ? Exit::kPartly : Exit::kOk;
}

}  // namespace

void AddExport(Command app, Invocation& invocation) {
  Command command = app.AddCommand("export", "What a peer has not acknowledged as a file, sealed to it");
  const auto peer = std::make_shared<std::string>(), file = std::make_shared<std::string>();
  const auto documents = std::make_shared<bool>(false);
  command.AddFlag("--documents", *documents,
                  "Nothing sealed: what the peer needs to answer by a file, also before it was ever heard of");
  command.AddOption("--to", *peer, "Name of the peer").Required().Kind("PEER");
  command.AddOption("FILE", *file, "A new file; - for stdout").Required().Kind("FILE");
  command.OnChosen([&invocation, peer, file, documents] {
    invocation.command = [&invocation, peer, file, documents] {
      return RunExport(invocation, *peer, *file, *documents);
    };
  });
}

void AddImport(Command app, Invocation& invocation) {
  Command command = app.AddCommand("import", "Takes in a file that a peer exported for this node");
  const auto file = std::make_shared<std::string>();
  command.AddOption("FILE", *file, "What `entente export` wrote; - for stdin").Required().Kind("FILE");
  command.OnChosen(
      [&invocation, file] { invocation.command = [&invocation, file] { return RunImport(invocation, *file); }; });
}

}  // namespace entente::cli
