#include <iterator>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "exchange/bundle_labels.h"
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
    total_.set_imputed(total_.imputed() + chunk.imputed());
    total_.set_inherited(total_.inherited() + chunk.inherited());
    total_.set_warned(total_.warned() + chunk.warned());
    for (auto& [peer, permitted] : *total_.mutable_permitted()) {
      const auto more = chunk.permitted().find(peer);
      if (more != chunk.permitted().end()) permitted += more->second;
    }
    for (const auto& [peer, count] : chunk.redacted()) (*total_.mutable_redacted())[peer] += count;
    WithholdTheRest();
    *total_.mutable_notable() = chunk.notable();
    *total_.mutable_warnings() = chunk.warnings();
    return total_;
  }
  const v1::PublishProgress& Finish(const exchange::Room& room) {
    total_.clear_notable();
    total_.clear_warnings();
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

// One chunk on its way; one of which every object waits for the rest is told of at once.
void Enter(const AdminSources& sources, const exchange::PublishTerms& terms, std::vector<exchange::PublishItem> items,
           const std::shared_ptr<UnderWay>& under_way) {
  const auto slot = under_way->Enter(BytesOf(items));
  if (items.empty()) return under_way->Settle(*slot, v1::PublishProgress());
  sources.publication.Publish(std::move(items), terms, 0, [under_way, slot](UnderWay::Outcome outcome) {
    under_way->Settle(*slot, std::move(outcome));
  });
}

// Reads chunks until the client has sent all, breaks the protocol, or the journal refuses.
absl::Status ReadChunks(const AdminSources& sources, const exchange::PublishTerms& terms, v1::PublishChunk chunk,
                        const std::shared_ptr<UnderWay>& under_way, exchange::BundleLabels& labels,
                        PublishStream& stream) {
  PublishIntake intake;
  uint64_t index = 0;
  do {
    std::vector<exchange::PublishItem> items;
    if (absl::Status status = CountBreak(sources.room.counters, chunk.broke_off()); !status.ok()) return status;
    const absl::Status taken = intake.Take(chunk, items);
    const uint64_t count = items.size();
    if (count > 0) {
      labels.Take(items, index);
      Enter(sources, terms, std::move(items), under_way);
      index += count;
    }
    if (!taken.ok()) return taken;
    if (under_way->failed()) return absl::OkStatus();  // the writer has the reason
    chunk.Clear();
    if (!stream.Read(&chunk)) return intake.Finish();
  } while (!chunk.has_options());
  return Reject(RejectReason::kUsage, "only the first chunk may carry options");
}

absl::Status ReadAll(const AdminSources& sources, const exchange::PublishTerms& terms, v1::PublishChunk first,
                     const std::shared_ptr<UnderWay>& under_way, PublishStream& stream) {
  exchange::BundleLabels labels(sources.room, terms, sources.room.rules.Now());
  const absl::Status reading = ReadChunks(sources, terms, std::move(first), under_way, labels, stream);
  absl::StatusOr<std::vector<std::vector<exchange::PublishItem>>> rest = labels.Rest();
  if (!rest.ok()) return rest.status();
  for (std::vector<exchange::PublishItem>& items : *rest) {
    if (under_way->failed()) break;
    Enter(sources, terms, std::move(items), under_way);
  }
  return reading;
}

// Everything first, as far as a draft goes: it is one thing.
absl::Status KeepDraft(const AdminSources& sources, const exchange::Caller& by, const exchange::PublishTerms& terms,
                       v1::PublishChunk chunk, PublishStream& stream) {
  const std::string note = chunk.options().draft_note();
  PublishIntake intake;
  std::vector<exchange::PublishItem> items;
  size_t bytes = 0;
  do {
    if (absl::Status status = CountBreak(sources.room.counters, chunk.broke_off()); !status.ok()) return status;
    if (!chunk.broke_off().empty()) return Reject(RejectReason::kUsage, "the file broke off; a draft is made of a whole one");
    std::vector<exchange::PublishItem> more;
    if (absl::Status taken = intake.Take(chunk, more); !taken.ok()) return taken;
    bytes += BytesOf(more);
    std::move(more.begin(), more.end(), std::back_inserter(items));
    if (items.size() > exchange::kMaxDraftObjects || bytes > exchange::kMaxDraftBytes) break;  // Make says so
    chunk.Clear();
  } while (stream.Read(&chunk));
  if (absl::Status whole = intake.Finish(); !whole.ok() && bytes <= exchange::kMaxDraftBytes) return whole;
  const absl::StatusOr<v1::PublishProgress> made = sources.drafts.Make(std::move(items), terms, note, by);
  if (!made.ok()) return made.status();
  stream.Write(*made);
  return absl::OkStatus();
}

}  // namespace

absl::Status RunPublish(const AdminSources& sources, const exchange::Caller& by, const grpc::ServerContext& context,
                        PublishStream& stream) {
  v1::PublishChunk first;
  if (!stream.Read(&first)) return Reject(RejectReason::kUsage, "the first chunk is missing; it carries the options");
  if (!first.has_options()) return Reject(RejectReason::kUsage, "the first chunk must carry the options");
  auto terms = sources.publication.Terms(first.options());
  if (!terms.ok()) return terms.status();
  terms->by = exchange::Written(by);
  if (first.options().draft()) return KeepDraft(sources, by, *terms, std::move(first), stream);

  const auto under_way = std::make_shared<UnderWay>();
  Totals totals;
  absl::Status journal;
  std::thread writer([&] { journal = TellProgress(*under_way, totals, stream); });
  const absl::Status reading = ReadAll(sources, *terms, std::move(first), under_way, stream);
  under_way->Close();
  writer.join();

  if (!journal.ok()) return journal;
  if (context.IsCancelled()) return Reject(RejectReason::kUnavailable, "the client has gone");
  stream.Write(totals.Finish(sources.room));
  return reading;
}

}  // namespace entente::admin
