// A small exchange (two Hellos, one envelope, one answer) cut at every byte of either direction.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "services/peer/testing/network.h"
#include "services/peer/testing/two_rooms.h"

namespace entente::peer {
namespace {

using testing::Connection;
using testing::Eventually;
using testing::Faults;
using testing::Side;
using testing::TwoRooms;

constexpr uint64_t kLeastExchange = 1500;  // bytes; each direction has at least a Hello

// ENTENTE_CUT_STEP=n takes every n-th byte, for builds that are slow.
uint64_t Step() {
  const char* text = std::getenv("ENTENTE_CUT_STEP");
  return text == nullptr ? 1 : std::max<uint64_t>(1, std::strtoull(text, nullptr, 10));
}

size_t EntriesOf(const char* folder) {
  size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder)) ++count;
  return count;
}

class EveryByte : public ::testing::TestWithParam<int> {};

TEST_P(EveryByte, N32CutThereAndTriedAgainCleanly) {
  const int side = GetParam();
  TwoRooms rooms;
  size_t threads = 0, files = 0;
  uint64_t n = 0;
  for (bool cut = true; cut; n += Step()) {
    SCOPED_TRACE("cut after " + std::to_string(n) + " bytes towards " + std::to_string(side));
    rooms.Publish(0);
    Faults faults;
    faults.cut[side] = n;
    const auto line = Connection::Make(faults);
    {
      Side norlandia(rooms.node(0), rooms.node(1), line, 0), estovia(rooms.node(1), rooms.node(0), line, 1);
      ASSERT_TRUE(Eventually([&] { return line->was_cut() || rooms.Drained(); }));
      cut = line->was_cut();
    }
    ASSERT_TRUE(rooms.Converge());
    ASSERT_TRUE(rooms.Exact());
    if (n == 0) threads = EntriesOf("/proc/self/task"), files = EntriesOf("/proc/self/fd");
  }
  EXPECT_GE(n, kLeastExchange);
  EXPECT_TRUE(rooms.Sound());
  EXPECT_LE(EntriesOf("/proc/self/task"), threads);
  EXPECT_LE(EntriesOf("/proc/self/fd"), files + 8);  // the stores' own files come and go
}

INSTANTIATE_TEST_SUITE_P(Towards, EveryByte, ::testing::Values(0, 1));

}  // namespace
}  // namespace entente::peer
