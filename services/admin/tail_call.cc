#include <algorithm>
#include <vector>

#include "services/admin/calls.h"

namespace entente::admin {
namespace {

constexpr size_t kBatch = 256;         // sequences asked for at a time
constexpr size_t kMaxNewest = 10'000;  // `last` at most; also how far back a filtered `last` looks

class Following {
 public:
  Following(const AdminSources& sources, const exchange::Caller& by, const Growth& growth,
            const v1::TailRequest& request, const grpc::ServerContext& context, grpc::ServerWriter<v1::ObjectRow>& rows)
      : sources_(sources), reading_(sources.room, by), growth_(growth), request_(request), context_(context), rows_(rows) {}

  absl::Status Run() {
    uint64_t after = request_.after_seq();
    if (request_.last() > 0) {
      if (absl::Status status = ShowNewest(after); !status.ok()) return status;
    }
    while (!gone_) {
      const uint64_t seen = growth_.now();
      if (absl::Status status = ShowBehind(after); !status.ok()) return status;
      if (!request_.follow() || gone_) return absl::OkStatus();
      if (growth_.stopped()) return Stopping();
      growth_.WaitBeyond(seen);
      gone_ = context_.IsCancelled();
    }
    return absl::OkStatus();
  }

 private:
  static absl::Status Stopping() { return Reject(RejectReason::kUnavailable, "the node is stopping"); }
  bool Wanted(const v1::ObjectRow& row) const {
    return (request_.type().empty() || row.type() == request_.type()) &&
           (request_.peer().empty() || row.origin() == request_.peer());
  }
  // The row at `seq`, or nothing when policy withholds it or nobody asked for it.
  absl::StatusOr<std::optional<v1::ObjectRow>> RowAt(uint64_t seq) const {
    auto object = reading_.At(seq);
    if (!object.ok()) return object.status();
    if (!object->has_value() || !Wanted((*object)->row)) return std::optional<v1::ObjectRow>();
    return std::optional<v1::ObjectRow>(std::move((*object)->row));
  }

  // Who opens them is on record before they are shown.
  absl::Status Write(const std::vector<v1::ObjectRow>& rows) {
    if (absl::Status status = reading_.Opened("tail", rows); !status.ok()) return status;
    for (const v1::ObjectRow& row : rows) gone_ = gone_ || !rows_.Write(row);
    return absl::OkStatus();
  }

  absl::Status ShowNewest(uint64_t& after) {
    const size_t count = std::min<size_t>(request_.last(), kMaxNewest);
    const bool filtered = !request_.type().empty() || !request_.peer().empty();
    const auto seqs = sources_.room.journal.NewestObjects(filtered ? kMaxNewest : count);
    if (!seqs.ok()) return seqs.status();
    std::vector<v1::ObjectRow> newest;  // the other way round
    for (auto seq = seqs->rbegin(); seq != seqs->rend() && newest.size() < count && !context_.IsCancelled(); ++seq) {
      auto row = RowAt(*seq);
      if (!row.ok()) return row.status();
      if (row->has_value()) newest.push_back(**std::move(row));
    }
    after = seqs->empty() ? 0 : seqs->back();
    std::reverse(newest.begin(), newest.end());
    if (absl::Status status = Write(newest); !status.ok()) return status;
    // Without `follow` the newest are all there is to say, whatever was stored meanwhile.
    gone_ = gone_ || !request_.follow();
    return absl::OkStatus();
  }

  absl::Status ShowBehind(uint64_t& after) {
    while (!gone_) {
      if (growth_.stopped()) return Stopping();
      const auto seqs = sources_.room.journal.Objects(after, kBatch);
      if (!seqs.ok()) return seqs.status();
      if (seqs->empty()) return absl::OkStatus();
      std::vector<v1::ObjectRow> page;
      for (const uint64_t seq : *seqs) {
        auto row = RowAt(seq);
        if (!row.ok()) return row.status();
        if (row->has_value()) page.push_back(**std::move(row));
        after = seq;
      }
      if (absl::Status status = Write(page); !status.ok()) return status;
      gone_ = gone_ || context_.IsCancelled();
    }
    return absl::OkStatus();
  }

  const AdminSources& sources_;
  const exchange::Reading reading_;
  const Growth& growth_;
  const v1::TailRequest& request_;
  const grpc::ServerContext& context_;
  grpc::ServerWriter<v1::ObjectRow>& rows_;
  bool gone_ = false;  // nobody waits for another row
};

}  // namespace

absl::Status RunTail(const AdminSources& sources, const exchange::Caller& by, const Growth& growth,
                     const v1::TailRequest& request, const grpc::ServerContext& context, grpc::ServerWriter<v1::ObjectRow>& rows) {
  if (!request.peer().empty()) {
    if (const auto origin = sources.room.directory.Named(request.peer()); !origin.ok()) return origin.status();
  }
  return Following(sources, by, growth, request, context, rows).Run();
}

}  // namespace entente::admin
