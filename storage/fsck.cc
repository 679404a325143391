#include "storage/fsck.h"

#include <algorithm>

#include "base/reject.h"
#include "storage/head.h"
#include "storage/store_check.h"

namespace entente::storage {
namespace {

class Spliced final : public Rows {
 public:
  Spliced(const Rows& journal, const Rows& views) : journal_(journal), views_(views) {}
  absl::StatusOr<std::optional<Bytes>> Get(Family family, ByteView key) const override {
    return Of(family).Get(family, key);
  }
  absl::Status Scan(Family family, ByteView prefix, ByteView from, Visit visit) const override {
    return Of(family).Scan(family, prefix, from, visit);
  }

 private:
  const Rows& Of(Family family) const { return family == Family::kJournal ? journal_ : views_; }
  const Rows& journal_;
  const Rows& views_;
};

bool IsDamage(const absl::Status& status) {
  return ReasonOf(status) == RejectReason::kStoreCorrupt;
}

struct Differences {
  uint64_t missing = 0, extra = 0, changed = 0;
  bool any() const { return missing + extra + changed != 0; }
};

}  // namespace

Fsck::Fsck(const Database& store, const crypto::AtRest& at_rest, const trust::Self& self, std::string path,
           const Journal::Cancelled& cancelled)
    : store_(store),
      at_rest_(at_rest),
      self_(trust::HistoryOf(self)),
      path_(std::move(path)),
      scratch_path_(path_ + ".fsck"),
      cancelled_(cancelled),
      views_(Keys(at_rest, &memory_)),
      statements_(self_) {}

Fsck::~Fsck() {
  overlay_.reset();
  scratch_.reset();
  // What cannot be removed now is removed by the next check; nothing in it is in the clear.
  Database::Destroy(scratch_path_).IgnoreError();
}

void Fsck::Problem(std::string sentence) {
  if (report_.problems.size() < kMaxProblems) report_.problems.push_back(std::move(sentence));
}

absl::Status Fsck::GoesOn() const {
  if (!cancelled_ || !cancelled_()) return absl::OkStatus();
  return Reject(RejectReason::kUnavailable, "the check was cancelled before it was done; run it again");
}

absl::StatusOr<Journal::FsckReport> Fsck::Run() {
  // The head first: what it names is then in the snapshot.
  absl::StatusOr<std::optional<HeadFile::Found>> head = HeadFile::Read(path_ + ".head", kHeadTries);
  frozen_ = store_.Freeze();
  if (!head.ok() && !IsDamage(head.status())) return head.status();
  absl::StatusOr<v1::HeadBody> body = Reject(RejectReason::kStoreCorrupt, "the head file is missing");
  if (!head.ok()) body = head.status();
  if (head.ok() && head->has_value()) body = trust::CheckOwnHead(self_, (*head)->head);
  if (body.ok()) {
    if (absl::Status offset = TakeOffset(SealedRows(store_, at_rest_), *body); !offset.ok()) body = offset;
  }
  if (body.ok()) {
    head_ = *std::move(body);
  } else {
    Problem("head: " + std::string(body.status().message()));
  }
  if (absl::Status status = Database::Destroy(scratch_path_); !status.ok()) return status;
  absl::StatusOr<std::unique_ptr<Database>> scratch =
      Database::Open(scratch_path_, Database::Create::kIfMissing, Database::Purpose::kScratch);
  if (!scratch.ok()) return scratch.status();
  scratch_ = *std::move(scratch);
  stored_ = std::make_unique<SealedRows>(store_, at_rest_, frozen_.get());
  rebuilt_ = std::make_unique<SealedRows>(*scratch_, at_rest_);
  spliced_ = std::make_unique<Spliced>(*stored_, *rebuilt_);
  overlay_ = std::make_unique<Overlay>(spliced_.get());
  if (absl::Status status = Tables(); !status.ok()) return status;
  if (absl::Status status = Records(); !status.ok()) return status;
  if (absl::Status status = Flush(); !status.ok()) return status;
  for (const Family family : ViewFamilies()) {
    if (absl::Status status = Compare(family); !status.ok()) return status;
  }
  return report_;
}

// Reads go through a cache that may still hold what the disk has lost; this does not.
absl::Status Fsck::Tables() {
  for (size_t i = 0; i < kFamilies; ++i) {
    const Family family = static_cast<Family>(i);
    const absl::Status status = store_.VerifyTables(family, [this] { return GoesOn(); });
    if (status.ok()) continue;
    if (!IsDamage(status)) return status;
    if (family == Family::kJournal) journal_sound_ = false;
    const bool view = family != Family::kJournal && family != Family::kStore;
    if (view) differing_.push_back(family);
    Problem((view ? "view " : "family ") + std::string(Name(family)) +
            ": damaged on disk: " + std::string(status.message()));
  }
  return absl::OkStatus();
}

absl::Status Fsck::Records() {
  Database::Cursor cursor = store_.Iterate(Family::kJournal, {}, {}, frozen_.get(), /*long_scan=*/true);
  uint64_t last = 0;
  Digest chain;
  for (cursor.SeekToFirst(); cursor.Valid(); cursor.Next()) {
    if (cursor.key().size() != kSeqSize || SeqAtEnd(cursor.key()) != last + 1) {
      journal_sound_ = false;
      Problem("journal: the record behind " + std::to_string(last) + " is missing");
      if (cursor.key().size() != kSeqSize) continue;
    }
    if (absl::Status status = GoesOn(); !status.ok()) return status;
    last = SeqAtEnd(cursor.key());
    Record(last, cursor.value(), chain);
    CheckHead(last, chain);
    ++report_.records;
    if (overlay_->bytes() < kFsckBytes) continue;
    if (absl::Status status = Flush(); !status.ok()) return status;
  }
  const absl::Status status = cursor.status();
  if (!status.ok() && !IsDamage(status)) return status;
  if (!status.ok()) {
    journal_sound_ = false;
    Problem("journal: unreadable behind record " + std::to_string(last) + ": " + std::string(status.message()));
  }
  CheckEnd(last);
  return absl::OkStatus();
}

// `chain` goes in as the hash before this record and out as the one stored here, so that each break is told once.
void Fsck::Record(uint64_t seq, ByteView value, Digest& chain) {
  const auto damaged = [&](const std::string& what) {
    journal_sound_ = false;
    Problem("journal record " + std::to_string(seq) + ": " + what);
  };
  absl::StatusOr<JournalRow> row = SplitJournalRow(seq, value);
  if (!row.ok()) return damaged("it is cut short");
  const Digest expected = NextChain(chain, seq, row->sealed);
  chain = row->chain;
  if (expected != chain) damaged("the hash chain does not hold here");
  absl::StatusOr<Bytes> opened = at_rest_.Open(row->sealed, SealingContext(Family::kJournal, SeqBytes(seq)));
  v1::Record record;
  if (!opened.ok() || !record.ParseFromString(*opened)) return damaged("it does not open; it was changed on disk");
  const absl::Status checked = statements_.Check(record, ViewReader(*overlay_, Keys(at_rest_, &memory_)));
  if (!checked.ok()) Problem("journal record " + std::to_string(seq) + ": " + std::string(checked.message()));
  const absl::Status applied = views_.Apply(record, seq, *overlay_, *overlay_);
  if (!applied.ok()) damaged(std::string(applied.message()));
}

void Fsck::CheckHead(uint64_t seq, const Digest& chain) {
  if (seq == 0 || seq != head_.sequence() || chain.view() == head_.root()) return;
  journal_sound_ = false;
  Problem("journal: record " + std::to_string(seq) + " is not the one that this node signed its head over");
}

void Fsck::CheckEnd(uint64_t last) {
  if (last >= head_.sequence()) return;
  journal_sound_ = false;
  Problem("journal: it ends at record " + std::to_string(last) + ", the signed head at " +
          std::to_string(head_.sequence()));
}

absl::Status Fsck::Flush() {
  Database::Batch batch(*scratch_);
  for (const Family family : ViewFamilies()) AddSealed(at_rest_, family, *overlay_, batch);
  overlay_->Clear();
  return scratch_->Write(batch, /*sync=*/false);
}

absl::Status Fsck::Compare(Family family) {
  Database::Cursor kept = store_.Iterate(family, {}, {}, frozen_.get(), /*long_scan=*/true);
  Database::Cursor made = scratch_->Iterate(family, {}, {}, nullptr, /*long_scan=*/true);
  Differences found;
  kept.SeekToFirst();
  made.SeekToFirst();
  while (kept.Valid() || made.Valid()) {
    if (absl::Status status = GoesOn(); !status.ok()) return status;
    const int order = !kept.Valid() ? 1 : !made.Valid() ? -1 : kept.key().compare(made.key());
    if (order < 0) {
      ++found.extra;
    } else if (order > 0) {
      if (!kept.Valid() && !kept.status().ok()) break;  // unreadable from here on, not missing
      ++found.missing;
    } else {
      const absl::StatusOr<Bytes> old = stored_->OpenRow(family, kept.key(), kept.value());
      const absl::StatusOr<Bytes> anew = rebuilt_->OpenRow(family, made.key(), made.value());
      if (!anew.ok()) return anew.status();
      if (!old.ok() || *old != *anew) ++found.changed;
    }
    if (order <= 0) kept.Next();
    if (order >= 0) made.Next();
  }
  if (!made.status().ok()) return made.status();
  const absl::Status status = kept.status();
  if (!status.ok() && !IsDamage(status)) return status;
  const std::string view = "view " + std::string(Name(family)) + ": ";
  if (!status.ok()) Problem(view + "unreadable: " + std::string(status.message()));
  if (found.missing != 0) Problem(view + std::to_string(found.missing) + " rows are missing");
  if (found.extra != 0) Problem(view + std::to_string(found.extra) + " rows too many");
  if (found.changed != 0) Problem(view + std::to_string(found.changed) + " rows differ from what the journal says");
  const bool known = std::find(differing_.begin(), differing_.end(), family) != differing_.end();
  if (!known && (found.any() || !status.ok())) differing_.push_back(family);
  return absl::OkStatus();
}

absl::Status Fsck::Replace(Database& store) {
  if (!journal_sound_) {
    return Reject(RejectReason::kStoreCorrupt,
                  "the journal itself is damaged, so no views were made from it; restore the "
                  "folder from a backup, or make a new node and let peers send again");
  }
  Database::Batch batch(store);
  batch.Put(Family::kStore, kRebuildKey, "1");
  if (absl::Status status = store.Write(batch, /*sync=*/true); !status.ok()) return status;
  batch.Clear();
  for (const Family family : differing_) {
    if (absl::Status status = store.Replace(family); !status.ok()) return status;
    Database::Cursor made = scratch_->Iterate(family, {}, {}, nullptr, /*long_scan=*/true);
    for (made.SeekToFirst(); made.Valid(); made.Next()) {
      batch.Put(family, made.key(), made.value());
      if (batch.bytes() < kFsckBytes) continue;
      if (absl::Status status = store.Write(batch, /*sync=*/false); !status.ok()) return status;
      batch.Clear();
    }
    if (!made.status().ok()) return made.status();
  }
  batch.Delete(Family::kStore, kRebuildKey);
  return store.Write(batch, /*sync=*/true);
}

}  // namespace entente::storage
