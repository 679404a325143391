#include "services/peer/places.h"

#include <gtest/gtest.h>

#include <deque>
#include <vector>

namespace entente::peer {
namespace {

class PlacesTest : public ::testing::Test {
 protected:
  std::shared_ptr<Place> From(const std::string& origin) { return all_.emplace_back(places_->Take(origin)); }
  // Which of them give way, by the order of their coming.
  std::vector<size_t> GivingWay() const {
    std::vector<size_t> out;
    for (size_t i = 0; i < all_.size(); ++i) {
      if (all_[i]->gives_way()) out.push_back(i);
    }
    return out;
  }
  const std::shared_ptr<Places> places_ = std::make_shared<Places>();
  std::deque<std::shared_ptr<Place>> all_;
};

TEST_F(PlacesTest, TheOldestStrangerGivesWayAndNoProvenPeer) {
  EXPECT_FALSE(places_->MakeRoom());
  EXPECT_TRUE(From("a")->Keep());
  From("b"), From("c");
  EXPECT_TRUE(places_->MakeRoom());
  EXPECT_EQ(GivingWay(), (std::vector<size_t>{1}));
  EXPECT_FALSE(all_[1]->Keep()) << "too late";
  EXPECT_EQ(places_->open(), 2u);
  EXPECT_TRUE(all_[2]->Keep());
  EXPECT_FALSE(places_->MakeRoom());
  all_.clear();
  EXPECT_EQ(places_->open(), 0u);
}

// An attacker with eight addresses pushes out its own, however often it renews them; the one that came first stays.
TEST_F(PlacesTest, WhoComesFromFewAddressesPushesItselfOut) {
  From("honest");
  for (int i = 0; i < 64; ++i) From("attacker" + std::to_string(i % 8));
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(places_->MakeRoom());
    const std::vector<size_t> gone = GivingWay();
    ASSERT_EQ(gone.size(), 1u);
    ASSERT_NE(gone[0], 0u);
    all_.erase(all_.begin() + static_cast<long>(gone[0]));
    From("attacker" + std::to_string(i % 8));
  }
  EXPECT_EQ(places_->open(), 65u);
  EXPECT_TRUE(all_[0]->Keep());
}

TEST_F(PlacesTest, NoMoreGiveWayThanTheReserveOfDescriptorsHolds) {
  for (size_t i = 0; i < 2 * kMaxGivingWay; ++i) From("a");
  for (size_t i = 0; i < kMaxGivingWay; ++i) EXPECT_TRUE(places_->MakeRoom());
  EXPECT_FALSE(places_->MakeRoom());
  EXPECT_EQ(places_->OpenFrom("a"), 2 * kMaxGivingWay) << "they are not closed yet";
  all_.pop_front();
  EXPECT_TRUE(places_->MakeRoom());
  EXPECT_EQ(places_->open(), kMaxGivingWay - 1);
}

}  // namespace
}  // namespace entente::peer
