#include <memory>
#include <optional>

#include "policy/rules.h"
#include "services/entente/client.h"
#include "services/entente/commands.h"
#include "services/entente/input_file.h"
#include "services/entente/policy_cases.h"
#include "services/entente/policy_report.h"

namespace entente::cli {
namespace {

constexpr size_t kMaxReadBytes = 64u << 20;  // of a file that is too large, to say what is wrong with it

struct PolicyFlags {
  std::string file, rules;
  std::optional<uint32_t> number, accept;
  bool text = false, shadow = false, off = false;
};
using Flags = std::shared_ptr<PolicyFlags>;

absl::StatusOr<v1::RulesText> RulesFrom(const std::string& file) {
  absl::StatusOr<std::string> text = ReadInputFile(file, "rule file", kMaxReadBytes);
  if (!text.ok()) return text.status();
  // The daemon takes no such call: what is wrong with it is said here, in the same words.
  if (text->size() > policy::kMaxRulesBytes) return policy::Rules::Parse(*text, file).status();
  v1::RulesText rules;
  rules.set_file(file);
  rules.set_text(*std::move(text));
  return rules;
}

absl::StatusOr<v1::PolicyReply> Ask(const Invocation& invocation, const v1::PolicyRequest& request) {
  const auto client = AdminClient::Connect(invocation.node);
  if (!client.ok()) return client.status();
  ComparisonMeter meter(invocation.terminal);
  return (*client)->Policy(request, [&](const v1::PolicyReply& so_far) { meter.Show(so_far.done(), so_far.about()); });
}

Exit RunShow(const Invocation& invocation, const PolicyFlags& flags) {
  v1::PolicyRequest request;
  v1::PolicyShow& show = flags.text ? *request.mutable_text() : *request.mutable_show();
  show.set_number(flags.number.value_or(0));
  show.set_shadow(flags.shadow);
  const auto reply = Ask(invocation, request);
  if (!reply.ok()) return Fail(reply.status());
  const std::string& text = flags.shadow ? reply->shadow().text() : reply->in_force().text();
  if (invocation.json) {
    Print(PolicyJson(*reply));
  } else if (!text.empty()) {
    PrintBytes(text);
  } else {
    PrintRules(invocation.terminal, *reply);
    Next(invocation.terminal, "entente policy check FILE; entente policy diff FILE");
  }
  return Exit::kOk;
}

Exit RunCheck(const Invocation& invocation, const PolicyFlags& flags) {
  v1::PolicyRequest request;
  auto rules = RulesFrom(flags.file);
  if (!rules.ok()) return Fail(rules.status());
  *request.mutable_check() = *std::move(rules);
  const auto reply = Ask(invocation, request);
  if (!reply.ok()) return Fail(reply.status(), "correct that place; the rules in force are as they were");
  if (invocation.json) {
    Print(JsonWriter().BeginObject().Field("file", flags.file).Field("rules", reply->rules())
              .Field("imports", reply->imports()).EndObject().text());
  } else {
    Print(invocation.terminal.Good("ok") + ": " + Shown(flags.file) + " has " + Grouped(reply->rules()) + " rules" +
          (reply->imports() == 0 ? "" : ", " + Grouped(reply->imports()) + " import profiles"));
    Next(invocation.terminal, "entente policy diff " + Shown(flags.file));
  }
  return Exit::kOk;
}

// What was compared or changed.
Exit Compared(const Invocation& invocation, const absl::StatusOr<v1::PolicyReply>& reply, const std::string& next) {
  if (!reply.ok()) {
    return ReasonOf(reply.status()) == RejectReason::kConfig
               ? Fail(reply.status(), "correct that place; the rules in force are as they were")
               : Fail(reply.status());
  }
  if (invocation.json) {
    Print(PolicyJson(*reply));
    return Exit::kOk;
  }
  if (reply->has_difference()) PrintDifference(invocation.terminal, reply->difference());
  if (next.empty()) PrintRules(invocation.terminal, *reply);
  if (!next.empty()) Next(invocation.terminal, next);
  return Exit::kOk;
}

Exit RunDiff(const Invocation& invocation, const PolicyFlags& flags) {
  v1::PolicyRequest request;
  auto rules = RulesFrom(flags.file);
  if (!rules.ok()) return Fail(rules.status());
  *request.mutable_diff() = *std::move(rules);
  return Compared(invocation, Ask(invocation, request), "entente policy apply " + Shown(flags.file));
}

Exit RunApply(const Invocation& invocation, const PolicyFlags& flags) {
  v1::PolicyRequest request;
  auto rules = RulesFrom(flags.file);
  if (!rules.ok()) return Fail(rules.status());
  *request.mutable_apply()->mutable_rules() = *std::move(rules);
  if (flags.accept) request.mutable_apply()->set_accept(*flags.accept);
  return Compared(invocation, Ask(invocation, request), "");
}

Exit RunRollback(const Invocation& invocation, const PolicyFlags& flags) {
  v1::PolicyRequest show, request;
  show.mutable_show();
  uint64_t number = flags.number.value_or(0);
  if (!flags.number) {
    const auto reply = Ask(invocation, show);
    if (!reply.ok()) return Fail(reply.status());
    if (reply->in_force().number() == 0) {
      return Fail(RejectReason::kUsage, "no local rules were ever in force; there is nothing to go back to");
    }
    // Behind a rollback, those before the ones that it brought back: never what it went away from.
    const uint64_t back_to = reply->in_force().back_to();
    number = (back_to != 0 ? back_to : reply->in_force().number()) - 1;
  }
  request.mutable_rollback()->set_back_to(number);
  if (flags.accept) request.mutable_rollback()->set_accept(*flags.accept);
  return Compared(invocation, Ask(invocation, request), "");
}

Exit RunShadow(const Invocation& invocation, const PolicyFlags& flags) {
  if (flags.off != flags.file.empty()) {
    return Fail(RejectReason::kUsage, "name the rules to try, or give --off to end the trial");
  }
  v1::PolicyRequest request;
  request.mutable_shadow();
  if (!flags.off) {
    auto rules = RulesFrom(flags.file);
    if (!rules.ok()) return Fail(rules.status());
    *request.mutable_shadow() = *std::move(rules);
  }
  return Compared(invocation, Ask(invocation, request), "");
}

Exit RunTests(const Invocation& invocation, const PolicyFlags& flags) {
  std::optional<v1::RulesText> rules;
  if (!flags.rules.empty()) {
    auto read = RulesFrom(flags.rules);
    if (!read.ok()) return Fail(read.status());
    rules = *std::move(read);
  }
  return RunCases(invocation, flags.file, rules);
}

using Run = Exit (*)(const Invocation&, const PolicyFlags&);

Flags AddOne(Command command, Invocation& invocation, Run run) {
  const auto flags = std::make_shared<PolicyFlags>();
  command.OnChosen([&invocation, flags, run] {
    invocation.command = [&invocation, flags, run] { return run(invocation, *flags); };
  });
  return flags;
}

void AddFile(Command command, const Flags& flags, const std::string& help = "Local rules in TOML") {
  command.AddOption("FILE", flags->file, help).Required().Kind("FILE");
}

void AddAccept(Command command, const Flags& flags) {
  command
      .AddOption("--accept", flags->accept,
                 "How many objects above GREEN, counted for each peer, may newly flow; exactly as `policy diff` says")
      .Kind("N");
}

}  // namespace

void AddPolicy(Command app, Invocation& invocation) {
  Command family = app.AddCommand("policy", "Local rules, which narrow what the matrix permits");
  Command show = family.AddCommand("show", "The rules in force, in the shadow, and those before");
  const Flags shown = AddOne(show, invocation, RunShow);
  show.AddOption("N", shown->number, "The rules of that number, as text").Kind("N");
  show.AddFlag("--text", shown->text, "The text of what is in force");
  show.AddFlag("--shadow", shown->shadow, "The text of what is in the shadow");
  Command check = family.AddCommand("check", "Read a rule file and change nothing");
  AddFile(check, AddOne(check, invocation, RunCheck));
  Command test = family.AddCommand("test", "Run your own cases: what must flow, and what must not");
  const Flags tested = AddOne(test, invocation, RunTests);
  AddFile(test, tested, "Cases in TOML (docs/formats/policy-cases.md)");
  test.AddOption("--rules", tested->rules, "Under these rules instead of those in force").Kind("FILE");
  Command diff = family.AddCommand("diff", "What would newly flow and newly stop, over everything stored");
  AddFile(diff, AddOne(diff, invocation, RunDiff));
  Command apply = family.AddCommand("apply", "Put rules in force");
  const Flags applied = AddOne(apply, invocation, RunApply);
  AddFile(apply, applied);
  AddAccept(apply, applied);
  Command rollback = family.AddCommand("rollback", "Put earlier rules in force again");
  const Flags back = AddOne(rollback, invocation, RunRollback);
  rollback.AddOption("N", back->number, "Their number; 0: no rules (default: those before the ones in force)")
      .Kind("N");
  AddAccept(rollback, back);
  Command shadow = family.AddCommand("shadow", "Ask rules beside those in force, count the difference, obey nothing");
  const Flags tried = AddOne(shadow, invocation, RunShadow);
  shadow.AddOption("FILE", tried->file, "Local rules in TOML").Kind("FILE");
  shadow.AddFlag("--off", tried->off, "End the trial");
}

}  // namespace entente::cli
