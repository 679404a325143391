#include "services/peer/places.h"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <map>

namespace entente::peer {
namespace {

Origin From(const std::string& address) {
  sockaddr_storage at{};
  auto& v4 = reinterpret_cast<sockaddr_in&>(at);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(at);
  at.ss_family = AF_INET;
  if (inet_pton(AF_INET, address.c_str(), &v4.sin_addr) != 1) {
    at.ss_family = AF_INET6;
    if (inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr) != 1) abort();
  }
  return OriginOf(at);
}

class PlacesTest : public ::testing::Test {
 protected:
  // Connections are named by the order of their coming, from 1.
  Place& Take(const std::string& address) {
    Place& place = *(all_[++came_] = places_->Take(From(address)));
    place.SetName(came_);
    return place;
  }
  const std::shared_ptr<Places> places_ = std::make_shared<Places>();
  std::map<uint64_t, std::shared_ptr<Place>> all_;
  uint64_t came_ = 0;
};

TEST_F(PlacesTest, TheOldestStrangerGivesWayAndNoProvenPeer) {
  EXPECT_EQ(places_->MakeRoom(), std::nullopt);
  EXPECT_TRUE(Take("192.0.2.1").Keep());
  Take("192.0.2.2"), Take("192.0.2.3");
  EXPECT_EQ(places_->MakeRoom(), 2u);
  EXPECT_FALSE(all_[2]->Keep()) << "too late";
  EXPECT_EQ(places_->open(), 2u);
  EXPECT_TRUE(all_[3]->Keep());
  EXPECT_TRUE(all_[3]->Keep()) << "again: nothing";
  EXPECT_EQ(places_->MakeRoom(), std::nullopt);
  all_.clear();
  EXPECT_EQ(places_->open(), 0u);
}

TEST_F(PlacesTest, WithinAnAddressItsOldestStrangerGivesWay) {
  Take("192.0.2.2");
  EXPECT_TRUE(Take("192.0.2.1").Keep());
  Take("192.0.2.1"), Take("192.0.2.1");
  EXPECT_EQ(places_->MakeRoomAt(From("192.0.2.1")), 3u);
  EXPECT_EQ(places_->OpenFrom(From("192.0.2.1")), 2u);
  EXPECT_EQ(places_->MakeRoomAt(From("192.0.2.1")), 4u);
  EXPECT_EQ(places_->MakeRoomAt(From("192.0.2.1")), std::nullopt) << "the one that is left is proven";
  EXPECT_EQ(places_->MakeRoomAt(From("192.0.2.9")), std::nullopt);
}

// Whoever only holds connections open from a newcomer's own address does not push it out within its handshake.
TEST_F(PlacesTest, SilentStrangersGiveWayBeforeThoseWhoSpoke) {
  Take("192.0.2.1").HasSpoken();
  Take("192.0.2.1"), Take("192.0.2.1");
  Take("192.0.2.1").HasSpoken();
  EXPECT_EQ(places_->MakeRoomAt(From("192.0.2.1")), 2u);
  EXPECT_EQ(places_->MakeRoom(), 3u);
  EXPECT_EQ(places_->MakeRoom(), 1u) << "of those who spoke the oldest";
  EXPECT_EQ(places_->MakeRoomAt(From("192.0.2.1")), 4u);
  EXPECT_EQ(places_->MakeRoomAt(From("192.0.2.1")), std::nullopt);
}

TEST_F(PlacesTest, ASilentStrangerStaysWhereAnotherCrowdIsLarger) {
  Take("192.0.2.1");
  Take("203.0.113.1").HasSpoken(), Take("203.0.113.1").HasSpoken();
  EXPECT_EQ(places_->MakeRoom(), 2u);
}

// An attacker with eight addresses pushes out its own, however often it renews them; the one that came first stays.
TEST_F(PlacesTest, WhoComesFromFewAddressesPushesItselfOut) {
  const auto attacker = [](int i) { return "203.0.113." + std::to_string(i % 8); };
  Take("192.0.2.1");
  for (int i = 0; i < 64; ++i) Take(attacker(i));
  for (int i = 0; i < 1000; ++i) {
    const std::optional<uint64_t> gone = places_->MakeRoom();
    ASSERT_TRUE(gone);
    ASSERT_NE(*gone, 1u);
    all_.erase(*gone);
    Take(attacker(i));
  }
  EXPECT_EQ(places_->open(), 65u);
  EXPECT_TRUE(all_[1]->Keep());
}

// One site may have a /48: 65,536 addresses of a /64 each, one connection from each of them.
TEST_F(PlacesTest, WhoComesFromOneIpv6NetworkPushesItselfOut) {
  const auto attacker = [](int i) {
    return "2001:db8:bad:" + std::to_string(i) + "::1";
  };
  Take("2001:db8:1::1");
  Take("2001:db8:2::1");
  for (int i = 0; i < 64; ++i) Take(attacker(i));
  for (int i = 0; i < 1000; ++i) {
    const std::optional<uint64_t> gone = places_->MakeRoom();
    ASSERT_TRUE(gone);
    ASSERT_GT(*gone, 2u);
    all_.erase(*gone);
    Take(attacker(64 + i));
  }
}

// Its neighbours in the network go last: there the address that has most gives way first.
TEST_F(PlacesTest, WithinANetworkTheLargestAddressGivesWayFirst) {
  Take("2001:db8:bad:1::1");
  Take("2001:db8:bad:2::1"), Take("2001:db8:bad:2::2");
  Take("192.0.2.1"), Take("192.0.2.1");
  EXPECT_EQ(places_->MakeRoom(), 2u);
}

TEST(Origins, AnAddressIsAnIpv4AddressOrAnIpv6Slash64) {
  EXPECT_EQ(From("::ffff:192.0.2.1").address, From("192.0.2.1").address);
  EXPECT_EQ(From("::ffff:192.0.2.1").network, From("192.0.2.1").network);
  EXPECT_NE(From("192.0.2.2").network, From("192.0.2.1").network);
  EXPECT_EQ(From("2001:db8:1:2::1").address, From("2001:db8:1:2:ffff::1").address);
  EXPECT_NE(From("2001:db8:1:2::1").address, From("2001:db8:1:3::1").address);
  EXPECT_EQ(From("2001:db8:1:2::1").network, From("2001:db8:1:3::1").network);
  EXPECT_NE(From("2001:db8:1::1").network, From("2001:db8:2::1").network);
}

TEST_F(PlacesTest, NoMoreGiveWayThanTheReserveOfDescriptorsHolds) {
  for (size_t i = 0; i < 2 * kMaxGivingWay; ++i) Take("192.0.2.1");
  for (size_t i = 1; i < kMaxGivingWay; ++i) EXPECT_EQ(places_->MakeRoom(), i);
  EXPECT_EQ(places_->MakeRoomAt(From("192.0.2.1")), kMaxGivingWay);
  EXPECT_EQ(places_->MakeRoom(), std::nullopt);
  EXPECT_EQ(places_->MakeRoomAt(From("192.0.2.1")), std::nullopt);
  EXPECT_EQ(places_->OpenFrom(From("192.0.2.1")), kMaxGivingWay);
  all_.erase(1);
  EXPECT_TRUE(places_->MakeRoom());
  EXPECT_EQ(places_->open(), kMaxGivingWay - 1);
}

}  // namespace
}  // namespace entente::peer
