// Cases of an operator, run on a node: what each would come to, beside what it should.
#include <filesystem>
#include <utility>

#include "model/text.h"
#include "services/entente/client.h"
#include "services/entente/input_file.h"
#include "services/entente/json_writer.h"
#include "services/entente/policy_cases.h"
#include "services/entente/publish_file.h"

namespace entente::cli {
namespace {

struct Outcome {
  std::string decision, reason, rule,
      id;  // of the first object that did not come to what was expected; else of the last
  uint64_t objects = 0;
  bool as_expected = true;
};

Outcome OutcomeOf(const v1::CanShareReply& reply) {
  Outcome out;
  out.id = reply.id();
  if (reply.outcome() == "rejected" || reply.outcome() == "quarantined") {
    out.decision = reply.outcome() == "rejected" ? "reject" : "quarantine";
    out.reason = reply.reason();
  }
  if (reply.outcome() == "unchanged" && reply.decisions().empty()) out.decision = "unchanged";  // another's object
  for (const v1::CanShareDecision& decision : reply.decisions()) {
    if (out.decision.empty()) {
      out.decision = decision.decision();
      out.reason = decision.reason();
    }
    out.rule = decision.rule();
  }
  return out;
}

bool Fits(const PolicyCase& one, const Outcome& outcome) {
  return outcome.decision == one.expect && (one.reason.empty() || one.reason == outcome.reason) &&
         (one.rule.empty() || one.rule == outcome.rule);
}

absl::StatusOr<Outcome> RunOne(AdminClient& client, const PolicyCase& one, const std::filesystem::path& beside,
                               const std::optional<v1::RulesText>& rules) {
  auto options = TermsFrom(one.terms);
  if (!options.ok()) return options.status();
  options->set_can_share_with(one.peer);
  if (rules) *options->mutable_can_share_under() = *rules;
  const auto input = InputFile::Open((beside / one.object).string());
  if (!input.ok()) return input.status();
  Outcome all;
  PublishStream stream(client.CanShare([&](const v1::CanShareReply& reply) {
    const uint64_t objects = all.objects + 1;
    if (all.as_expected) all = OutcomeOf(reply);
    all.as_expected = all.as_expected && Fits(one, all);
    all.objects = objects;
  }),
                       *std::move(options));
  const FileReading reading = SendFile(**input, stream);
  const absl::Status finished = stream.Finish();
  if (!finished.ok()) return finished;
  if (!reading.broke_off.ok()) return reading.broke_off;
  if (all.objects == 0) return Reject(RejectReason::kUsage, model::Escaped(one.object, 256) + " holds no object");
  return all;
}

std::string Said(const std::string& decision, const std::string& reason, const std::string& rule) {
  return decision + (reason.empty() ? "" : " " + Shown(reason)) +
         (rule.empty() ? "" : " by rule '" + Shown(rule) + "'");
}

}  // namespace

Exit RunCases(const Invocation& invocation, const std::string& file, const std::optional<v1::RulesText>& rules) {
  const auto text = ReadInputFile(file, "file of cases", kMaxCasesBytes);
  if (!text.ok()) return Fail(text.status());
  const auto cases = ReadCases(*text, file);
  if (!cases.ok()) return Fail(cases.status(), "correct that place");
  const auto client = AdminClient::Connect(invocation.node);
  if (!client.ok()) return Fail(client.status());
  const std::filesystem::path beside = std::filesystem::path(file).parent_path();
  size_t failed = 0;
  JsonWriter json;
  json.BeginObject().Key("cases").BeginArray();
  for (const PolicyCase& one : *cases) {
    const absl::StatusOr<Outcome> outcome = RunOne(**client, one, beside, rules);
    // What no case can be asked under ends them all: rules that do not load, a daemon that went.
    const RejectReason fault = ReasonOf(outcome.status());
    if (fault == RejectReason::kUnavailable || fault == RejectReason::kConfig) return Fail(outcome.status());
    const bool ok = outcome.ok() && outcome->as_expected;
    failed += ok ? 0 : 1;
    const std::string got = outcome.ok() ? Said(outcome->decision, outcome->reason, outcome->rule)
                                         : Shown(std::string(outcome.status().message()));
    json.BeginObject().Field("id", one.id).Field("ok", ok).Field("got", got);
    json.Field("object", outcome.ok() ? outcome->id : "").EndObject();
    if (invocation.json) continue;
    Print((ok ? invocation.terminal.Good("ok   ") : invocation.terminal.Bad("FAIL ")) + Shown(one.id) +
          (ok ? "" : "  (" + one.place + "): expected " + Said(one.expect, one.reason, one.rule) + ", got " + got));
  }
  json.EndArray().Field("passed", cases->size() - failed).Field("failed", failed).EndObject();
  Print(invocation.json ? json.text() : Grouped(cases->size() - failed) + " passed, " + Grouped(failed) + " failed");
  return failed == 0 ? Exit::kOk : Exit::kFailed;
}

}  // namespace entente::cli
