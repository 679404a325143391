#pragma once

#include <optional>
#include <string>
#include <vector>

#include "exchange/exchange.h"

namespace entente::exchange {

struct Found;  // exchange/lookup.h

// Rows that one record of who opened what tells of; a longer answer is told of in several.
inline constexpr size_t kOpenedTogether = 256;
// Hits of a search that are looked through for those that its caller may see.
inline constexpr size_t kSearchedThrough = 10'000;

// Reads for this organisation's own people. Every one is a policy decision, about whoever asks where it is known who
// holds which seat (Room::seats): one that has neither seat nor role gets the denial and nothing else. There, RED and
// AMBER+STRICT are given out once it is durable in the journal who opened them, and not otherwise.
class Reading {
 public:
  // Nobody asks: what no seat and no role is needed for.
  explicit Reading(Room room, std::optional<Caller> caller = {}) : room_(room), caller_(std::move(caller)) {}
  struct Object {
    v1::ObjectRow row;
    Bytes content;
  };
  // `version` empty: the newest that may be read. kNotFound, kUsage, the reason it is in quarantine for, or the policy
  // reason that withholds it.
  absl::StatusOr<Object> Get(std::string_view id, std::string_view version) const;
  // The statement of that object, with the proof that its origin signed it, for checking without a node. Refuses as Get
  // does.
  absl::StatusOr<v1::StatementProof> Prove(std::string_view id, std::string_view version) const;
  absl::StatusOr<v1::SearchReply> Search(std::string_view value, size_t limit) const;
  // The object stored at `seq`, or nothing when policy withholds it: then `withheld` says why. Whoever shows it tells
  // Opened first.
  absl::StatusOr<std::optional<Object>> At(uint64_t seq, absl::Status* withheld = nullptr) const;
  // `version` empty: the newest, be it in quarantine. kNotFound (object or peer), kUsage, and as Get what withholds it.
  absl::StatusOr<v1::ExplainReply> Explain(std::string_view id, std::string_view peer,
                                           std::string_view version = {}) const;

  // OK once it is recorded that the caller opens these rows, as far as they are RED or AMBER+STRICT. `how`: get, tail
  // ...
  absl::Status Opened(std::string_view how, const std::vector<v1::ObjectRow>& rows) const;
  // Whether the caller may see something of this label that is not among the objects: held, or a draft. No label
  // counts as AMBER+STRICT. The denial's reason where not.
  absl::Status CheckLabel(model::Label label) const;

 private:
  absl::StatusOr<Object> Readable(std::string_view id, std::string_view version) const;
  absl::Status CheckReadable(const Found& found) const;
  absl::Status CheckHeld(const storage::QuarantineEntry& held) const;
  policy::Question Asked(const policy::Constraints& constraints, const Subject& subject) const;
  absl::StatusOr<v1::ExplainReply> ExplainHeld(const storage::QuarantineEntry& held,
                                               const trust::Accepted& party) const;
  absl::StatusOr<v1::ExplainReply> ExplainStatement(const storage::VersionEntry& entry, uint64_t seq,
                                                    const trust::Accepted& party) const;
  Room room_;
  std::optional<Caller> caller_;
};

// How strictly something held is treated: what could not be read whole, or whose marking is not understood, may be
// stricter than it states, so it is AMBER+STRICT at least. `reason`: the name of why it is held.
model::Label HeldLabel(model::Label stated, std::string_view reason, bool readable);
// The newest `limit` things that were opened, newest first.
absl::StatusOr<std::vector<v1::OpenedRow>> OpenedBefore(const Room& room, size_t limit);

}  // namespace entente::exchange
