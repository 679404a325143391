#include "services/peer/documents.h"

#include <algorithm>
#include <utility>

#include "base/reject.h"

namespace entente::peer {
namespace {

// What a frame's id says where it is not an organisation's.
std::optional<GroupId> GroupOf(v1::DocumentKind kind, const Bytes& id) {
  const bool of_none = kind == v1::DOCUMENT_KIND_IDENTITY || kind == v1::DOCUMENT_KIND_AGREEMENT;
  return of_none ? std::nullopt : GroupId::From(id);
}

absl::Status Closed() {
  return Reject(RejectReason::kPeerDown, "the connection closed");
}

}  // namespace

Documents::Documents(const exchange::Room& room, exchange::Groups& groups, const OrgId& peer)
    : room_(room),
      peer_(peer),
      inbox_(peer),
      answers_(room, groups, peer),
      intake_(room, groups, peer),
      catch_up_(room, peer),
      news_(room, groups, peer),
      agreements_(room, peer) {}

absl::Status Documents::OnWant(v1::Want want) {
  const std::lock_guard lock(mutex_);
  return inbox_.Take(std::move(want));
}

absl::Status Documents::OnDocument(v1::Document document, SteadyTime now) {
  const std::lock_guard lock(mutex_);
  return inbox_.Take(std::move(document), now);
}

uint64_t Documents::held_bytes() const {
  const std::lock_guard lock(mutex_);
  return inbox_.held_bytes() + collected_bytes_;
}

void Documents::AskForNewer(uint64_t version) {
  newer_ = version;
  catch_up_.AskIdentity(peer_);
}

void Documents::Begin(SteadyTime now) {
  begun_ = true;
  catch_up_.Begin(now);
  news_.Begin(now);
  agreements_.Begin();
}

bool Documents::WorkWaits(SteadyTime now) const {
  {
    const std::lock_guard lock(mutex_);
    if (!inbox_.empty()) return true;
    if (!inbox_.asking() && catch_up_.due() <= now) return true;
  }
  return news_.changed() || agreements_.changed() || news_.due() <= now;
}

SteadyTime Documents::due() const {
  const std::lock_guard lock(mutex_);
  return std::min(news_.due(), inbox_.asking() ? SteadyTime::max() : catch_up_.due());
}

absl::Status Documents::Work(SteadyTime now, Send send) {
  std::optional<v1::Want> want;
  std::optional<Came> came;
  bool asking;
  {
    const std::lock_guard lock(mutex_);
    want = inbox_.NextWant();
    if (!want) came = inbox_.NextDocument();
    asking = inbox_.asking();
  }
  if (want) return Answer(*want, now, send);
  if (came) return Take(*std::move(came), now);
  if (!asking) {
    if (const std::optional<v1::Want> question = catch_up_.Next(now)) return Ask(*question, send);
  }
  return Tell(now, send);
}

absl::Status Documents::Answer(const v1::Want& want, SteadyTime now, Send send) {
  const bool own_identity = want.kind() == v1::DOCUMENT_KIND_IDENTITY && want.id() == room_.self.org().view();
  if (!begun_ && !own_identity) return absl::OkStatus();  // it is asked again in the next session
  absl::StatusOr<std::vector<v1::Document>> answer = answers_.To(want);
  if (!answer.ok()) return answer.status();
  news_.PeerAsked(want, now);
  for (v1::Document& document : *answer) {
    news_.PeerHas(document);
    v1::Frame frame;
    *frame.mutable_document() = std::move(document);
    if (!send(frame)) return Closed();
  }
  const std::lock_guard lock(mutex_);
  inbox_.Answered();
  return absl::OkStatus();
}

absl::Status Documents::Ask(const v1::Want& question, Send send) {
  question_ = question;
  {
    const std::lock_guard lock(mutex_);
    inbox_.Asked(question);
  }
  v1::Frame frame;
  *frame.mutable_want() = question;
  return send(frame) ? absl::OkStatus() : Closed();
}

absl::Status Documents::Tell(SteadyTime now, Send send) {
  absl::StatusOr<std::vector<v1::Document>> news = news_.Next(now);
  if (!news.ok()) return news.status();
  for (v1::Document& agreement : agreements_.Next()) news->push_back(std::move(agreement));
  for (v1::Document& document : *news) {
    v1::Frame frame;
    *frame.mutable_document() = std::move(document);
    if (!send(frame)) return Closed();
  }
  return absl::OkStatus();
}

// An answer is not asked for again because of what it says, unless a signer's newer document may change that.
absl::Status Documents::Note(const DocumentIntake::Outcome& outcome, const std::optional<GroupId>& group, bool asked,
                             SteadyTime now) {
  const RejectReason reason = ReasonOf(outcome.status);
  if (exchange::IsOwnFault(reason)) return outcome.status;
  bool again = outcome.behind || (!asked && outcome.unopened);
  for (const OrgId& signer : outcome.signers) again = catch_up_.AskIdentity(signer) || again;
  if (again && group) catch_up_.Behind(*group, now);
  if (outcome.status.ok()) return absl::OkStatus();
  room_.counters.CountReject(exchange::Door::kPeer, reason);
  // Of a group whose founders are not on file here its honest members tell, too.
  if (reason == RejectReason::kUnknownParty || ++bad_ < kMaxBadDocuments) return absl::OkStatus();
  return Reject(RejectReason::kBudget, "32 documents of the peer did not hold in one session");
}

absl::Status Documents::Take(Came came, SteadyTime now) {
  if (!came.asked) {
    if (!begun_) return absl::OkStatus();  // told again in the next session
    const std::optional<GroupId> group = GroupOf(came.document.kind(), came.document.id());
    DocumentIntake::Outcome outcome = intake_.TakeUnasked(came.document);
    // What the peer tells while its answers about the group, which come first, are still under way.
    const bool early = ReasonOf(outcome.status) == RejectReason::kUnknownParty && group && catch_up_.AsksAbout(*group);
    if (early) outcome = {absl::OkStatus(), /*behind=*/true};
    if (outcome.status.ok()) news_.PeerSent(came.document, now);
    if (outcome.status.ok()) agreements_.PeerSent(came.document);
    return Note(outcome, group, /*asked=*/false, now);
  }
  const bool end = came.document.end();
  if (!came.document.document().empty()) {
    const std::lock_guard lock(mutex_);
    collected_bytes_ += came.document.document().size();
    answer_.push_back(std::move(came.document));
  }
  if (!end) return absl::OkStatus();
  if (newer_ != 0) return TakeNewer();
  return TakeAnswer(now);
}

absl::Status Documents::TakeNewer() {
  newer_ = 0;
  for (const v1::Document& document : std::exchange(answer_, {})) {
    const DocumentIntake::Outcome outcome = intake_.TakeAsked(document);
    if (!outcome.status.ok()) return outcome.status;
  }
  return absl::OkStatus();
}

// Versions wait for the log that says which of them count. Of the rest each document is by itself, but identity
// documents: each stands on the one before.
absl::Status Documents::TakeAnswer(SteadyTime now) {
  std::vector<v1::Document> answer = std::exchange(answer_, {});
  const v1::DocumentKind kind = question_->kind();
  if (kind == v1::DOCUMENT_KIND_MEMBERSHIP) {
    catch_up_.KeepVersions(std::move(answer));
    return absl::OkStatus();
  }
  const std::optional<GroupId> group = GroupOf(kind, question_->id());
  const auto came = [&](const v1::Document& document) { news_.PeerSent(document, now); };
  absl::Status noted;
  if (kind == v1::DOCUMENT_KIND_GROUP_LOG) {
    const DocumentIntake::Outcome outcome = intake_.TakeRun(*group, catch_up_.versions(), answer);
    std::for_each(catch_up_.versions().begin(), catch_up_.versions().end(), came);
    noted = Note(outcome, group, /*asked=*/true, now);
  } else {
    for (const v1::Document& document : answer) {
      const DocumentIntake::Outcome outcome = intake_.TakeAsked(document);
      if (noted = Note(outcome, group, /*asked=*/true, now); !noted.ok()) break;
      if (kind == v1::DOCUMENT_KIND_IDENTITY && !outcome.status.ok()) break;
    }
  }
  std::for_each(answer.begin(), answer.end(), came);
  catch_up_.Answered(now);
  const std::lock_guard lock(mutex_);
  collected_bytes_ = 0;
  return noted;
}

}  // namespace entente::peer
