#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "services/peer/socket_address.h"

namespace entente::peer {

// Connections that were asked to give way and are not closed yet. Less than the descriptors kept in reserve, which hold them.
inline constexpr size_t kMaxGivingWay = 16;

// The connections that count against the limits of the peer port. A stranger's, one whose peer is not proven, gives way
// when there is no place for a new one. Thread-safe.
class Places : public std::enable_shared_from_this<Places> {
  struct Crowd {  // of one address, or of one network
    size_t places = 0, open = 0, strangers = 0;
  };
  using Crowds = std::map<std::string, Crowd>;

 public:
  // One connection's, until it is let go of.
  class Place {
   public:
    Place(std::shared_ptr<Places> places, const Origin& origin);
    ~Place();
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    // The peer is proven: the place is kept. False when it was to give way before.
    bool Keep();
    // The peer has begun a handshake: it gives way behind those of its crowd that only hold their connection open.
    void HasSpoken();
    // What MakeRoom calls this one by. Before the next MakeRoom.
    void SetName(uint64_t name);

   private:
    friend class Places;
    void Count(int open, int strangers);
    const std::shared_ptr<Places> places_;
    Crowds::iterator address_, network_;
    uint64_t number_, name_ = 0;
    bool has_spoken_ = false;
    enum class State { kStranger, kKept, kGivesWay } state_ = State::kStranger;
  };
  std::shared_ptr<Place> Take(const Origin& origin) { return std::make_shared<Place>(shared_from_this(), origin); }
  // Tells the oldest stranger to give way, a silent one first: of the network that has most of them, there of the address that
  // has most, so that who comes from few only pushes itself out. Its name; its connection must be closed now. None when there is no
  // stranger, or when kMaxGivingWay have not gone yet.
  std::optional<uint64_t> MakeRoom();
  // The same, of this address.
  std::optional<uint64_t> MakeRoomAt(const Origin& origin);
  // Without those that give way.
  size_t open() const;
  size_t OpenFrom(const Origin& origin) const;

 private:
  std::optional<uint64_t> GiveWay(Place* goes);

  mutable std::mutex mutex_;
  Crowds addresses_, networks_;
  std::map<uint64_t, Place*> strangers_;  // the oldest first
  uint64_t next_ = 0;
  size_t open_ = 0, giving_way_ = 0;
};
using Place = Places::Place;

}  // namespace entente::peer
