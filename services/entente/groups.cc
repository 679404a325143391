#include <memory>

#include "services/entente/client.h"
#include "services/entente/commands.h"
#include "services/entente/group_report.h"
#include "services/entente/input_file.h"
#include "services/entente/output_file.h"
#include "services/entente/rows.h"

namespace entente::cli {
namespace {

using Names = google::protobuf::RepeatedPtrField<std::string>;

constexpr size_t kMaxDocumentFile = 512 * 1024;  // an armoured membership document
constexpr size_t kShownDigits = 16;

struct GroupFlags {
  v1::GroupsRequest request;
  std::string group, ceiling, exercise, file, hash, out;
  std::vector<std::string> parties, admins, issuers;
  uint32_t threshold = 0;
  bool stays = false, clients = false, compromise = false;
};

void Put(const std::vector<std::string>& from, Names& to) {
  to.Assign(from.begin(), from.end());
}

// Every answer holds the one group, as it is behind what was done. `file` is there where --out was given.
Exit Answered(const Invocation& invocation, const v1::GroupsReply& reply, OutputFile* file) {
  const v1::GroupRecord group = reply.groups().empty() ? v1::GroupRecord() : reply.groups(0);
  const std::string document = !reply.document().empty()       ? reply.document()
                               : group.proposals().size() == 1 ? group.proposals(0).document()
                                                               : "";
  if (file != nullptr) {
    if (document.empty()) {
      return Fail(RejectReason::kUsage, "no one document waits for signatures; --out has nothing to write");
    }
    if (!file->Write(document)) return Fail(file->why());
    if (const absl::Status kept = file->Keep(); !kept.ok()) return Fail(kept);
  }
  if (invocation.json) {
    JsonWriter json;
    WriteGroup(json, group);
    Print(json.text());
    return Exit::kOk;
  }
  PrintGroup(invocation.terminal, group);
  if (reply.document().empty() || reply.counts()) return Exit::kOk;
  Next(invocation.terminal,
       group.proposals().empty()
           ? "it waits for " + Shown(group.log_keeper()) + ", which keeps the group's log"
           : "hand the document (group show --out FILE, or export) to another admin, who runs entente group sign");
  return Exit::kOk;
}

// The file is made first: what it refuses changes no group.
Exit Call(const Invocation& invocation, const GroupFlags& flags) {
  std::unique_ptr<OutputFile> file;
  if (!flags.out.empty()) {
    auto created = OutputFile::Create(flags.out);
    if (!created.ok()) return Fail(created.status());
    file = *std::move(created);
  }
  const auto client = AdminClient::Connect(invocation.node);
  if (!client.ok()) return Fail(client.status());
  const auto reply = (*client)->Groups(flags.request);
  return reply.ok() ? Answered(invocation, *reply, file.get()) : Fail(reply.status());
}

Exit RunCreate(const Invocation& invocation, GroupFlags flags) {
  v1::GroupCreate& create = *flags.request.mutable_create();
  create.set_name(flags.group);
  Put(flags.parties, *create.mutable_members());
  Put(flags.admins, *create.mutable_admins());
  Put(flags.issuers, *create.mutable_issuers());
  create.set_threshold(flags.threshold);
  create.set_ceiling(flags.ceiling);
  create.set_stays(flags.stays);
  create.set_clients(flags.clients);
  create.set_exercise(flags.exercise);
  return Call(invocation, flags);
}

Exit RunChange(const Invocation& invocation, GroupFlags flags, bool adds) {
  if (flags.parties.empty() && flags.admins.empty() && flags.issuers.empty() && flags.threshold == 0) {
    return Fail(RejectReason::kUsage, "name an organisation, as `entente peer list` shows it");
  }
  v1::GroupChange& change = *flags.request.mutable_change();
  change.set_group(flags.group);
  Put(flags.parties, adds ? *change.mutable_add() : *change.mutable_remove());
  Put(flags.admins, *change.mutable_admins());
  Put(flags.issuers, *change.mutable_issuers());
  change.set_threshold(flags.threshold);
  return Call(invocation, flags);
}

Exit RunSign(const Invocation& invocation, GroupFlags flags) {
  if (flags.group.empty() == flags.file.empty())
    return Fail(RejectReason::kUsage, "name the group, or another admin's document with --file");
  v1::GroupSign& sign = *flags.request.mutable_sign();
  sign.set_group(flags.group);
  sign.set_hash(flags.hash);
  if (!flags.file.empty()) {
    auto text = ReadInputFile(flags.file, "membership document", kMaxDocumentFile);
    if (!text.ok()) return Fail(text.status());
    sign.set_document(*std::move(text));
  }
  return Call(invocation, flags);
}

Exit RunList(const Invocation& invocation) {
  const auto client = AdminClient::Connect(invocation.node);
  if (!client.ok()) return Fail(client.status());
  v1::GroupsRequest request;
  request.set_show("");
  const auto reply = (*client)->Groups(request);
  if (!reply.ok()) return Fail(reply.status());
  if (invocation.json) {
    JsonWriter json;
    json.BeginObject().Key("groups").BeginArray();
    for (const v1::GroupRecord& group : reply->groups()) WriteGroup(json, group);
    Print(json.EndArray().EndObject().text());
    return Exit::kOk;
  }
  std::vector<std::vector<std::string>> rows = {{"group", "id", "version", "members", "ceiling", "epoch", "waits"}};
  for (const v1::GroupRecord& group : reply->groups()) {
    rows.push_back(
        {Shown(group.name()), group.group_id().substr(0, kShownDigits), Grouped(group.version()),
         Grouped(group.member_count()), group.version() == 0 ? "-" : PaintedLabel(invocation.terminal, group.ceiling()),
         group.epoch() == 0 ? "none" : Grouped(group.epoch()), Grouped(static_cast<uint64_t>(group.proposals_size()))});
  }
  Print(reply->groups().empty() ? "no groups yet" : Columns(rows, 0));
  Next(invocation.terminal,
       reply->groups().empty() ? "entente group create NAME --member PEER" : "entente group show NAME");
  return Exit::kOk;
}

using Flags = std::shared_ptr<GroupFlags>;

void AddOut(Command command, const Flags& flags) {
  command.AddOption("--out", flags->out, "Write the membership document there, for other admins").Kind("FILE");
}

void AddRoles(Command command, const Flags& flags) {
  command.AddOption("--admin", flags->admins, "Also an admin, who signs changes; repeat for more")
      .Kind("PEER")
      .OneEach();
  command.AddOption("--issuer", flags->issuers, "Also an issuer of epochs, asked behind those before; repeat for more")
      .Kind("PEER")
      .OneEach();
  command.AddOption("--threshold", flags->threshold, "How many admins sign a change").Kind("N");
}

void AddCreate(Command family, Invocation& invocation) {
  Command command =
      family.AddCommand("create", "Found a group; this organisation is a member, an admin, and keeps its log");
  const auto flags = std::make_shared<GroupFlags>();
  command.AddOption("NAME", flags->group, "What to call it, 1 to 64 bytes").Required();
  command.AddOption("--member", flags->parties, "A member; repeat for more").Kind("PEER").OneEach();
  AddRoles(command, flags);
  command.AddOption("--ceiling", flags->ceiling, "Strictest label that the group takes (default: AMBER)").Kind("LABEL");
  command.AddFlag("--stays", flags->stays, "Nothing of the group goes beyond it, whatever its label allows");
  command.AddFlag("--clients", flags->clients, "Members' clients may read what the label lets clients read");
  command.AddOption("--exercise", flags->exercise, "Only statements of this exercise");
  AddOut(command, flags);
  command.OnChosen(
      [&invocation, flags] { invocation.command = [&invocation, flags] { return RunCreate(invocation, *flags); }; });
}

Flags AddWithGroup(Command command, bool required = true) {
  const auto flags = std::make_shared<GroupFlags>();
  Option name = command.AddOption("GROUP", flags->group, "Its name, or the first digits of its id").Kind("GROUP");
  if (required) name.Required();
  return flags;
}

void AddChange(Command family, Invocation& invocation, bool adds) {
  Command command =
      adds ? family.AddCommand("add", "Take members, admins or issuers in; signed by the group's admins")
           : family.AddCommand("remove", "Take members out; the next epoch is issued at once and has no slot for them");
  const Flags flags = AddWithGroup(command);
  command.AddOption("PEER", flags->parties, "Organisations, as `entente peer list` shows them").Kind("PEER");
  if (adds) AddRoles(command, flags);
  AddOut(command, flags);
  command.OnChosen([&invocation, flags, adds] {
    invocation.command = [&invocation, flags, adds] { return RunChange(invocation, *flags, adds); };
  });
}

// Commands that need the group's name and nothing else.
void AddPlain(Command command, const Flags& flags, Invocation& invocation, std::function<void(GroupFlags&)> ask) {
  command.OnChosen([&invocation, flags, ask = std::move(ask)] {
    invocation.command = [&invocation, flags, ask] {
      ask(*flags);
      return Call(invocation, *flags);
    };
  });
}

}  // namespace

void AddGroup(Command app, Invocation& invocation) {
  Command family = app.AddCommand("group", "Groups of organisations that share one key for a while");
  AddCreate(family, invocation);
  Command list = family.AddCommand("list", "The groups that this node follows, and those that wait for signatures");
  list.OnChosen([&invocation] { invocation.command = [&invocation] { return RunList(invocation); }; });
  Command show = family.AddCommand("show", "One group");
  const Flags shown = AddWithGroup(show);
  AddOut(show, shown);
  AddPlain(show, shown, invocation, [](GroupFlags& flags) { flags.request.set_show(flags.group); });
  AddChange(family, invocation, /*adds=*/true);
  AddChange(family, invocation, /*adds=*/false);
  Command sign = family.AddCommand("sign", "Sign a change that another admin of the group has made");
  const Flags signs = AddWithGroup(sign, /*required=*/false);
  sign.AddOption("--file", signs->file, "The document, where it came as a file").Kind("FILE");
  sign.AddOption("--hash", signs->hash, "Only the document with this hash, or that begins so, as `group show` has it")
      .Kind("HASH");
  AddOut(sign, signs);
  sign.OnChosen(
      [&invocation, signs] { invocation.command = [&invocation, signs] { return RunSign(invocation, *signs); }; });
  Command leave = family.AddCommand(
      "leave", "Leave a group: from now on this node neither seals to it nor opens what comes under it");
  AddPlain(leave, AddWithGroup(leave), invocation, [](GroupFlags& flags) { flags.request.set_leave(flags.group); });
  Command rotate = family.AddCommand("rotate", "Issue the group's next epoch now; for its issuers");
  const Flags rotated = AddWithGroup(rotate);
  rotate.AddFlag("--compromise", rotated->compromise,
                 "A member's node or keys were stolen: nothing drains where the ceiling is RED");
  AddPlain(rotate, rotated, invocation, [](GroupFlags& flags) {
    flags.request.mutable_rotate()->set_group(flags.group);
    flags.request.mutable_rotate()->set_compromise(flags.compromise);
  });
}

}  // namespace entente::cli
