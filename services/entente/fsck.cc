#include <algorithm>
#include <array>
#include <memory>

#include "services/entente/client.h"
#include "services/entente/commands.h"
#include "services/entente/json_writer.h"
#include "services/entented/node.h"

namespace entente::cli {
namespace {

struct FsckFlags {
  bool rebuild = false;
  std::string passphrase_file;
};

// Refusals that are findings about the store, not failures to look.
constexpr auto kFindings =
    std::to_array({RejectReason::kStoreCorrupt, RejectReason::kStoreShort, RejectReason::kRolledBack,
                   RejectReason::kParse, RejectReason::kSignature, RejectReason::kAead});

absl::StatusOr<v1::FsckReply> Offline(const std::string& folder, const FsckFlags& flags) {
  const auto offline = node::OpenOffline(folder, flags.passphrase_file, /*repair=*/true);
  if (!offline.ok()) return offline.status();
  const auto report = (*offline)->journal->Fsck(flags.rebuild);
  if (!report.ok()) return report.status();
  v1::FsckReply reply;
  reply.set_ok(report->problems.empty());
  reply.set_records(report->records);
  for (const std::string& problem : report->problems) reply.add_problems(problem);
  for (const std::string& repair : report->repaired) reply.add_repaired(repair);
  return reply;
}

absl::StatusOr<v1::FsckReply> Check(const std::string& folder, const FsckFlags& flags) {
  const auto client = AdminClient::Connect(folder);
  if (client.ok()) {
    v1::FsckRequest request;
    request.set_rebuild(flags.rebuild);
    return (*client)->Fsck(request);
  }
  if (ReasonOf(client.status()) != RejectReason::kUnavailable) return client.status();
  return Offline(folder, flags);
}

Exit RunFsck(const Invocation& invocation, const FsckFlags& flags) {
  auto reply = Check(invocation.node, flags);
  if (!reply.ok()) {
    const RejectReason reason = ReasonOf(reply.status());
    if (std::find(kFindings.begin(), kFindings.end(), reason) == kFindings.end()) return Fail(reply.status());
    v1::FsckReply finding;
    finding.add_problems(std::string(Describe(reason).name) + ": " + std::string(reply.status().message()));
    reply = finding;
  }
  if (invocation.json) {
    JsonWriter json;
    json.BeginObject().Field("ok", reply->ok()).Key("problems").BeginArray();
    for (const std::string& problem : reply->problems()) json.Value(problem);
    json.EndArray();
    if (flags.rebuild) {
      json.Key("repaired").BeginArray();
      for (const std::string& repair : reply->repaired()) json.Value(repair);
      json.EndArray();
    }
    Print(json.EndObject().text());
  } else {
    const Terminal& terminal = invocation.terminal;
    Print((reply->ok() ? terminal.Good("ok") : terminal.Bad("damaged")) + ": " + Grouped(reply->records()) +
          " records checked, " + Grouped(static_cast<uint64_t>(reply->problems_size())) + " problems");
    for (const std::string& problem : reply->problems()) Print("  " + Shown(problem));
    for (const std::string& repair : reply->repaired()) Print("  repaired: " + Shown(repair));
    if (!reply->ok()) Next(terminal, "keep a copy of the folder, then entente help STORE_CORRUPT");
  }
  return reply->ok() ? Exit::kOk : Exit::kVerification;
}

}  // namespace

void AddFsck(Command app, Invocation& invocation) {
  Command command = app.AddCommand("fsck", "Check every record, signature and view of the store");
  const auto flags = std::make_shared<FsckFlags>();
  command.AddFlag("--rebuild", flags->rebuild, "Make damaged views anew from the journal");
  command
      .AddOption("--passphrase-file", flags->passphrase_file,
                 "For a stopped node: file with the passphrase (default: DIR/passphrase)")
      .Kind("FILE");
  command.OnChosen(
      [&invocation, flags] { invocation.command = [&invocation, flags] { return RunFsck(invocation, *flags); }; });
}

}  // namespace entente::cli
