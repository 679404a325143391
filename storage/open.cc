#include <filesystem>

#include "base/reject.h"
#include "storage/rocks_journal.h"
#include "storage/store_check.h"

namespace entente::storage {
namespace {

// The head file is made before the store: a store without one has lost it.
absl::StatusOr<HeadFile::Found> FindHead(const JournalOptions& options, const trust::Self& self, const Clock& clock) {
  const std::string path = options.path + ".head";
  const bool exists = Database::Exists(options.path);
  absl::StatusOr<std::optional<HeadFile::Found>> head = HeadFile::Read(path);
  if (!head.ok()) return head.status();
  if (!head->has_value()) {
    if (exists) {
      return Reject(RejectReason::kStoreCorrupt,
                    "the head file " + path +
                        " is missing, so nothing proves that the store beside it is whole; "
                        "restore the whole folder from a backup");
    }
    if (!options.create)
      return Reject(RejectReason::kNotFound, "no store at " + options.path + "; entente init makes one");
    std::error_code error;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
    if (error) return Reject(RejectReason::kStoreIo, "cannot make the folder of " + path + ": " + error.message());
    const absl::StatusOr<v1::SignedBody> first = trust::MakeHead(self, options.head_offset, Digest(), clock.Now());
    if (!first.ok()) return first.status();
    if (absl::Status made = HeadFile::Create(path, *first); !made.ok()) return made;
    head = HeadFile::Read(path);
    if (!head.ok()) return head.status();
  }
  v1::HeadBody body;
  if (!exists && body.ParseFromString((*head)->head.body()) && body.sequence() != options.head_offset) {
    return Reject(RejectReason::kStoreShort,
                  "the store at " + options.path + " is gone, but this node signed a head at record " +
                      std::to_string(body.sequence()) + "; restore the whole folder from a backup");
  }
  return **std::move(head);
}

// True when views were being replaced when the node stopped, or lost their family.
absl::StatusOr<bool> NeedsRebuild(const Database& database, uint64_t sequence) {
  if (sequence != 0 && !database.made_families().empty()) return true;
  absl::StatusOr<std::optional<Bytes>> mark = database.Get(Family::kStore, kRebuildKey);
  if (!mark.ok()) return mark.status();
  return mark->has_value();
}

absl::StatusOr<Durable> LoadViews(const JournalOptions& options, const SealedRows& rows, Database& database,
                                  const trust::Self& self, uint64_t sequence) {
  absl::StatusOr<bool> rebuild = NeedsRebuild(database, sequence);
  if (!rebuild.ok()) return rebuild.status();
  if (*rebuild) {
    absl::StatusOr<Journal::FsckReport> report = RunFsck(database, rows.at_rest(), self, options.path, true);
    if (!report.ok()) return report.status();
    if (!report->problems.empty()) return Reject(RejectReason::kStoreCorrupt, report->problems.front());
  }
  return LoadDurable(rows);
}

}  // namespace

absl::StatusOr<Journal::FsckReport> RunFsck(Database& database, const crypto::AtRest& at_rest,
                                            const trust::Self& self, const std::string& path, bool rebuild,
                                            const Journal::Cancelled& cancelled) {
  Fsck fsck(database, at_rest, self, path, cancelled);
  absl::StatusOr<Journal::FsckReport> report = fsck.Run();
  if (!report.ok() || !rebuild || !fsck.views_differ()) return report;
  if (!fsck.journal_sound()) {
    report->problems.push_back("views: not rebuilt, because the journal itself is damaged");
    return report;
  }
  if (absl::Status replaced = fsck.Replace(database); !replaced.ok()) return replaced;
  // With the journal sound, what is left of the problems is about statements, not views.
  const auto views = std::stable_partition(report->problems.begin(), report->problems.end(),
                                           [](const std::string& problem) { return !problem.starts_with("view "); });
  report->repaired.assign(views, report->problems.end());
  report->problems.erase(views, report->problems.end());
  return report;
}

absl::StatusOr<std::unique_ptr<Journal>> Journal::Open(const JournalOptions& options, const crypto::AtRest& at_rest,
                                                       const trust::Self& self, const Clock& clock) {
  absl::StatusOr<HeadFile::Found> found_head = FindHead(options, self, clock);
  if (!found_head.ok()) return found_head.status();
  absl::StatusOr<std::unique_ptr<Database>> opened =
      Database::Open(options.path, options.create ? Database::Create::kIfMissing : Database::Create::kNever,
                     Database::Purpose::kStore);
  if (!opened.ok()) return opened.status();
  Database& database = **opened;
  const SealedRows rows(database, at_rest);
  v1::HeadBody body;
  const bool fresh = body.ParseFromString(found_head->head.body()) && body.sequence() == options.head_offset;
  if (absl::Status owner =
          CheckOwner(database, at_rest, self.org(), fresh ? std::optional(options.head_offset) : std::nullopt);
      !owner.ok())
    return owner;
  absl::StatusOr<Met> met = MeetHead(rows, self, clock, options.path + ".head", found_head->head);
  if (!met.ok()) return met.status();
  RocksJournal::Opened found;
  found.head_file = std::move(met->file);
  found.head = met->head;
  found.last_time_us = met->time_us;
  if (found_head->damaged_slots > 0) found.notice = kHeadHalfDamaged;
  absl::StatusOr<Durable> durable = LoadViews(options, rows, database, self, found.head.sequence);
  if (durable.ok()) {
    found.durable = *std::move(durable);
  } else if (options.repair && ReasonOf(durable.status()) == RejectReason::kStoreCorrupt) {
    found.failure = durable.status();
  } else {
    return durable.status();
  }
  found.durable.head = found.head;
  found.database = *std::move(opened);
  return std::make_unique<RocksJournal>(options, at_rest, self, clock, std::move(found));
}

}  // namespace entente::storage
