#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "exchange/exchange.h"
#include "exchange/reading.h"

namespace entente::exchange {

inline constexpr size_t kMaxDraftObjects = 1000, kMaxDraftBytes = 4u << 20;  // of one draft
inline constexpr size_t kMaxDraftNote = 512;      // bytes of what somebody says about a draft
inline constexpr size_t kMaxDraftWords = 32;      // reviews of one draft
inline constexpr size_t kMaxDraftsWaiting = 256;  // at a time
inline constexpr size_t kMaxDraftsOfOne = 32;     // of them by one author
inline constexpr size_t kMaxDraftsSettled = 256;  // published, dropped or expired: the newest that can be listed
inline constexpr size_t kMaxDraftRows = 1000;     // told of at once
inline constexpr absl::Duration kDraftAge = absl::Hours(24 * 30);  // then nobody publishes it any more

// Publications that wait for somebody to publish them: parsed and checked when they are made, neither signed nor sent,
// decided anew by the rules of the moment in which they are published, and then whole or not at all. Every step stands
// in the journal with who made it, and comes back from there at the start. Thread-safe; one step at a time.
class Drafts {
 public:
  Drafts(Room room, Publication& publication) : room_(room), publication_(publication) {}
  // Refuses with kStoreCorrupt, kStoreIo.
  absl::Status Load();

  // What `items` would become if they were published, as a publish reports it; where nothing of it is refused or held,
  // they are a draft, and its number is in `draft`. Refuses with kLimit over the bounds above, kUsage.
  absl::StatusOr<v1::PublishProgress> Make(std::vector<PublishItem> items, const PublishTerms& terms,
                                           const std::string& note, const Caller& by);
  // Newest first. Of drafts whose label is not for the caller's eyes it tells that they are there: what they say is
  // left out of the row.
  absl::StatusOr<std::vector<v1::DraftRow>> List(size_t limit, const Caller& by) const;
  // Refuses with kNotFound, and with policy's reason where the label is not for the caller's eyes and the draft is
  // another's. It is recorded who opened it.
  struct Whole {
    v1::DraftRow row;
    std::vector<Bytes> contents;
  };
  absl::StatusOr<Whole> Show(uint64_t number, const Caller& by) const;
  // Refuse with kNotFound; kConflict where it waits no more; kRole for an author's own review, and where neither an author
  // nor an officer publishes or drops; Publish besides with kSecondOfficer, with kConflict where an object would be labelled
  // less strictly than it was drafted, and with the reason that stops one of its objects.
  absl::Status Review(uint64_t number, const std::string& note, const Caller& by);
  absl::Status Drop(uint64_t number, const std::string& why, const Caller& by);
  absl::StatusOr<v1::PublishProgress> Publish(uint64_t number, const Caller& by);

 private:
  struct Draft {
    v1::DraftRow row;  // `state` empty while it waits
    uint64_t seq = 0;  // of the record that it was made in
    uint32_t author = 0;
    model::Label label = model::Label::kUnlabelled;
  };
  static void Take(const v1::Record& record, uint64_t seq, std::map<uint64_t, Draft>& drafts);
  absl::StatusOr<Draft> Named(uint64_t number) const;
  absl::StatusOr<Draft> Waiting(uint64_t number) const;
  absl::StatusOr<v1::DraftMade> Made(const Draft& draft) const;
  absl::Status CheckSight(const Draft& draft, model::Label label, const Caller& by) const;
  absl::Status CheckAuthority(const Draft& draft, const Caller& by, std::string_view what) const;
  v1::DraftRow Row(const Draft& draft) const;
  bool Expired(const Draft& draft) const;
  bool IsOfficer(const Caller& caller) const;
  absl::Status Label(const PublishTerms& terms, std::vector<PublishItem>& items) const;
  absl::Status CheckRoom(const std::vector<PublishItem>& items, const std::string& note, const Caller& by) const;
  absl::Status Commit(const v1::DraftStep& step, const Caller& by);
  void Forget();

  const Room room_;
  Publication& publication_;
  std::mutex stepping_;
  mutable std::mutex mutex_;  // guards what follows
  std::map<uint64_t, Draft> drafts_;
  uint64_t newest_ = 0;
};

}  // namespace entente::exchange
