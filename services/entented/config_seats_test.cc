#include "services/entented/config_seats.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/reject.h"

namespace entente::node {
namespace {

constexpr char kGood[] = "version = 1\nofficers = [1001]\n";

class SeatsFileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "entente-XXXXXX";
    folder_ = mkdtemp(pattern.data());
    path_ = folder_ + "/seats.toml";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  absl::StatusOr<std::optional<SeatsFile>> Load(const std::string& text) {
    std::ofstream(path_, std::ios::binary) << text;
    return LoadSeats(path_);
  }
  // What is said about `text`, without the path in front; "accepted" when it is.
  std::string Complaint(const std::string& text) {
    const auto file = Load(text);
    if (file.ok()) return "accepted";
    EXPECT_EQ(ReasonOf(file.status()), RejectReason::kConfig);
    const std::string message(file.status().message());
    EXPECT_TRUE(message.starts_with(path_ + ":")) << message;
    return message.substr(path_.size() + 1);
  }
  static std::string Users(size_t count) {
    std::string list;
    for (size_t i = 0; i < count; ++i) list += std::to_string(i) + ",";
    return "[" + list + "]";
  }
  std::string folder_, path_;
};

TEST_F(SeatsFileTest, WithoutAFileNobodyIsSaidToHoldAnything) {
  const auto none = LoadSeats(path_);
  ASSERT_TRUE(none.ok()) << none.status();
  EXPECT_FALSE(none->has_value());
}

TEST_F(SeatsFileTest, IsReadWhole) {
  const auto file = Load(
      "version = 1\nsecond_officer_above = \"AMBER\"\nneed_to_know = [1003, \"root\"]\nrecords = []\n"
      "officers = [1001, 1002]\nsocket_group = \"root\"\n"
      "[[seat]]\nname = \"duty officer\"\nusers = [1001]\n[[seat]]\nname = \"minister's liaison\"\nusers = [1004]\n");
  ASSERT_TRUE(file.ok()) << file.status();
  const exchange::Seats& seats = (*file)->seats;
  EXPECT_EQ(seats.need_to_know, (std::set<uint32_t>{0, 1003}));
  EXPECT_EQ(seats.officers, (std::set<uint32_t>{1001, 1002}));
  ASSERT_EQ(seats.seats.size(), 2u);
  EXPECT_EQ(seats.seats[1].name, "minister's liaison");
  EXPECT_TRUE(seats.HoldsSeat(1004));
  EXPECT_FALSE(seats.HoldsSeat(1003));
  EXPECT_TRUE(seats.NeedsSecondOfficer(model::Label::kAmberStrict));
  EXPECT_FALSE(seats.NeedsSecondOfficer(model::Label::kAmber));
  EXPECT_EQ((*file)->socket_group, std::optional<gid_t>(0));
}

TEST_F(SeatsFileTest, FaultsAreNamedWithTheirPlace) {
  EXPECT_EQ(Complaint(kGood), "accepted");
  EXPECT_EQ(Complaint("officers = [1]\n"), "1:1: 'version = 1' is missing");
  EXPECT_EQ(Complaint("version = 2\nofficers = [1]\n"), "1:11: 'version' must be 1");
  EXPECT_TRUE(Complaint("version = 1\n").starts_with("1:1: 'officers' is missing or empty"));
  EXPECT_TRUE(Complaint("version = 1\nofficers = []\n").starts_with("1:1: 'officers' is missing or empty"));
  EXPECT_EQ(Complaint("version = 1\nofficer = [1]\n"), "2:1: unknown key 'officer'; did you mean 'officers'?");
  EXPECT_EQ(Complaint("version = 1\nofficers = 1\n"), "2:12: must be a list of users, such as [\"anna\", 1002]");
  EXPECT_EQ(Complaint("version = 1\nofficers = [1, 1]\n"), "2:16: this user stands in the list already");
  EXPECT_EQ(Complaint("version = 1\nofficers = [-1]\n"), "2:13: a user's number is 0 to 4294967294");
  EXPECT_EQ(Complaint("version = 1\nofficers = [1.5]\n"), "2:13: a user is a name in quotes, or a number");
  EXPECT_TRUE(
      Complaint("version = 1\nofficers = [\"no such user\"]\n").starts_with("2:13: no user 'no such user' is known"));
  EXPECT_TRUE(
      Complaint(std::string(kGood) + "socket_group = \"no such group\"\n").starts_with("3:16: no group 'no such"));
  EXPECT_TRUE(Complaint(std::string(kGood) + "second_officer_above = \"PINK\"\n")
                  .starts_with("3:24: 'second_officer_above': "));
  EXPECT_TRUE(
      Complaint(std::string(kGood) + "second_officer_above = \"RED\"\n").starts_with("3:24: no label is above RED"));
  EXPECT_EQ(Complaint(std::string(kGood) + "seat = 1\n"), "3:8: a seat is a table of its own: [[seat]]");
  EXPECT_EQ(Complaint(std::string(kGood) + "[[seat]]\nusers = [1]\n"), "3:1: a seat needs a 'name'");
  EXPECT_EQ(Complaint(std::string(kGood) + "[[seat]]\nname = \"a\"\n"),
            "3:1: seat 'a' is nobody's: 'users' is missing or empty");
  EXPECT_EQ(Complaint(std::string(kGood) + "[[seat]]\nname = \"a\"\nuser = [1]\n"),
            "5:1: unknown key 'user'; did you mean 'users'?");
  const std::string seat = "[[seat]]\nname = \"a\"\nusers = [1]\n";
  EXPECT_EQ(Complaint(kGood + seat + seat), "7:8: there is a seat 'a' already");
  EXPECT_TRUE(Complaint("version = \n").starts_with("1:"));
}

TEST_F(SeatsFileTest, IsBounded) {
  EXPECT_EQ(Complaint("version = 1\nofficers = " + Users(kMaxSeatUsers) + "\n"), "accepted");
  EXPECT_EQ(Complaint("version = 1\nofficers = " + Users(kMaxSeatUsers + 1) + "\n"),
            "2:12: more than 256 users in one list");
  std::string seats;
  for (size_t i = 0; i <= kMaxSeats; ++i) seats += "[[seat]]\nname = \"s" + std::to_string(i) + "\"\nusers = [1]\n";
  EXPECT_EQ(Complaint(kGood + seats), "3:1: more than 64 seats");
  EXPECT_NE(
      Complaint(std::string(kGood) + "[[seat]]\nname = \"" + std::string(kMaxSeatName + 1, 'a') + "\"\nusers = [1]\n"),
      "accepted");
  EXPECT_EQ(Complaint(std::string(kMaxSeatsBytes + 1, '#')), "1:1: cannot be read, or is larger than 64 KiB");
}

TEST_F(SeatsFileTest, AFileThatCannotBeReadIsNoMissingFile) {
  std::filesystem::create_directory(path_);
  EXPECT_EQ(ReasonOf(LoadSeats(path_).status()), RejectReason::kConfig);
  std::filesystem::remove(path_);
  std::filesystem::create_symlink(folder_ + "/gone", path_);
  EXPECT_EQ(ReasonOf(LoadSeats(path_).status()), RejectReason::kConfig);
}

}  // namespace
}  // namespace entente::node
