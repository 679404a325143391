#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "exchange/testing/test_node.h"
#include "services/peer/links.h"

namespace entente::peer::testing {

// A node with its sessions, which a test can stop and start again.
class Linked {
 public:
  Linked(const std::string& name, const std::string& nation) : node(name, nation) {}
  ~Linked() {
    if (links) links->Stop(absl::Seconds(2));
  }
  void Start(const std::string& listen = "127.0.0.1:0", LinkOptions options = {}) {
    options.listen = listen;
    links = *Links::Start(node.room(), {*node.admission, *node.groups}, options, [](absl::Status) {});
    if (!links->address().empty()) address = links->address();
  }
  void Stop() {
    links->Stop(absl::Seconds(2));
    links.reset();
  }
  // On file here, with an address to dial unless it is empty.
  void Knows(const Linked& other, const std::string& at) {
    node.Accept(other.node);
    trust::Accepted accepted = other.node.AsParty();
    accepted.party.address = at;
    ASSERT_TRUE(node.directory->Accept(accepted).ok());
    if (links) links->Wake();
  }
  bool Up(size_t peer = 0) const { return links->Status().at(peer).state() == "up"; }
  v1::PeerStatus First() const { return links->Status().at(0); }
  exchange::testing::TestNode node;
  std::unique_ptr<Links> links;
  std::string address;
};

}  // namespace entente::peer::testing
