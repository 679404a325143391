#pragma once

#include <deque>
#include <optional>

#include "absl/status/status.h"
#include "base/bytes.h"
#include "entente/v1/peer.pb.h"
#include "services/peer/dialler.h"

namespace entente::peer {

inline constexpr size_t kMaxWants = 8;  // of the peer, without their `end` yet
inline constexpr uint32_t kMaxWantCount = 1024;
inline constexpr size_t kMaxAnswerBytes = 16u << 20;  // of the documents in one answer
inline constexpr size_t kMaxAnswerDocuments = 2048;   // more than any number of documents has several of
inline constexpr size_t kMaxDocumentBytes = 2u << 20;
inline constexpr int kDocumentsPerMinute = 64;        // unasked
inline constexpr size_t kMaxUnaskedBytes = 8u << 20;  // that wait to be looked at
inline constexpr size_t kDocumentIdBytes = 32;

// What comes at an even pace: `burst` at once, and as many again in a minute.
class PerMinute {
 public:
  explicit PerMinute(int burst) : burst_(burst), left_(burst) {}
  bool Take(SteadyTime now);
  SteadyTime next() const;  // when Take is true again; now or before while it is

 private:
  void Refill(SteadyTime now);
  const double burst_;
  double left_;
  SteadyTime refilled_{};
};

// Holds the frames `Want` and `Document` of a peer to their bounds and keeps them for the session's thread
// (docs/formats/session.md, "Documents"). Not thread-safe.
class DocumentInbox {
 public:
  explicit DocumentInbox(const OrgId& peer) : peer_(peer) {}
  // Both refuse with kParse and kLimit, a document also with kBudget; the session is then over.
  absl::Status Take(v1::Want want);
  absl::Status Take(v1::Document document, SteadyTime now);

  // This side's question has gone out: what answers it is told from what comes unasked. REQUIRES !asking().
  void Asked(const v1::Want& question) { question_ = question; }
  bool asking() const { return question_.has_value(); }  // the `end` has not come yet

  std::optional<v1::Want> NextWant();
  void Answered() { --open_wants_; }  // the one that NextWant gave last
  struct Came {
    v1::Document document;
    bool asked = false;  // part of the answer to the question that went out last
  };
  std::optional<Came> NextDocument();  // in the order in which they came
  bool empty() const { return wants_.empty() && documents_.empty(); }
  size_t held_bytes() const { return held_bytes_; }

 private:
  bool Answers(const v1::Document& document) const;
  absl::Status TakeAnswer(const v1::Document& document);
  absl::Status TakeUnasked(const v1::Document& document, SteadyTime now);

  const OrgId peer_;
  std::deque<v1::Want> wants_;
  size_t open_wants_ = 0;
  std::optional<v1::Want> question_;
  size_t answer_bytes_ = 0, answer_documents_ = 0;
  std::deque<Came> documents_;
  size_t held_bytes_ = 0, unasked_bytes_ = 0;
  PerMinute unasked_{kDocumentsPerMinute};
};

// The last number that `want` asks for.
uint64_t LastOf(const v1::Want& want);

}  // namespace entente::peer
