#include "exchange/file_export.h"

#include <utility>

#include "envelope/export_file.h"
#include "exchange/delivery.h"
#include "exchange/group_entries.h"
#include "exchange/publication_batch.h"
#include "exchange/release.h"

namespace entente::exchange {
namespace {

using envelope::ExportKind;

class Exporting {
 public:
  Exporting(const Room& room, const Groups& groups, const trust::Accepted& peer,
            const std::optional<trust::Prekey>& prekey, FileSink sink)
      : room_(room), groups_(groups), peer_(peer.identity.org()), prekey_(prekey), sink_(sink) {}

  absl::StatusOr<v1::ExportReport> Run() {
    if (absl::Status status = Give(writer_.Begin(room_.self.org(), peer_)); !status.ok()) return status;
    if (absl::Status status = Documents(); !status.ok()) return status;
    for (const auto step : {&Exporting::EmbargoEnded, &Exporting::Refused, &Exporting::Queued}) {
      if (!prekey_.has_value()) break;
      if (absl::Status status = (this->*step)(); !status.ok()) return status;
    }
    if (absl::Status status = Give(writer_.End()); !status.ok()) return status;
    return report_;
  }

 private:
  absl::Status Give(absl::StatusOr<Bytes> piece) {
    if (!piece.ok()) return piece.status();
    return sink_(*piece) ? absl::OkStatus() : Reject(RejectReason::kUnavailable, "who asked for the file has gone");
  }

  // In front of the envelopes, so that a reader without a line has what it checks them with and can answer by file.
  absl::Status Documents() {
    const trust::IdentityHistory own = trust::HistoryOf(room_.self);
    for (const auto& identity : own.versions()) {
      const Bytes document = identity->wire().SerializeAsString();
      if (absl::Status status = Give(writer_.Add(ExportKind::kIdentity, document)); !status.ok()) return status;
    }
    const v1::SignedBody prekey = room_.prekeys.OfflineOffer();
    if (!prekey.body().empty()) {
      if (absl::Status status = Give(writer_.Add(ExportKind::kPrekey, prekey.SerializeAsString())); !status.ok())
        return status;
    }
    return AddGroupEntries(room_, groups_, peer_,
                           [&](ExportKind kind, ByteView bytes) { return Give(writer_.Add(kind, bytes)); });
  }

  absl::Status Queued() {
    const absl::StatusOr<storage::PeerCursor> cursor = room_.journal.Cursor(peer_);
    if (!cursor.ok()) return cursor.status();
    // What comes while the file is written is for the next one.
    const uint64_t newest = room_.journal.NewestOutboxPosition(peer_);
    for (uint64_t after = cursor->delivered; after < newest;) {
      absl::StatusOr<std::vector<uint64_t>> seqs = room_.journal.Outbox(peer_, after, kBatchStatements);
      if (!seqs.ok()) return seqs.status();
      if (seqs->empty()) break;
      after = seqs->back();
      if (absl::Status status = Release(*std::move(seqs)); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::Status Refused() {
    for (uint64_t after = 0;;) {
      const auto entries = room_.journal.Refused(peer_, after, kBatchStatements);
      if (!entries.ok()) return entries.status();
      if (entries->empty()) return absl::OkStatus();
      std::vector<uint64_t> seqs;
      for (const storage::RefusedEntry& entry : *entries) seqs.push_back(entry.seq);
      after = seqs.back();
      if (absl::Status status = Release(std::move(seqs)); !status.ok()) return status;
    }
  }

  absl::Status EmbargoEnded() {
    const absl::Time ended = room_.clock.Now() - kEmbargoMargin;
    for (storage::EmbargoedEntry after{absl::InfinitePast(), 0};;) {
      const auto entries = room_.journal.Embargoed(peer_, after, kBatchStatements);
      if (!entries.ok()) return entries.status();
      std::vector<uint64_t> seqs;
      for (const storage::EmbargoedEntry& entry : *entries) {
        if (entry.until > ended) break;
        // An envelope takes entries in their order in the journal; those of another time begin anew.
        if (!seqs.empty() && entry.until != after.until) break;
        seqs.push_back(entry.seq);
        after = entry;
      }
      if (seqs.empty()) return absl::OkStatus();
      if (absl::Status status = Release(std::move(seqs)); !status.ok()) return status;
    }
  }

  absl::Status Release(std::vector<uint64_t> seqs) {
    while (!seqs.empty()) {
      if (absl::Status status = Give(Bytes()); !status.ok())
        return status;  // what is withheld alone gives nothing to write
      absl::StatusOr<Released> released = ReleaseFirst(room_, peer_, seqs, *prekey_, SealMode::kDirect);
      if (!released.ok()) return released.status();
      report_.set_withheld(report_.withheld() + released->withheld.size());
      const size_t done = released->sent.size() + released->withheld.size();
      seqs.erase(seqs.begin(), seqs.begin() + static_cast<std::ptrdiff_t>(done));
      if (released->sent.empty()) continue;
      report_.set_envelopes(report_.envelopes() + 1);
      report_.set_objects(report_.objects() + released->sent.size());
      if (absl::Status status = Give(writer_.Add(ExportKind::kEnvelope, released->envelope)); !status.ok())
        return status;
    }
    return absl::OkStatus();
  }

  const Room& room_;
  const Groups& groups_;
  const OrgId peer_;
  const std::optional<trust::Prekey>& prekey_;
  const FileSink sink_;
  envelope::ExportWriter writer_;
  v1::ExportReport report_;
};

}  // namespace

absl::StatusOr<v1::ExportReport> ExportTo(const Room& room, const Groups& groups, const OrgId& peer,
                                          const std::optional<trust::Prekey>& prekey, FileSink sink) {
  const auto party = room.directory.Find(peer);
  const bool documents_alone = !prekey.has_value();
  if (!party || (peer == room.self.org() && !documents_alone)) {
    return Reject(RejectReason::kUnknownParty, "the party is not on file here; add it with `entente peer add`");
  }
  return Exporting(room, groups, *party, prekey, sink).Run();
}

}  // namespace entente::exchange
