#pragma once

#include <mutex>
#include <optional>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "services/peer/agreement_news.h"
#include "services/peer/catch_up.h"
#include "services/peer/document_answers.h"
#include "services/peer/document_inbox.h"
#include "services/peer/document_intake.h"
#include "services/peer/group_news.h"

namespace entente::peer {

inline constexpr int kMaxBadDocuments = 32;  // of one session

// The documents of one session: docs/formats/session.md, "Documents". What comes waits, within its bounds, for the
// session's thread, which does all else.
class Documents {
 public:
  Documents(const exchange::Room& room, exchange::Groups& groups, const OrgId& peer);

  // --- On the transport's threads. Refuse as DocumentInbox does: the session is over ---
  absl::Status OnWant(v1::Want want);
  absl::Status OnDocument(v1::Document document, SteadyTime now);

  // --- On the session's thread, but for the last three: any ---
  // The peer's Hello names this version of its documents, which is not on file. Until Begin nothing of it counts but
  // that, and nothing is answered but what it asks of this organisation's own documents.
  void AskForNewer(uint64_t version);
  bool asking_for_newer() const { return newer_ != 0; }  // the answer is not whole yet
  // Both Hellos hold, and both say level 1.
  void Begin(SteadyTime now);
  // One step: answers a question, looks at a document, asks, or tells news. `send` is false once the stream is closed.
  // Refuses with kPeerDown then, with kBudget beyond kMaxBadDocuments, and with the store's faults: the session is
  // over. Of what AskForNewer asked for also as trust::Directory::Extend does.
  using Send = absl::FunctionRef<bool(const v1::Frame&)>;
  absl::Status Work(SteadyTime now, Send send);
  bool WorkWaits(SteadyTime now) const;
  SteadyTime due() const;       // when work may wait that nobody calls for
  uint64_t held_bytes() const;  // any thread

 private:
  using Came = DocumentInbox::Came;
  absl::Status Answer(const v1::Want& want, SteadyTime now, Send send);
  absl::Status Take(Came came, SteadyTime now);
  absl::Status TakeAnswer(SteadyTime now);
  absl::Status TakeNewer();
  absl::Status Ask(const v1::Want& question, Send send);
  absl::Status Tell(SteadyTime now, Send send);
  // What became of one document or run, of `group` unless it is an identity document. Refuses as Work does.
  absl::Status Note(const DocumentIntake::Outcome& outcome, const std::optional<GroupId>& group, bool asked,
                    SteadyTime now);

  const exchange::Room room_;
  const OrgId peer_;
  mutable std::mutex mutex_;
  DocumentInbox inbox_;         // under mutex_
  size_t collected_bytes_ = 0;  // of answer_ and what catch_up_ keeps; under mutex_

  const DocumentAnswers answers_;
  const DocumentIntake intake_;
  CatchUp catch_up_;
  GroupNews news_;
  AgreementNews agreements_;
  bool begun_ = false;
  uint64_t newer_ = 0;
  std::optional<v1::Want> question_;  // the last that went out
  std::vector<v1::Document> answer_;  // to it, so far
  int bad_ = 0;
};

}  // namespace entente::peer
