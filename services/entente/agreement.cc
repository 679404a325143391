#include <memory>

#include "model/timestamp.h"
#include "services/entente/agreement_report.h"
#include "services/entente/client.h"
#include "services/entente/commands.h"

namespace entente::cli {
namespace {

struct AgreementFlags {
  v1::AgreementRequest request;
  std::string peer, offer, ceiling, legal_basis, use, until;
  std::vector<std::string> types, actions;
  std::optional<uint32_t> hop_limit;
  uint32_t keep_days = 0;
  bool as_before = false, clients = false, distributor = false, pap_attested = false, transfer_basis = false;
};
using Flags = std::shared_ptr<AgreementFlags>;

Exit Call(const Invocation& invocation, AgreementFlags& flags) {
  flags.request.set_peer(flags.peer);
  const auto client = AdminClient::Connect(invocation.node);
  if (!client.ok()) return Fail(client.status());
  const auto reply = (*client)->Agreements(flags.request);
  if (!reply.ok()) return Fail(reply.status());
  if (invocation.json) {
    JsonWriter json;
    json.BeginObject().Key("agreements").BeginArray();
    for (const v1::AgreementRow& row : reply->rows()) WriteAgreement(json, row);
    Print(json.EndArray().EndObject().text());
  } else if (flags.peer.empty()) {
    PrintAgreements(invocation.terminal, *reply);
  } else {
    for (const v1::AgreementRow& row : reply->rows()) PrintAgreement(invocation.terminal, row);
  }
  return Exit::kOk;
}

Exit RunPropose(const Invocation& invocation, AgreementFlags& flags) {
  v1::AgreementProposal& out = *flags.request.mutable_propose();
  if (!flags.until.empty()) {
    const auto until = model::ParseTimestamp(flags.until);
    if (!until.ok()) return Fail(RejectReason::kUsage, "--until takes a UTC time as in 2027-01-02T03:04:05Z");
    out.set_until_us(*until / 1000);
  }
  out.set_as_before(flags.as_before);
  out.set_ceiling(flags.ceiling);
  out.mutable_types()->Assign(flags.types.begin(), flags.types.end());
  out.mutable_actions()->Assign(flags.actions.begin(), flags.actions.end());
  out.set_clients(flags.clients);
  out.set_distributor(flags.distributor);
  out.set_pap_attested(flags.pap_attested);
  out.set_transfer_basis(flags.transfer_basis);
  out.set_legal_basis(flags.legal_basis);
  out.set_use(flags.use);
  if (flags.hop_limit) out.set_hop_limit(*flags.hop_limit);
  out.set_keep_days(flags.keep_days);
  return Call(invocation, flags);
}

using Run = std::function<Exit(const Invocation&, AgreementFlags&)>;

Flags AddOne(Command command, Invocation& invocation, Run run) {
  const auto flags = std::make_shared<AgreementFlags>();
  command.OnChosen([&invocation, flags, run = std::move(run)] {
    invocation.command = [&invocation, flags, run] { return run(invocation, *flags); };
  });
  return flags;
}

Flags AddAct(Command command, Invocation& invocation, Run run) {
  const Flags flags = AddOne(command, invocation, std::move(run));
  command.AddOption("PEER", flags->peer, "Name of the peer").Required().Kind("PEER");
  return flags;
}

void AddPropose(Command family, Invocation& invocation) {
  Command command = family.AddCommand("propose", "Offer terms, signed; they count once the peer has accepted them");
  const Flags flags = AddAct(command, invocation, RunPropose);
  command.AddFlag("--as-before", flags->as_before, "Begin with the terms that count now, as to end a suspension");
  command.AddOption("--ceiling", flags->ceiling, "Strictest label that moves (default: the peer's ceiling on file)").Kind("LABEL");
  command.AddOption("--type", flags->types, "A STIX type that moves; repeat for more (default: all)").OneEach();
  command.AddFlag("--pap-attested", flags->pap_attested, "Each keeps the other's PAP");
  command.AddOption("--action", flags->actions, "What may be done where an object has no PAP, a0 to a6; repeat for more").OneEach();
  command.AddOption("--use", flags->use, "What each uses what it gets for, a word as in network-security");
  command.AddOption("--legal-basis", flags->legal_basis, "On which personal data moves, as in gdpr-6-1-e");
  command.AddOption("--keep-days", flags->keep_days, "For how many days personal data may be kept").Kind("N");
  command.AddFlag("--transfer-basis", flags->transfer_basis, "Personal data may leave the European Economic Area");
  command.AddOption("--hop-limit", flags->hop_limit, "Onward hops left to the receiver, 0 to 64").Kind("N");
  command.AddFlag("--clients", flags->clients, "What came may be passed on to the receiver's clients");
  command.AddFlag("--distributor", flags->distributor, "And by clients that are distributors one hop further");
  command.AddOption("--until", flags->until, "UTC time of its end (default: in a year)");
}

}  // namespace

void AddAgreement(Command app, Invocation& invocation) {
  Command family = app.AddCommand("agreement", "What was signed with peers about what moves between both");
  Command show = family.AddCommand("show", "All agreements, or what stands with one peer");
  const Flags shown = AddOne(show, invocation, Call);
  show.AddOption("PEER", shown->peer, "Name of the peer").Kind("PEER");
  AddPropose(family, invocation);
  Command accept = family.AddCommand("accept", "Sign what a peer offered");
  const Flags accepted = AddAct(accept, invocation, [](const Invocation& invoked, AgreementFlags& flags) {
    flags.request.set_accept(flags.offer);
    return Call(invoked, flags);
  });
  accept.AddOption("OFFER", accepted->offer, "Its id, as `entente agreement show PEER` has it").Required();
  Command suspend = family.AddCommand("suspend", "Nothing moves any more, until both sign again");
  AddAct(suspend, invocation, [](const Invocation& invoked, AgreementFlags& flags) {
    flags.request.set_suspend(true);
    return Call(invoked, flags);
  });
  Command end = family.AddCommand("end", "End it, and take back what was offered");
  AddAct(end, invocation, [](const Invocation& invoked, AgreementFlags& flags) {
    flags.request.set_end(true);
    return Call(invoked, flags);
  });
}

}  // namespace entente::cli
