#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "exchange/rule_replay.h"

namespace entente::exchange {

inline constexpr size_t kMaxRuleVersions = 4096;  // of rules in force that can be shown and brought back: the newest
inline constexpr size_t kMaxRulesFile = 256;      // bytes of a rule file's name, as messages call it

// The local rules of a node as its operator changes them: read, compared, put in force, brought back, tried in the
// shadow. What counts stands in the journal first, and comes back from there at the start. Thread-safe; one change at a
// time.
class RuleChanges {
 public:
  RuleChanges(Room room, RuleBook& book) : room_(room), book_(book) {}
  // Refuses with kStoreCorrupt, kStoreIo, and kConfig where the rules on file cannot be read by this version: without
  // them nothing may leave.
  absl::Status Load();

  // What a file says, with the names that are known here now. Refuses with kConfig (docs/formats/rules.md).
  absl::StatusOr<policy::Rules> Read(const v1::RulesText& text) const;
  // In force, in the shadow, and the `limit` newest before them.
  v1::PolicyReply Show(size_t limit) const;
  // With its text; number 0 is what is in force now. Refuses with kNotFound, kStoreCorrupt.
  absl::StatusOr<v1::RulesRecord> ShowText(const v1::PolicyShow& which) const;
  // What would flow, and what would stop, under these rules instead of those in force. Refuses as Read and with
  // kUnavailable when nobody waits any more.
  absl::StatusOr<v1::PolicyReply> Compare(const v1::RulesText& text, const ReplayProgress& progress) const;
  // Puts rules in force: new ones, or with `back_to` those of an earlier number (0: none). Refuses with kRulesOpen
  // where objects above GREEN would newly flow and `accept` is not exactly how many, and where it is and they do not;
  // with kUnavailable while another change is under way; with kNotFound.
  // `by` asks for it, as the journal then says.
  absl::StatusOr<v1::PolicyReply> Apply(const v1::PolicyApply& change, bool back, const ReplayProgress& progress,
                                        std::string_view by = {});
  // An empty text ends the shadow.
  absl::StatusOr<v1::PolicyReply> SetShadow(const v1::RulesText& text, std::string_view by = {});

 private:
  struct Version {
    uint64_t seq = 0;  // of its record
    v1::RulesRecord record;
  };
  absl::StatusOr<std::vector<std::string>> PartyNames() const;
  std::vector<std::string> ListNames() const;
  static absl::Status CheckSince(RuleDiff& since, const storage::Reader& reader, uint64_t upto, uint64_t seq);
  absl::StatusOr<v1::RulesText> TextOf(const Version& version) const;
  absl::StatusOr<v1::RulesText> TextOfNumber(uint64_t number) const;
  // `check` says whether the record may stand at `seq`, behind everything that counts then.
  using Check = std::function<absl::Status(const storage::Reader&, uint64_t seq)>;
  absl::Status Commit(const v1::RulesChanged& record, RuleSet next, const Check& check, std::string_view by);
  void Remember(const v1::RulesChanged& record, uint64_t seq, absl::Time since, std::string_view by);

  const Room room_;
  RuleBook& book_;
  std::mutex changing_;
  mutable std::mutex mutex_;  // guards what follows
  std::map<uint64_t, Version> versions_;
  Version shadow_;
};

}  // namespace entente::exchange
