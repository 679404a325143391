#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace entente::peer {

// Connections that were asked to give way and are not closed yet. Less than the descriptors kept in reserve, which hold them.
inline constexpr size_t kMaxGivingWay = 16;

// The connections that count against the limits of the peer port. A stranger's, one whose peer is not proven, gives way
// when there is no place for a new one. Thread-safe.
class Places : public std::enable_shared_from_this<Places> {
  struct Origin {
    size_t open = 0, strangers = 0;
  };

 public:
  // One connection's, until it is let go of.
  class Place {
   public:
    Place(std::shared_ptr<Places> places, const std::string& origin);
    ~Place();
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    // The peer is proven: the place is kept. False when it was to give way before.
    bool Keep();
    // The connection must be closed now.
    bool gives_way() const;

   private:
    friend class Places;
    const std::shared_ptr<Places> places_;
    std::map<std::string, Origin>::iterator origin_;
    uint64_t number_;
    enum class State { kStranger, kKept, kGivesWay } state_ = State::kStranger;
  };
  std::shared_ptr<Place> Take(const std::string& origin) { return std::make_shared<Place>(shared_from_this(), origin); }
  // Tells the oldest stranger, of the origin that has most of them, to give way: who comes from few addresses only pushes
  // itself out. False when there is none, or when kMaxGivingWay have not gone yet.
  bool MakeRoom();
  size_t open() const;  // without those that give way
  size_t OpenFrom(const std::string& origin) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, Origin> origins_;
  std::map<uint64_t, Place*> strangers_;  // the oldest first
  uint64_t next_ = 0;
  size_t open_ = 0, giving_way_ = 0;
};
using Place = Places::Place;

}  // namespace entente::peer
