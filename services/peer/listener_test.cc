#include "services/peer/listener.h"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <optional>

#include "base/reject.h"
#include "exchange/testing/test_node.h"
#include "services/peer/links.h"
#include "services/peer/testing/pipe.h"
#include "services/peer/testing/tls.h"

namespace entente::peer {
namespace {

using exchange::testing::Indicator;
using exchange::testing::TestNode;
using testing::Eventually;

int Connect(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<uint16_t>(port));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 || connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) abort();
  return fd;
}
bool ClosedByPeer(int fd) {
  pollfd watched{fd, POLLIN, 0};
  char byte;
  return poll(&watched, 1, 10'000) == 1 && recv(fd, &byte, 1, 0) <= 0;
}

// A listener that keeps what it is handed, as gRPC would.
class ListenerTest : public ::testing::Test {
 protected:
  void Open(ListenerLimits limits) {
    listener_ = *Listener::Open("127.0.0.1:0", limits,
                                {.hand_over = [this](int fd, auto place) {
                                   std::lock_guard lock(mutex_);
                                   place->SetName(static_cast<uint64_t>(fd));
                                   taken_.emplace_back(fd, std::move(place));
                                 },
                                 .on_drop = [this](Drop) { ++drops_; },
                                 .on_giving_way = [this](uint64_t name) { CloseTaken(name); },
                                 .promised = [this] { return promised_.load(); }});
    port_ = testing::PortOf(listener_->address());
  }
  void TearDown() override {
    listener_.reset();
    CloseTaken();
    for (const int fd : clients_) close(fd);
  }
  // This one, or all.
  void CloseTaken(std::optional<uint64_t> name = std::nullopt) {
    std::lock_guard lock(mutex_);
    std::erase_if(taken_, [&](const auto& taken) {
      return name.value_or(static_cast<uint64_t>(taken.first)) == static_cast<uint64_t>(taken.first) && close(taken.first) == 0;
    });
  }
  bool KeepTaken() {  // all are proven
    std::lock_guard lock(mutex_);
    return std::all_of(taken_.begin(), taken_.end(), [](const auto& taken) { return taken.second->Keep(); });
  }
  int Client() { return clients_.emplace_back(Connect(port_)); }
  bool OpenConnections(size_t n) {
    return Eventually([&] { return listener_->open_connections() == n; });
  }
  std::unique_ptr<Listener> listener_;
  int port_ = 0;
  std::mutex mutex_;
  std::vector<std::pair<int, std::shared_ptr<Place>>> taken_;
  std::vector<int> clients_;
  std::atomic<int> drops_{0};
  std::atomic<size_t> promised_{0};
};

TEST_F(ListenerTest, HandsOverAndNoticesTheEnd) {
  Open({});
  Client();
  ASSERT_TRUE(OpenConnections(1));
  CloseTaken();
  EXPECT_TRUE(OpenConnections(0));
}

TEST_F(ListenerTest, OverTheCapOfAnAddressIsClosedAtOnce) {
  Open({.connections = 10, .per_address = 2, .fd_reserve = 0});
  Client(), Client();
  ASSERT_TRUE(OpenConnections(2));
  ASSERT_TRUE(KeepTaken());
  EXPECT_TRUE(ClosedByPeer(Client()));
  EXPECT_EQ(listener_->dropped(Drop::kAddress), 1u);
  EXPECT_EQ(drops_, 1);
  CloseTaken();
  ASSERT_TRUE(OpenConnections(0));
  Client();
  EXPECT_TRUE(OpenConnections(1));
}

TEST_F(ListenerTest, OverTheCapOfAllIsClosedAtOnce) {
  Open({.connections = 2, .per_address = 10, .fd_reserve = 0});
  Client(), Client();
  ASSERT_TRUE(OpenConnections(2));
  ASSERT_TRUE(KeepTaken());
  EXPECT_TRUE(ClosedByPeer(Client()));
  EXPECT_EQ(listener_->dropped(Drop::kConnections), 1u);
}

TEST_F(ListenerTest, AStrangerGivesWayWhenTheCapOfAllIsReached) {
  Open({.connections = 2, .per_address = 10, .fd_reserve = 0});
  Client(), Client();
  ASSERT_TRUE(OpenConnections(2));
  Client();
  EXPECT_TRUE(ClosedByPeer(clients_.front()));
  EXPECT_EQ(listener_->dropped(Drop::kConnections), 1u);
  EXPECT_EQ(drops_, 1);
  EXPECT_TRUE(OpenConnections(2));
}

// Behind one proxy, or in one /64, a silent crowd must not keep the others out.
TEST_F(ListenerTest, OverTheCapOfItsAddressItsOldestStrangerGivesWay) {
  Open({.connections = 10, .per_address = 3, .fd_reserve = 0});
  const int proven = Client();
  ASSERT_TRUE(OpenConnections(1));
  ASSERT_TRUE(KeepTaken());
  const int oldest = Client();
  ASSERT_TRUE(OpenConnections(2));
  const int other = Client();
  ASSERT_TRUE(OpenConnections(3));
  const int newest = Client();
  EXPECT_TRUE(ClosedByPeer(oldest));
  EXPECT_TRUE(OpenConnections(3));
  EXPECT_EQ(listener_->dropped(Drop::kAddress), 1u);
  EXPECT_EQ(drops_, 1);
  char byte;
  for (const int stays : {proven, other, newest}) EXPECT_LT(recv(stays, &byte, 1, MSG_DONTWAIT), 0);
}

TEST_F(ListenerTest, KeepsTheReserveOfDescriptors) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  Open({.connections = 10, .per_address = 10, .fd_reserve = static_cast<size_t>(limit.rlim_cur)});
  EXPECT_TRUE(ClosedByPeer(Client()));
  EXPECT_EQ(listener_->dropped(Drop::kDescriptors), 1u);
}

TEST_F(ListenerTest, DescriptorsThatArePromisedAreNotFree) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  Open({.connections = 10, .per_address = 10, .fd_reserve = 0});
  promised_ = static_cast<size_t>(limit.rlim_cur);
  EXPECT_TRUE(ClosedByPeer(Client()));
  EXPECT_EQ(listener_->dropped(Drop::kDescriptors), 1u);
  promised_ = 0;
  Client();
  EXPECT_TRUE(OpenConnections(1));
}

TEST_F(ListenerTest, AddressesThatCannotBeBoundAreConfigurationFaults) {
  for (const std::string address : {"nonsense", "127.0.0.1:", "127.0.0.1:http", "192.0.2.1:0", "[::1:0"}) {
    const auto opened = Listener::Open(address, {}, {[](int, auto) {}, [](Drop) {}});
    EXPECT_EQ(ReasonOf(opened.status()), RejectReason::kConfig) << address;
  }
}

// Disabled for the plain run: Flood.H63ThreeHundredIdleConnections runs it as a program of its own, because it lives under
// a lower limit of open files.
constexpr int kIdleConnections = 300;

void Say(const std::string& line) {
  const std::string text = line + "\n";
  if (write(STDOUT_FILENO, text.data(), text.size()) < 0) abort();
}

TEST(FloodChild, DISABLED_ServesAfterTheFlood) {
  const rlimit low{100, 100};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  TestNode served("cert.norlandia"), dialling("cert.estovia");
  served.Accept(dialling);
  dialling.Accept(served);
  LinkOptions options;
  options.listen = "127.0.0.1:0";
  const auto port = *Links::Start(served.room(), {*served.admission, *served.groups}, options, [](absl::Status) {});
  Say("port " + std::to_string(testing::PortOf(port->address())));
  char go;
  ASSERT_EQ(read(STDIN_FILENO, &go, 1), 1);  // the flood is there
  ASSERT_TRUE(Eventually([&] { return served.counters.Rejects(RejectReason::kLimit) > 100; }));
  trust::Accepted with_address = served.AsParty();
  with_address.party.address = port->address();
  ASSERT_TRUE(dialling.directory->Accept(with_address).ok());
  const auto other = *Links::Start(dialling.room(), {*dialling.admission, *dialling.groups}, LinkOptions{}, [](absl::Status) {});
  ASSERT_EQ(dialling.Publish({Indicator("1", "a.example", model::Label::kGreen)}).published(), 1u);
  EXPECT_TRUE(Eventually([&] { return dialling.journal->Lag(served.org()) == 0; }));
  EXPECT_EQ(served.journal->Count().versions, 1u);
}

// CVE-2023-4785: against gRPC's own listener this ends service for good.
TEST(Flood, H63ThreeHundredIdleConnections) {
  int to_child[2], from_child[2];
  ASSERT_EQ(pipe2(to_child, O_CLOEXEC), 0);
  ASSERT_EQ(pipe2(from_child, O_CLOEXEC), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    dup2(to_child[0], STDIN_FILENO);
    dup2(from_child[1], STDOUT_FILENO);
    execl("/proc/self/exe", "peer_test", "--gtest_filter=FloodChild.*", "--gtest_also_run_disabled_tests", nullptr);
    _exit(127);
  }
  close(from_child[1]);
  FILE* lines = fdopen(from_child[0], "r");
  char line[512];
  int port = 0;
  while (port == 0 && fgets(line, sizeof line, lines) != nullptr) std::sscanf(line, "port %d", &port);
  ASSERT_NE(port, 0);
  std::vector<int> idle;
  for (int i = 0; i < kIdleConnections; ++i) idle.push_back(Connect(port));
  ASSERT_EQ(write(to_child[1], "g", 1), 1);
  std::string said;
  while (fgets(line, sizeof line, lines) != nullptr) said += line;
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << said;
  EXPECT_NE(said.find("[  PASSED  ] 1 test"), std::string::npos) << said;
  for (const int fd : idle) close(fd);
  fclose(lines);
}

}  // namespace
}  // namespace entente::peer
