#include "services/peer/document_inbox.h"

#include <algorithm>
#include <utility>

#include "base/reject.h"

namespace entente::peer {
namespace {

absl::Status Malformed(std::string_view what) {
  return Reject(RejectReason::kParse, "the peer's documents are malformed: " + std::string(what));
}

bool IsKnown(v1::DocumentKind kind) {
  return kind != v1::DOCUMENT_KIND_UNSPECIFIED && v1::DocumentKind_IsValid(kind);
}

// What nobody asks for has a place in an answer alone.
bool MayComeUnasked(v1::DocumentKind kind) {
  return kind != v1::DOCUMENT_KIND_PREKEY;
}

}  // namespace

void PerMinute::Refill(SteadyTime now) {
  const std::chrono::duration<double, std::ratio<60>> minutes = now - refilled_;
  if (refilled_ != SteadyTime{}) left_ = std::min(burst_, left_ + std::max(0.0, minutes.count()) * burst_);
  refilled_ = std::max(refilled_, now);
}

bool PerMinute::Take(SteadyTime now) {
  Refill(now);
  if (left_ < 1) return false;
  left_ -= 1;
  return true;
}

SteadyTime PerMinute::next() const {
  if (left_ >= 1) return refilled_;
  const std::chrono::duration<double, std::ratio<60>> wait((1 - left_) / burst_);
  return refilled_ + std::chrono::ceil<std::chrono::milliseconds>(wait);
}

uint64_t LastOf(const v1::Want& want) {
  return want.first() + std::min<uint64_t>(want.count() - 1, UINT64_MAX - want.first());
}

absl::Status DocumentInbox::Take(v1::Want want) {
  if (!IsKnown(want.kind())) return Malformed("a question for no known kind");
  if (want.id().size() != kDocumentIdBytes) return Malformed("a question without an id of 32 bytes");
  if (want.count() == 0 || want.count() > kMaxWantCount) {
    return Reject(RejectReason::kLimit, "the peer asked for no document, or for over 1,024 at once");
  }
  if (open_wants_ >= kMaxWants) {
    return Reject(RejectReason::kLimit, "the peer has 8 open questions and asked another");
  }
  ++open_wants_;
  wants_.push_back(std::move(want));
  return absl::OkStatus();
}

bool DocumentInbox::Answers(const v1::Document& document) const {
  if (!question_ || document.kind() != question_->kind() || document.id() != question_->id()) return false;
  const bool in_range = document.number() >= question_->first() && document.number() <= LastOf(*question_);
  return document.end() ? in_range || document.document().empty() : in_range;
}

absl::Status DocumentInbox::TakeAnswer(const v1::Document& document) {
  answer_bytes_ += document.document().size();
  // What came unasked in between counts here as well: one document of leeway.
  if (answer_bytes_ > kMaxAnswerBytes + kMaxDocumentBytes || ++answer_documents_ > kMaxAnswerDocuments) {
    return Reject(RejectReason::kLimit, "the peer's answer goes on beyond 16 MiB or 2,048 documents");
  }
  if (!document.end()) return absl::OkStatus();
  question_.reset();
  answer_bytes_ = answer_documents_ = 0;
  return absl::OkStatus();
}

absl::Status DocumentInbox::TakeUnasked(const v1::Document& document, SteadyTime now) {
  if (document.end()) return Malformed("the end of an answer to nothing");
  if (!MayComeUnasked(document.kind())) return Malformed("a document of a kind that nobody sends unasked");
  const bool of_the_peer = document.kind() == v1::DOCUMENT_KIND_IDENTITY || document.kind() == v1::DOCUMENT_KIND_AGREEMENT;
  if (of_the_peer && document.id() != peer_.view()) {
    return Malformed("another organisation's identity document or agreement, unasked");
  }
  if (!unasked_.Take(now)) return Reject(RejectReason::kBudget, "the peer sent over 64 documents in a minute unasked");
  if (unasked_bytes_ + document.document().size() > kMaxUnaskedBytes) {
    return Reject(RejectReason::kBudget, "over 8 MiB of documents that nobody asked the peer for wait");
  }
  unasked_bytes_ += document.document().size();
  return absl::OkStatus();
}

absl::Status DocumentInbox::Take(v1::Document document, SteadyTime now) {
  if (!IsKnown(document.kind())) return Malformed("a document of no known kind");
  if (document.id().size() != kDocumentIdBytes) return Malformed("a document without an id of 32 bytes");
  if (document.document().empty() && !document.end()) return Malformed("an empty document");
  if (document.document().size() > kMaxDocumentBytes) {
    return Reject(RejectReason::kLimit, "the peer sent a document over 2 MiB");
  }
  const bool asked = Answers(document);
  const absl::Status taken = asked ? TakeAnswer(document) : TakeUnasked(document, now);
  if (!taken.ok()) return taken;
  held_bytes_ += document.document().size();
  documents_.push_back({std::move(document), asked});
  return absl::OkStatus();
}

std::optional<v1::Want> DocumentInbox::NextWant() {
  if (wants_.empty()) return std::nullopt;
  v1::Want want = std::move(wants_.front());
  wants_.pop_front();
  return want;
}

std::optional<DocumentInbox::Came> DocumentInbox::NextDocument() {
  if (documents_.empty()) return std::nullopt;
  Came came = std::move(documents_.front());
  documents_.pop_front();
  held_bytes_ -= came.document.document().size();
  if (!came.asked) unasked_bytes_ -= came.document.document().size();
  return came;
}

}  // namespace entente::peer
