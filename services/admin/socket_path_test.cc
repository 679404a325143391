#include "services/admin/socket_path.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/reject.h"
#include "services/admin/admin_server.h"

namespace entente::admin {
namespace {

constexpr size_t kSocketAddressBytes = 107;

class SocketPathTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "entente-XXXXXX";
    folder_ = mkdtemp(pattern.data());
    deep_ = folder_ + "/" + std::string(150, 'd');
    std::filesystem::create_directory(deep_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string folder_, deep_;
};

TEST_F(SocketPathTest, AddressIsShortHoweverLongThePath) {
  const auto socket = SocketPath::Open(deep_ + "/admin.sock");
  ASSERT_TRUE(socket.ok());
  EXPECT_LE(socket->address().size(), kSocketAddressBytes);
}

TEST_F(SocketPathTest, RestrictsAndRemovesTheFile) {
  const std::string path = deep_ + "/admin.sock";
  const auto socket = SocketPath::Open(path);
  ASSERT_TRUE(socket.ok());
  EXPECT_FALSE(socket->Restrict(std::nullopt).ok());
  ASSERT_EQ(mknod(path.c_str(), S_IFREG | 0644, 0), 0);
  ASSERT_TRUE(socket->Restrict(std::nullopt).ok());
  struct stat found {};
  ASSERT_EQ(stat(path.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600u);
  socket->Unlink();
  EXPECT_NE(access(path.c_str(), F_OK), 0);
}

TEST_F(SocketPathTest, MissingFolderIsRefused) {
  EXPECT_EQ(ReasonOf(SocketPath::Open(folder_ + "/absent/admin.sock").status()), RejectReason::kStoreIo);
}

TEST_F(SocketPathTest, NobodyAnswersOnASocketThatIsNotThere) {
  EXPECT_EQ(PidBehind(deep_ + "/admin.sock", absl::Milliseconds(200)), 0);
}

}  // namespace
}  // namespace entente::admin
