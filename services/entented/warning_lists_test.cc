#include "services/entented/warning_lists.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/reject.h"

namespace entente::node {
namespace {

class WarningListsTest : public ::testing::Test {
 protected:
  WarningListsTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "entente-lists-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~WarningListsTest() override { std::filesystem::remove_all(folder_); }
  void Write(const std::string& file, const std::string& text) { std::ofstream(folder_ / file) << text; }
  static std::string List(const std::string& name) {
    return "{\"name\":\"" + name + "\",\"version\":1,\"type\":\"string\",\"list\":[\"8.8.8.8\"]}";
  }
  std::filesystem::path folder_;
};

TEST_F(WarningListsTest, AreReadInTheOrderOfTheirNames) {
  Write("b.json", List("two"));
  Write("a.json", List("one"));
  Write("readme.txt", "no list");
  std::filesystem::create_directory(folder_ / "c.json");
  const auto lists = LoadWarningLists(folder_.string());
  ASSERT_TRUE(lists.ok()) << lists.status();
  ASSERT_EQ(lists->size(), 2u);
  EXPECT_EQ(lists->front().name(), "one");
  EXPECT_TRUE(LoadWarningLists((folder_ / "absent").string())->empty());
}

TEST_F(WarningListsTest, OneThatIsNoListRefusesAllAndIsNamed) {
  Write("a.json", List("one"));
  Write("b.json", "{}");
  const auto lists = LoadWarningLists(folder_.string());
  EXPECT_EQ(ReasonOf(lists.status()), RejectReason::kConfig);
  EXPECT_NE(std::string(lists.status().message()).find("b.json"), std::string::npos) << lists.status();
}

TEST_F(WarningListsTest, TwoOfOneNameAreRefused) {
  Write("a.json", List("one"));
  Write("b.json", List("one"));
  EXPECT_EQ(ReasonOf(LoadWarningLists(folder_.string()).status()), RejectReason::kConfig);
}

TEST_F(WarningListsTest, MoreThanTheBoundAreRefused) {
  for (size_t i = 0; i <= kMaxWarningLists; ++i) Write(std::to_string(i) + ".json", List(std::to_string(i)));
  EXPECT_EQ(ReasonOf(LoadWarningLists(folder_.string()).status()), RejectReason::kConfig);
  std::filesystem::remove(folder_ / "0.json");
  EXPECT_EQ(LoadWarningLists(folder_.string())->size(), kMaxWarningLists);
}

}  // namespace
}  // namespace entente::node
