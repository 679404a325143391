#pragma once

#include "storage/committer.h"
#include "storage/fsck.h"
#include "storage/view_reader.h"

namespace entente::storage {

// The journal over one database folder and its head file. Made by Journal::Open alone.
class RocksJournal final : public AnswersReader<Journal> {
 public:
  // What Open found and checked.
  struct Opened {
    std::unique_ptr<Database> database;
    HeadFile head_file;
    JournalHead head;
    Durable durable;
    int64_t last_time_us = 0;
    absl::Status failure;  // not OK: views are damaged; only fsck is served
    std::string notice;    // what was damaged and could be done without
  };
  RocksJournal(JournalOptions options, const crypto::AtRest& at_rest, const trust::Self& self, const Clock& clock,
               Opened opened);
  ~RocksJournal() override { Stop(); }

  void Commit(Body body, Done done) override { committer_.Enqueue(std::move(body), std::move(done)); }
  absl::Status CommitAndWait(Body body) override;
  void Stop() override { committer_.Stop(); }
  void OnGroup(std::function<void(const JournalHead&)> callback) override { committer_.OnGroup(std::move(callback)); }
  JournalHead Head() const override;
  Counters Count() const override;
  CommitStats Stats() const override;
  absl::Status Health() const override { return committer_.Health(); }
  std::string_view FoundAtOpen() const override { return found_at_open_; }
  uint64_t Lag(const OrgId& peer) const override { return Tally(peer).pending; }
  uint64_t NewestOutboxPosition(const OrgId& peer) const override { return Tally(peer).newest; }

  absl::StatusOr<std::optional<Digest>> RootAt(uint64_t sequence) const override;
  absl::StatusOr<std::vector<uint64_t>> Outbox(const OrgId& peer, uint64_t after, size_t limit) const override;
  absl::StatusOr<std::vector<RefusedEntry>> Refused(const OrgId& peer, uint64_t after, size_t limit) const override;
  absl::StatusOr<std::vector<EmbargoedEntry>> Embargoed(const OrgId& peer, const EmbargoedEntry& after,
                                                        size_t limit) const override;
  absl::StatusOr<PeerCursor> Cursor(const OrgId& peer) const override;
  absl::StatusOr<std::vector<v1::PartyAccepted>> Parties() const override;
  absl::StatusOr<std::vector<v1::SignedIdentity>> LaterIdentities(const OrgId& org) const override;
  absl::StatusOr<std::vector<v1::AgreementTaken>> Agreements(const OrgId& org, uint64_t& after,
                                                             size_t limit) const override;
  absl::StatusOr<std::vector<uint64_t>> GroupRecords(uint64_t after, size_t limit) const override;
  absl::StatusOr<std::vector<uint64_t>> RulesRecords(uint64_t after, size_t limit) const override;
  absl::StatusOr<std::vector<uint64_t>> DraftRecords(uint64_t after, size_t limit) const override;
  absl::StatusOr<std::vector<uint64_t>> OpenedRecords(uint64_t after, size_t limit) const override;
  absl::StatusOr<HeldPage> Held(ByteView after, size_t limit) const override;
  absl::StatusOr<std::optional<v1::EpochSlots>> Slots(ByteView epoch_id) const override;
  absl::StatusOr<SearchHits> Search(std::string_view value, size_t limit) const override;
  absl::StatusOr<std::vector<uint64_t>> Objects(uint64_t after, size_t limit) const override;
  absl::StatusOr<std::vector<uint64_t>> NewestObjects(size_t count) const override;
  absl::StatusOr<FsckReport> Fsck(bool rebuild, const Cancelled& cancelled) override;

 private:
  const Rows& rows() const override { return rows_; }
  Keys keys() const override { return Keys(at_rest_); }
  void TellHeadFile(FsckReport& report);
  TallyRow Tally(const OrgId& peer) const;
  absl::StatusOr<std::vector<uint64_t>> SequencesBehind(uint64_t after, Family family, ByteView prefix,
                                                        size_t limit) const;

  const JournalOptions options_;
  const crypto::AtRest& at_rest_;
  const trust::Self self_;
  std::unique_ptr<Database> database_;
  SealedRows rows_;
  const std::string found_at_open_;
  std::mutex fsck_mutex_;
  bool told_at_fsck_ = false;  // under fsck_mutex_: whether found_at_open_ was in a report
  Committer committer_;        // last: its thread uses all of the above
};

// Checks the views of `database` and, where they differ from the journal, replaces them.
absl::StatusOr<Journal::FsckReport> RunFsck(Database& database, const crypto::AtRest& at_rest, const trust::Self& self,
                                            const std::string& path, bool rebuild,
                                            const Journal::Cancelled& cancelled = {});

}  // namespace entente::storage
