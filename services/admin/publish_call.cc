#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "services/admin/calls.h"
#include "services/admin/publish_intake.h"
#include "services/admin/refusal.h"
#include "services/admin/under_way.h"

namespace entente::admin {
namespace {

// Running totals. For every peer permitted + withheld = published, also for one that was accepted half-way: what was
// published before it existed counts as withheld from it.
class Totals {
 public:
  const v1::PublishProgress& Add(const v1::PublishProgress& chunk) {
    for (const auto* peers : {&chunk.permitted(), &chunk.withheld()}) {
      for (const auto& [peer, count] : *peers) total_.mutable_permitted()->insert({peer, 0});
    }
    total_.set_objects(total_.objects() + chunk.objects());
    total_.set_published(total_.published() + chunk.published());
    total_.set_unchanged(total_.unchanged() + chunk.unchanged());
    total_.set_quarantined(total_.quarantined() + chunk.quarantined());
    total_.set_rejected(total_.rejected() + chunk.rejected());
    for (auto& [peer, permitted] : *total_.mutable_permitted()) {
      const auto more = chunk.permitted().find(peer);
      if (more != chunk.permitted().end()) permitted += more->second;
    }
    WithholdTheRest();
    *total_.mutable_notable() = chunk.notable();
    return total_;
  }
  const v1::PublishProgress& Finish(const exchange::Room& room) {
    total_.clear_notable();
    for (const auto& party : room.directory.All()) {
      total_.mutable_permitted()->insert({party->party.name, 0});
      (*total_.mutable_positions())[party->party.name] = room.journal.NewestOutboxPosition(party->party.org);
    }
    WithholdTheRest();
    return total_;
  }

 private:
  void WithholdTheRest() {
    for (const auto& [peer, permitted] : total_.permitted()) {
      (*total_.mutable_withheld())[peer] = total_.published() - permitted;
    }
  }
  v1::PublishProgress total_;
};

// Sends the totals after each durable chunk. Returns the first refusal; chunks behind it that did become durable are
// still counted and told.
absl::Status TellProgress(UnderWay& under_way, Totals& totals, PublishStream& stream) {
  absl::Status first;
  while (std::optional<UnderWay::Outcome> outcome = under_way.Next()) {
    if (outcome->ok()) {
      stream.Write(totals.Add(**outcome));
    } else if (first.ok()) {
      first = outcome->status();
    }
  }
  return first;
}

size_t BytesOf(const std::vector<exchange::PublishItem>& items) {
  size_t bytes = 0;
  for (const exchange::PublishItem& item : items) bytes += item.content.size();
  return bytes;
}

// The daemon never sees the file: that it broke off, and why, is the client's to say.
absl::Status CountBreak(exchange::Counters& counters, const std::string& broke_off) {
  if (broke_off.empty()) return absl::OkStatus();
  const auto reason = ReasonNamed(broke_off);
  if (!reason.has_value()) return Reject(RejectReason::kUsage, "the file is said to break off for no known reason");
  counters.CountReject(exchange::Door::kPublish, *reason);
  return absl::OkStatus();
}

// Reads chunks until the client has sent all, breaks the protocol, or the journal refuses.
absl::Status ReadChunks(const AdminSources& sources, const exchange::PublishTerms& terms, v1::PublishChunk chunk,
                        const std::shared_ptr<UnderWay>& under_way, PublishStream& stream) {
  PublishIntake intake;
  uint64_t index = 0;
  do {
    std::vector<exchange::PublishItem> items;
    if (absl::Status status = CountBreak(sources.room.counters, chunk.broke_off()); !status.ok()) return status;
    const absl::Status taken = intake.Take(chunk, items);
    const uint64_t count = items.size();
    if (count > 0) {
      const auto slot = under_way->Enter(BytesOf(items));
      sources.publication.Publish(std::move(items), terms, index, [under_way, slot](UnderWay::Outcome outcome) {
        under_way->Settle(*slot, std::move(outcome));
      });
      index += count;
    }
    if (!taken.ok()) return taken;
    if (under_way->failed()) return absl::OkStatus();  // the writer has the reason
    chunk.Clear();
    if (!stream.Read(&chunk)) return intake.Finish();
  } while (!chunk.has_options());
  return Reject(RejectReason::kUsage, "only the first chunk may carry options");
}

}  // namespace

absl::Status RunPublish(const AdminSources& sources, const grpc::ServerContext& context, PublishStream& stream) {
  v1::PublishChunk first;
  if (!stream.Read(&first)) return Reject(RejectReason::kUsage, "the first chunk is missing; it carries the options");
  if (!first.has_options()) return Reject(RejectReason::kUsage, "the first chunk must carry the options");
  const auto terms = sources.publication.Terms(first.options());
  if (!terms.ok()) return terms.status();

  const auto under_way = std::make_shared<UnderWay>();
  Totals totals;
  absl::Status journal;
  std::thread writer([&] { journal = TellProgress(*under_way, totals, stream); });
  const absl::Status reading = ReadChunks(sources, *terms, std::move(first), under_way, stream);
  under_way->Close();
  writer.join();

  if (!journal.ok()) return journal;
  if (context.IsCancelled()) return Reject(RejectReason::kUnavailable, "the client has gone");
  stream.Write(totals.Finish(sources.room));
  return reading;
}

}  // namespace entente::admin
