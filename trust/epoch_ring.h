#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "crypto/group_keys.h"
#include "crypto/keystore.h"
#include "trust/epoch.h"
#include "trust/group_log.h"

namespace entente::trust {

inline constexpr size_t kMaxEpochsHeld =
    128;  // of one issuer in one group: three days of hourly ones drain, or 35 of daily ones are kept
inline constexpr size_t kMaxTombstones = 1024;                    // of one group
inline constexpr absl::Duration kCatchUpDrain = kEpochGrace;      // of an epoch that comes when it has drained
inline constexpr absl::Duration kEpochUnlogged = absl::Hours(1);  // a log that stalls does not stop a rekey

inline constexpr uint64_t kMaxEpochsAhead = 128;  // of the log: who has no epoch yet begins no further on

enum class EpochState { kAnnounced, kActive, kDraining, kDestroyed };

// An epoch on file. Without its secret where no slot opened yet, or as a tombstone.
struct HeldEpoch {
  Epoch epoch;
  size_t turn = 0;   // its issuer's place among those that are asked
  absl::Time taken;  // here
  std::shared_ptr<const crypto::EpochSecret> secret;
  bool destroyed = false;                    // a tombstone
  bool contradicted = false;                 // its issuer signed another one with its number
  bool unopened = false;                     // its slot did not open here: a re-wrap may come
  absl::Time opened = absl::InfinitePast();  // when the secret came here
};

// One group's epochs and what may be done under each now: docs/formats/epoch.md, "States". What a state depends on is
// given with each question: the group's log and the time. Secrets are on disk before they count and in the keystore
// alone; destroying one wipes it here and there. Not safe for writing from two threads; takes the keystore's mutex.
class EpochRing {
 public:
  // `keystore` outlives this.
  explicit EpochRing(crypto::Keystore& keystore) : keystore_(keystore) {}

  // What step 7 asks of the group beside the epochs.
  struct Terms {
    bool rejoined = false;    // this organisation was out since the newest epoch here: the chain begins anew
    absl::Duration catch_up;  // how long past epochs are given out
  };
  // Steps 7 and 10 for one that is not on file. Refuses with kIdentityChain, kEpochStale, kLimit, and with
  // kEquivocation a second epoch of one issuer and number, unless the log names it.
  absl::Status CheckPlace(const Epoch& epoch, const Terms& terms, const GroupLog& log, const Arrival& arrival) const;
  // Destroys the oldest that an issuer keeps of `issuer` for others alone until there is room for one more of its
  // epochs. The keystore's file is rewritten by the next Hold or Sweep.
  void MakeRoom(const OrgId& issuer, const GroupLog& log, absl::Time now);
  // Enters an epoch whose body was checked. Its secret is with it where the keystore holds it. Refuses with kKeystore.
  absl::Status Announce(const Epoch& epoch, size_t turn, absl::Time taken);
  // Gives an epoch on file its secret, which has been checked against its commitment, and writes it to disk first;
  // `keep` is how long behind its end an issuer re-wraps it. One that has drained already drains once more, for who was
  // away. Refuses with kKeystore, and with kLimit beyond kMaxEpochSecrets of all groups, and then nothing has changed.
  absl::Status Hold(const EpochId& id, crypto::EpochSecret secret, absl::Duration keep, absl::Time now);
  // The tag of an epoch on file, from who knew its secret. REQUIRES the epoch.
  void NoteTag(const EpochId& id, const RouteTag& tag) { tags_.emplace(tag, id); }
  // Its slot did not open, or it has none.
  void NoteUnopened(const EpochId& id) { FindToChange(id)->unopened = true; }
  // Marks an epoch of the same issuer and number, where there is one.
  void NoteContradiction(const Epoch& epoch);

  const HeldEpoch* Find(const EpochId& id) const;
  // Also tombstones. Null for a tag of no epoch here.
  const HeldEpoch* WithTag(const RouteTag& tag) const;
  // Of those with the highest number the one that counts, else the first by its issuer's turn. Null when there is none.
  const HeldEpoch* Latest(const GroupLog& log, absl::Time now) const;
  // With `number` and behind, tombstones too, ascending and of one number by their issuers' turns; `limit` at most.
  std::vector<const HeldEpoch*> From(uint64_t number, size_t limit) const;
  // By an issuer and a number, the first that came. Null when there is none.
  const HeldEpoch* Of(const OrgId& issuer, uint64_t number) const;

  EpochState StateOf(const HeldEpoch& held, const GroupLog& log, absl::Time now) const;
  // The one to seal under. Null while there is none: its secret is missing, it has ended, or its end is near and the
  // next waits.
  const HeldEpoch* ToSealUnder(const GroupLog& log, absl::Time now) const;
  struct Keeping {
    absl::Duration for_others = {};  // how long behind their end an issuer keeps secrets
    absl::Duration rewraps = {};     // how long behind its end a secret that is missing may come
  };
  // Destroys what has drained, but what is kept. Refuses with kKeystore when the file was not rewritten; the next call
  // tries again.
  absl::Status Sweep(const GroupLog& log, const Keeping& keeping, absl::Time now);
  // Whether Sweep has anything to do.
  bool NeedsSweep(const GroupLog& log, const Keeping& keeping, absl::Time now) const;

 private:
  // The log's entry for `number`, once the epoch that it names is here: one for an epoch that nobody has keeps no other
  // out.
  const LogEntry* EntryOf(uint64_t number, const GroupLog& log) const;
  bool IsOver(const HeldEpoch& held, const GroupLog& log, const Keeping& keeping, absl::Time now) const;
  // The one with `number` that counts: logged, or the first in turn of those that waited long enough. Null when there
  // is none.
  const HeldEpoch* InForce(uint64_t number, const GroupLog& log, absl::Time now) const;
  const HeldEpoch* Successor(uint64_t number, const GroupLog& log, absl::Time now) const;
  absl::Time DrainsUntil(const HeldEpoch& held, const GroupLog& log, absl::Time now) const;
  // The undestroyed ones of `issuer`, oldest first, that have or have not drained.
  std::vector<EpochId> OfIssuer(const OrgId& issuer, bool drained, const GroupLog& log, absl::Time now) const;
  void Destroy(HeldEpoch& held);
  HeldEpoch* FindToChange(const EpochId& id);
  void DropOldTombstones();

  crypto::Keystore& keystore_;
  // By number; of one number each issuer has one, and beside it one that the log names.
  std::map<uint64_t, std::vector<HeldEpoch>> epochs_;
  std::map<RouteTag, EpochId> tags_;
  std::map<EpochId, uint64_t> numbers_;
  bool unsaved_ = false;  // the keystore in memory is ahead of its file
};

}  // namespace entente::trust
