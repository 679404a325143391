#include "services/entented/memory.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <vector>

namespace entente::node {
namespace {

constexpr uint64_t kMiB = 1u << 20;

class ControlGroup : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "entente-XXXXXX";
    folder_ = mkdtemp(pattern.data());
    Write("membership", "9:memory:/elsewhere\n0::/system.slice/entented.service\n");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  void Write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories(std::filesystem::path(folder_ + "/" + name).parent_path());
    std::ofstream(folder_ + "/" + name) << text;
  }
  uint64_t Limit() { return ControlGroupLimit(folder_ + "/membership", folder_); }
  std::string folder_;
};

TEST_F(ControlGroup, WithoutLimitsThereIsNone) {
  EXPECT_EQ(Limit(), 0u);
  Write("system.slice/entented.service/memory.max", "max\n");
  EXPECT_EQ(Limit(), 0u);
  EXPECT_EQ(ControlGroupLimit(folder_ + "/absent", folder_), 0u);
}

TEST_F(ControlGroup, TheLowestOfItsOwnAndThoseAboveCounts) {
  Write("system.slice/entented.service/memory.max", std::to_string(512 * kMiB) + "\n");
  EXPECT_EQ(Limit(), 512 * kMiB);
  Write("system.slice/entented.service/memory.high", std::to_string(400 * kMiB) + "\n");
  EXPECT_EQ(Limit(), 400 * kMiB);
  Write("system.slice/memory.max", std::to_string(300 * kMiB) + "\n");
  EXPECT_EQ(Limit(), 300 * kMiB);
  Write("system.slice/memory.max", std::to_string(900 * kMiB) + "\n");
  EXPECT_EQ(Limit(), 400 * kMiB);
}

TEST_F(ControlGroup, AProcessInTheRootGroupHasNone) {
  Write("membership", "0::/\n");
  EXPECT_EQ(Limit(), 0u);
}

TEST(MemoryUsed, FollowsWhatTheProcessTouches) {
#ifdef ENTENTE_ADDRESS_SANITIZER
  GTEST_SKIP() << "the address sanitizer keeps what is freed";
#endif
  const uint64_t before = MemoryUsed();
  EXPECT_GT(before, kMiB);
  std::vector<char> touched(100 * kMiB, 'x');
  EXPECT_GT(MemoryUsed(), before + 90 * kMiB) << touched.size();
  std::vector<char>().swap(touched);
  TrimMemory();
  EXPECT_LT(MemoryUsed(), before + 50 * kMiB);
}

}  // namespace
}  // namespace entente::node
