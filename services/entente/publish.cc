#include <memory>
#include <optional>

#include "services/entente/commands.h"
#include "services/entente/publish_file.h"
#include "services/entente/publish_report.h"
#include "services/entente/release_options.h"

namespace entente::cli {
namespace {

struct Publish {
  PublishFlags flags;
  std::string file;
  std::optional<uint32_t> wait_seconds;
  bool draft = false;
  std::string note;
};

Exit Report(const Invocation& invocation, const PublishTotals& totals, const absl::Status& broke_off) {
  const bool nothing = totals.objects == 0;
  if (invocation.json) {
    Print(PublishJson(totals));
  } else if (!nothing || broke_off.ok()) {
    PrintPublish(invocation.terminal, totals);
  }
  if (!broke_off.ok()) {
    Fail(broke_off, nothing ? "publish a STIX bundle, an array of objects, or one object"
                            : "what stands before it is published; correct the file and publish it again");
  }
  const RejectReason reason = ReasonOf(broke_off);
  const bool unreadable = !broke_off.ok() && reason != RejectReason::kJson && reason != RejectReason::kLimit;
  if (unreadable && nothing) return Exit::kFailed;
  return broke_off.ok() && totals.rejected == 0 ? Exit::kOk : Exit::kPartly;
}

Exit RunPublish(const Invocation& invocation, const Publish& publish) {
  auto options = TermsFrom(publish.flags);
  if (!options.ok()) return Fail(options.status());
  if (!publish.note.empty() && !publish.draft) return Fail(RejectReason::kUsage, "--note goes with --draft");
  options->set_draft(publish.draft);
  options->set_draft_note(publish.note);
  const auto input = InputFile::Open(publish.file);
  if (!input.ok()) {
    Fail(input.status(), "name a readable file, or - for stdin");
    return Exit::kFailed;
  }
  const auto client = AdminClient::Connect(invocation.node);
  if (!client.ok()) return Fail(client.status());
  FileReading reading;
  absl::Status finished;
  PublishTotals totals;
  {
    Meter meter(invocation.terminal);
    const InputFile& file = **input;
    PublishStream stream(**client, *std::move(options), [&](const PublishTotals& so_far) {
      const double part =
          static_cast<double>(file.position()) / static_cast<double>(std::max<uint64_t>(file.size(), 1));
      meter.Show(so_far, file.regular() ? 100 * part : -1);
    });
    reading = SendFile(**input, stream);
    finished = stream.Finish();
    totals = stream.totals();
  }
  if (!finished.ok()) {
    if (totals.objects > 0 || invocation.json) Report(invocation, totals, absl::OkStatus());
    const Exit exit = Fail(finished);
    return totals.objects > 0 ? Exit::kFailed : exit;
  }
  const Exit exit = Report(invocation, totals, reading.broke_off);
  if (publish.draft) return exit;
  if (publish.wait_seconds) {
    const absl::Status waited = AwaitDelivery(**client, totals, absl::Seconds(*publish.wait_seconds));
    if (!waited.ok()) return Fail(waited);
  }
  Next(invocation.terminal, "entente status; entente explain ID --peer P");
  return exit;
}

}  // namespace

void AddPublish(Command app, Invocation& invocation) {
  Command command = app.AddCommand("publish", "Sign, seal and share the objects of a STIX file");
  const auto publish = std::make_shared<Publish>();
  command.AddOption("FILE", publish->file, "STIX bundle, array of objects or one object; - for stdin")
      .Required()
      .Kind("FILE");
  AddReleaseOptions(command, publish->flags);
  command
      .AddOption("--wait", publish->wait_seconds,
                 "Wait until the peers that it goes to have acknowledged, at most this many seconds (default: 60)")
      .Between(0u, 86'400u);
  command.AddFlag("--draft", publish->draft, "Check it and keep it as a draft: nothing is signed, nothing leaves");
  command.AddOption("--note", publish->note, "What you say about the draft, for the record");
  command.OnChosen([&invocation, publish] {
    invocation.command = [&invocation, publish] { return RunPublish(invocation, *publish); };
  });
}

}  // namespace entente::cli
