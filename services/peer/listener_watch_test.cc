#include "services/peer/listener_watch.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <future>

#include "services/peer/socket_address.h"
#include "services/peer/testing/pipe.h"
#include "services/peer/testing/tls.h"

namespace entente::peer {
namespace {

using std::chrono::milliseconds;
using testing::Eventually;

// The socket of this process that listens at `address`.
int ListeningAt(const std::string& address) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    const int fd = std::stoi(entry.path().filename());
    int listens = 0;
    socklen_t size = sizeof listens;
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens == 1 && AddressOf(fd) == address) {
      return fd;
    }
  }
  return -1;
}

class Watch : public ::testing::Test {
 protected:
  void Start(const std::string& address = "127.0.0.1:0") {
    const auto open = [this](const std::string& at, Listener* before) {
      return Listener::Open(at, limits_,
                            {.hand_over =
                                 [this](int fd, std::shared_ptr<void> place) {
                                   if (block_) released_.wait();
                                   ++taken_;
                                   if (kept_) {
                                     kept_places_.push_back(std::move(place));
                                     kept_fds_.push_back(fd);
                                   } else {
                                     close(fd);
                                   }
                                 },
                             .on_drop = [this](Drop) { ++dropped_; }},
                            before);
    };
    watch_ = *ListenerWatch::Start(address, open, [this] { ++restarts_; }, milliseconds(20), patience_);
  }
  void TearDown() override {
    for (const int fd : kept_fds_) close(fd);
  }
  int Connect() const {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<uint16_t>(testing::PortOf(watch_->address())));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0 ? fd : (close(fd), -1);
  }
  void ExpectServed() {
    const int before = taken_;
    const int fd = Connect();
    EXPECT_GE(fd, 0);
    EXPECT_TRUE(Eventually([&] { return taken_ > before; }));
    close(fd);
  }

  // A listener that is only slow is not taken for a dead one.
  milliseconds patience_{30'000};
  ListenerLimits limits_;
  std::atomic<int> taken_{0}, dropped_{0}, restarts_{0};
  std::atomic<bool> block_{false}, kept_{false};
  std::vector<int> kept_fds_;
  std::vector<std::shared_ptr<void>> kept_places_;
  std::promise<void> release_;
  std::shared_future<void> released_ = release_.get_future().share();
  std::unique_ptr<ListenerWatch> watch_;
};

TEST_F(Watch, AProbeIsTakenAndNobodyElseHearsOfIt) {
  for (const std::string address : {"127.0.0.1:0", "0.0.0.0:0"}) {
    int handed_over = 0, dropped = 0;
    const auto listener = *Listener::Open(address, {.connections = 0},
                                          {.hand_over = [&](int, const std::shared_ptr<void>&) { ++handed_over; },
                                           .on_drop = [&](Drop) { ++dropped; }});
    for (int i = 0; i < 20; ++i) EXPECT_EQ(listener->Probe(milliseconds(30'000)), true) << address;
    listener->Stop();
    EXPECT_EQ(handed_over + dropped, 0);
    EXPECT_EQ(listener->Probe(milliseconds(50)), false);
  }
}

TEST_F(Watch, AListenerThatLivesIsLeftAlone) {
  Start();
  ExpectServed();
  ASSERT_TRUE(Eventually([&] { return watch_->Health().ok(); }));
  EXPECT_EQ(restarts_, 0);
  EXPECT_EQ(taken_, 1);
}

TEST_F(Watch, AListenerWhoseSocketWasShutDownIsOpenedAgainAtItsAddress) {
  Start();
  const std::string address = watch_->address();
  ASSERT_EQ(shutdown(ListeningAt(address), SHUT_RDWR), 0);
  ASSERT_TRUE(Eventually([&] { return restarts_ == 1 && watch_->Health().ok(); }));
  EXPECT_EQ(watch_->address(), address);
  ExpectServed();
  EXPECT_EQ(restarts_, 1);
}

TEST_F(Watch, WhatTheOldListenerHandedOverStillCounts) {
  limits_.connections = 1;
  kept_ = true;
  Start();
  ExpectServed();
  ASSERT_EQ(shutdown(ListeningAt(watch_->address()), SHUT_RDWR), 0);
  ASSERT_TRUE(Eventually([&] { return restarts_ == 1 && watch_->Health().ok(); }));
  const int fd = Connect();
  EXPECT_TRUE(Eventually([&] { return dropped_ == 1; }));
  close(fd);
}

TEST_F(Watch, AStuckThreadIsLeftBehind) {
  patience_ = milliseconds(1000);
  Start();
  block_ = true;
  const int fd = Connect();
  ASSERT_TRUE(Eventually([&] { return restarts_ >= 1; }));
  block_ = false;
  ASSERT_TRUE(Eventually([&] { return watch_->Health().ok(); }));
  ExpectServed();
  close(fd);
  release_.set_value();
}

TEST_F(Watch, AnAddressThatIsTakenMeanwhileIsTriedAgain) {
  Start();
  const std::string address = watch_->address();
  // Another program that takes the port as soon as it is free; the watch may be quicker.
  sockaddr_storage at{};
  socklen_t size = sizeof at;
  ASSERT_EQ(getsockname(ListeningAt(address), reinterpret_cast<sockaddr*>(&at), &size), 0);
  int other = -1;
  ASSERT_TRUE(Eventually([&] {
    shutdown(ListeningAt(address), SHUT_RDWR);
    other = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    setsockopt(other, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    return (bind(other, reinterpret_cast<sockaddr*>(&at), size) == 0 && listen(other, 8) == 0) || close(other) != 0;
  }));
  const int before = restarts_;
  ASSERT_TRUE(Eventually([&] { return !watch_->Health().ok(); }));
  close(other);
  ASSERT_TRUE(Eventually([&] { return restarts_ == before + 1 && watch_->Health().ok(); }));
  ExpectServed();
}

}  // namespace
}  // namespace entente::peer
