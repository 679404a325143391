#include <memory>

#include "absl/time/clock.h"
#include "model/text.h"
#include "services/entente/client.h"
#include "services/entente/commands.h"
#include "services/entente/input_file.h"
#include "services/entente/json_writer.h"
#include "services/entente/rows.h"
#include "trust/card.h"

namespace entente::cli {
namespace {

struct AddFlags {
  std::string card_file, fingerprint, nation, kind, ceiling, name;
  std::vector<std::string> sectors, identities;
};

void WritePeer(JsonWriter& json, const v1::PeerRecord& peer) {
  json.BeginObject().Field("name", peer.name()).Field("org_id", peer.org_id()).Field("nation", peer.nation());
  json.Field("kind", peer.kind()).Field("ceiling", peer.ceiling()).Key("sectors").BeginArray();
  for (const std::string& sector : peer.sectors()) json.Value(sector);
  json.EndArray().Key("identities").BeginArray();
  for (const std::string& identity : peer.identities()) json.Value(identity);
  json.EndArray().Field("address", peer.address()).Field("fingerprint", peer.fingerprint());
  json.Field("state", peer.status().state()).Field("lag_objects", peer.status().lag_objects());
  json.Field("refused_objects", peer.status().refused_objects()).Field("held_objects", peer.status().held_objects());
  json.Field("embargoed_objects", peer.status().embargoed_objects()).Field("detail", peer.status().detail());
  json.Field("last_contact", Timestamp(peer.status().last_contact_us())).EndObject();
}

std::string Joined(const google::protobuf::RepeatedPtrField<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : " ") + Shown(word);
  return out.empty() ? "-" : out;
}

void PrintPeer(const Terminal& terminal, const v1::PeerRecord& peer) {
  Print(terminal.Bold(Shown(peer.name())) + "  " + PaintedState(terminal, peer.status().state()));
  std::vector<std::vector<std::string>> rows = {
      {"organisation", Shown(peer.org_id())},
      {"fingerprint", Shown(peer.fingerprint())},
      {"nation", Shown(peer.nation())},
      {"kind", Shown(peer.kind())},
      {"sectors", Joined(peer.sectors())},
      {"identities", Joined(peer.identities())},
      {"ceiling", PaintedLabel(terminal, peer.ceiling())},
      {"address", peer.address().empty() ? "none: it dials in" : Shown(peer.address())},
      {"lag", Grouped(peer.status().lag_objects()) + " objects"},
      {"refused", Grouped(peer.status().refused_objects()) + " objects"},
      {"last contact", When(peer.status().last_contact_us(), absl::Now())},
  };
  if (!peer.status().detail().empty()) rows.push_back({"detail", Shown(peer.status().detail())});
  Print(Columns(rows));
}

absl::StatusOr<std::string> ReadCardFile(const std::string& path) {
  absl::StatusOr<std::string> text = ReadInputFile(path, "card", trust::kMaxCardBytes);
  if (ReasonOf(text.status()) != RejectReason::kLimit) return text;
  return Reject(RejectReason::kIdentity,
                "'" + path + "' is too large for a card; use the file that `entente init` wrote");
}

Exit RunAdd(const Invocation& invocation, const AddFlags& flags) {
  auto card = ReadCardFile(flags.card_file);
  if (!card.ok()) return Fail(card.status());
  const auto client = AdminClient::Connect(invocation.node);
  if (!client.ok()) return Fail(client.status());
  v1::AddPeerRequest request;
  request.set_card(*std::move(card));
  request.set_fingerprint(flags.fingerprint);
  request.set_nation(flags.nation);
  request.set_kind(flags.kind);
  request.set_ceiling(flags.ceiling);
  request.set_name(flags.name);
  for (const std::string& sector : flags.sectors) request.add_sectors(sector);
  for (const std::string& identity : flags.identities) request.add_identities(identity);
  const auto peer = (*client)->AddPeer(request);
  if (ReasonOf(peer.status()) == RejectReason::kConflict) {
    return Fail(peer.status(),
                "name taken: give it another here with --name (`entente peer list` shows those in use); "
                "key taken: ask its operator for its own, current card");
  }
  if (!peer.ok()) return Fail(peer.status());
  if (invocation.json) {
    JsonWriter json;
    WritePeer(json, *peer);
    Print(json.text());
    return Exit::kOk;
  }
  PrintPeer(invocation.terminal, *peer);
  Next(invocation.terminal, "ask " + Shown(peer->name()) + " to add your card as well, then `entente status`");
  return Exit::kOk;
}

Exit RunList(const Invocation& invocation) {
  const auto client = AdminClient::Connect(invocation.node);
  if (!client.ok()) return Fail(client.status());
  const auto reply = (*client)->ListPeers();
  if (!reply.ok()) return Fail(reply.status());
  if (invocation.json) {
    JsonWriter json;
    json.BeginObject().Key("peers").BeginArray();
    for (const v1::PeerRecord& peer : reply->peers()) WritePeer(json, peer);
    Print(json.EndArray().EndObject().text());
    return Exit::kOk;
  }
  std::vector<std::vector<std::string>> rows = {
      {"peer", "nation", "kind", "sectors", "ceiling", "state", "lag", "address"}};
  for (const v1::PeerRecord& peer : reply->peers()) {
    rows.push_back({Shown(peer.name()), Shown(peer.nation()), Shown(peer.kind()), Joined(peer.sectors()),
                    PaintedLabel(invocation.terminal, peer.ceiling()),
                    PaintedState(invocation.terminal, peer.status().state()), Grouped(peer.status().lag_objects()),
                    Shown(peer.address())});
  }
  Print(reply->peers().empty() ? "no peers yet" : Columns(rows, 0));
  Next(invocation.terminal, "entente peer add CARD --fingerprint F --nation XX --kind K");
  return Exit::kOk;
}

Exit RunShow(const Invocation& invocation, const std::string& name) {
  const auto client = AdminClient::Connect(invocation.node);
  if (!client.ok()) return Fail(client.status());
  const auto reply = (*client)->ListPeers();
  if (!reply.ok()) return Fail(reply.status());
  std::vector<std::string> names;
  for (const v1::PeerRecord& peer : reply->peers()) {
    names.push_back(peer.name());
    if (peer.name() != name) continue;
    JsonWriter json;
    WritePeer(json, peer);
    if (invocation.json) {
      Print(json.text());
    } else {
      PrintPeer(invocation.terminal, peer);
    }
    return Exit::kOk;
  }
  const std::string meant = model::DidYouMean(name, names);
  return Fail(RejectReason::kNotFound,
              "'" + name + "' is no peer of this node" + (meant.empty() ? "" : "; did you mean '" + meant + "'?"));
}

void AddAdd(Command family, Invocation& invocation) {
  Command command = family.AddCommand("add", "Accept an organisation, or change what is on file about it");
  const auto flags = std::make_shared<AddFlags>();
  command.AddOption("CARD", flags->card_file, "The card file that its `entente init` wrote").Required().Kind("FILE");
  command.AddOption("--fingerprint", flags->fingerprint, "Its fingerprint, compared over a channel you trust")
      .Required();
  command.AddOption("--nation", flags->nation, "ISO 3166-1 code of its nation").Required();
  command.AddOption("--kind", flags->kind, "nation, cert, private, research, observer or relay")
      .Required()
      .Kind("KIND");
  command
      .AddOption("--ceiling", flags->ceiling,
                 "Strictest label ever exchanged with it (default: AMBER+STRICT; GREEN for an observer or relay)")
      .Kind("LABEL");
  command.AddOption("--name", flags->name, "What to call it here (default: the card's name)");
  command.AddOption("--sector", flags->sectors, "A sector it belongs to, as in energy; repeat for more").OneEach();
  command
      .AddOption("--identity", flags->identities,
                 "Id of a STIX identity object that it speaks as; nobody else may name it as creator; repeat for more")
      .Kind("ID")
      .OneEach();
  command.OnChosen(
      [&invocation, flags] { invocation.command = [&invocation, flags] { return RunAdd(invocation, *flags); }; });
}

}  // namespace

void AddPeer(Command app, Invocation& invocation) {
  Command family = app.AddCommand("peer", "The organisations this node exchanges with");
  AddAdd(family, invocation);
  Command list = family.AddCommand("list", "All peers");
  list.OnChosen([&invocation] { invocation.command = [&invocation] { return RunList(invocation); }; });
  Command show = family.AddCommand("show", "One peer");
  const auto name = std::make_shared<std::string>();
  show.AddOption("NAME", *name, "Name of the peer").Required().Kind("PEER");
  show.OnChosen(
      [&invocation, name] { invocation.command = [&invocation, name] { return RunShow(invocation, *name); }; });
}

}  // namespace entente::cli
