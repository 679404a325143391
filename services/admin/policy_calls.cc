#include <utility>

#include "exchange/can_share.h"
#include "services/admin/callers.h"
#include "services/admin/calls.h"
#include "services/admin/publish_intake.h"

namespace entente::admin {
namespace {

constexpr size_t kShownVersions = 20;  // earlier rules that `show` lists

absl::StatusOr<v1::PolicyReply> Show(const AdminSources& sources, const v1::PolicyShow& which, bool with_text) {
  v1::PolicyReply reply = sources.rules.Show(kShownVersions);
  if (!with_text) return reply;
  absl::StatusOr<v1::RulesRecord> record = sources.rules.ShowText(which);
  if (!record.ok()) return record.status();
  reply.clear_earlier();
  *(which.shadow() ? reply.mutable_shadow() : reply.mutable_in_force()) = *std::move(record);
  return reply;
}

absl::StatusOr<v1::PolicyReply> Check(const AdminSources& sources, const v1::RulesText& text) {
  const absl::StatusOr<policy::Rules> rules = sources.rules.Read(text);
  if (!rules.ok()) return rules.status();
  v1::PolicyReply reply = sources.rules.Show(0);
  reply.set_rules(rules->size());
  reply.set_imports(rules->imports());
  return reply;
}

// A change is told to those who act on it once it counts.
absl::StatusOr<v1::PolicyReply> Told(const AdminSources& sources, absl::StatusOr<v1::PolicyReply> changed) {
  if (changed.ok()) sources.ruled(*changed);
  return changed;
}

// What looks over everything stored, or changes what leaves, is an officer's to do.
bool IsAnOfficers(v1::PolicyRequest::ActCase act) {
  return act == v1::PolicyRequest::kDiff || act == v1::PolicyRequest::kApply || act == v1::PolicyRequest::kRollback ||
         act == v1::PolicyRequest::kShadow;
}

absl::StatusOr<v1::PolicyReply> Act(const AdminSources& sources, const exchange::Caller& caller,
                                    const v1::PolicyRequest& request, const exchange::ReplayProgress& progress) {
  const std::string by = exchange::Written(caller);
  if (IsAnOfficers(request.act_case())) {
    const absl::Status officer = CheckOfficer(sources.room.seats, caller, "comparing and changing local rules");
    if (!officer.ok()) return officer;
  }
  switch (request.act_case()) {
    case v1::PolicyRequest::kShow:
      return Show(sources, request.show(), request.show().number() != 0 || request.show().shadow());
    case v1::PolicyRequest::kText:
      return Show(sources, request.text(), true);
    case v1::PolicyRequest::kCheck:
      return Check(sources, request.check());
    case v1::PolicyRequest::kDiff:
      return sources.rules.Compare(request.diff(), progress);
    case v1::PolicyRequest::kApply:
      return Told(sources, sources.rules.Apply(request.apply(), false, progress, by));
    case v1::PolicyRequest::kRollback:
      return Told(sources, sources.rules.Apply(request.rollback(), true, progress, by));
    case v1::PolicyRequest::kShadow:
      return Told(sources, sources.rules.SetShadow(request.shadow(), by));
    case v1::PolicyRequest::ACT_NOT_SET:
      break;
  }
  return Reject(RejectReason::kUsage, "the call names nothing to do");
}

absl::Status Tell(const absl::StatusOr<std::vector<v1::CanShareReply>>& answers, CanShareStream& stream) {
  if (!answers.ok()) return answers.status();
  for (const v1::CanShareReply& answer : *answers) {
    if (!stream.Write(answer)) return Reject(RejectReason::kUnavailable, "the client has gone");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status RunPolicy(const AdminSources& sources, const exchange::Caller& by, const Growth& growth,
                       const v1::PolicyRequest& request, const grpc::ServerContext& context, grpc::ServerWriter<v1::PolicyReply>& replies) {
  const auto progress = [&](uint64_t done, uint64_t about) {
    v1::PolicyReply reply;
    reply.set_done(done);
    reply.set_about(about);
    return !growth.stopped() && !context.IsCancelled() && replies.Write(reply);
  };
  const absl::StatusOr<v1::PolicyReply> reply = Act(sources, by, request, progress);
  if (!reply.ok()) return reply.status();
  replies.Write(*reply);
  return absl::OkStatus();
}

absl::Status RunCanShare(const AdminSources& sources, CanShareStream& stream) {
  v1::PublishChunk chunk;
  if (!stream.Read(&chunk) || !chunk.has_options()) {
    return Reject(RejectReason::kUsage, "the first chunk must carry the options");
  }
  absl::StatusOr<exchange::CanShare> question =
      exchange::CanShare::Begin(sources.room, sources.publication, sources.rules, chunk.options());
  if (!question.ok()) return question.status();
  PublishIntake intake;
  uint64_t index = 0;
  do {
    std::vector<exchange::PublishItem> items;
    const absl::Status taken = intake.Take(chunk, items);
    const uint64_t count = items.size();
    if (absl::Status told = Tell(question->Ask(std::move(items), index), stream); !told.ok()) return told;
    if (!taken.ok()) return taken;
    index += count;
    chunk.Clear();
  } while (stream.Read(&chunk));
  if (absl::Status told = Tell(question->AskRest(), stream); !told.ok()) return told;
  return intake.Finish();
}

}  // namespace entente::admin
