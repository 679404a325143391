#include "services/peer/hello.h"

#include <gtest/gtest.h>

#include <functional>

#include "exchange/testing/test_node.h"

namespace entente::peer {
namespace {

using enum RejectReason;

// Estovia's hello to Norlandia, with one thing bent.
class Hellos : public testing::Test {
 protected:
  void SetUp() override {
    norlandia_.Accept(estovia_);
    estovia_.Accept(norlandia_);
  }
  RejectReason After(const std::function<void(v1::Hello&)>& bend) {
    v1::Hello hello = *MakeHello(estovia_.room(), norlandia_.org());
    bend(hello);
    bool self_rolled_back = false;
    return ReasonOf(CheckHello(norlandia_.room(), estovia_.org(), hello, self_rolled_back).status());
  }
  exchange::testing::TestNode norlandia_{"cert.norlandia", "XN"}, estovia_{"cert.estovia", "XE"};
};

TEST_F(Hellos, AnHonestOneIsTaken) {
  EXPECT_EQ(After([](v1::Hello&) {}), kNone);
}

TEST_F(Hellos, EachBentPartHasItsReason) {
  EXPECT_EQ(After([](v1::Hello& h) { h.set_protocol(2); }), kSuite);
  EXPECT_EQ(After([](v1::Hello& h) { h.set_org_id(Bytes(32, 'o')); }), kUnknownParty);
  EXPECT_EQ(After([](v1::Hello& h) { h.set_identity_hash(Bytes(32, 'h')); }), kIdentity);
  EXPECT_EQ(After([](v1::Hello& h) { h.mutable_head()->clear_signature(); }), kSignature);
}

TEST_F(Hellos, APrekeyThatIsUnsignedOrAnothersIsRefused) {
  EXPECT_EQ(After([](v1::Hello& h) { h.mutable_prekey()->clear_signature(); }), kPrekey);
  EXPECT_EQ(After([&](v1::Hello& h) { *h.mutable_prekey() = norlandia_.prekeys->Offer(); }), kPrekey);
  norlandia_.clock.now += absl::Hours(24 * 8);
  EXPECT_EQ(After([](v1::Hello&) {}), kPrekey);
}

TEST_F(Hellos, TheSoftwareNameHas256BytesAtMost) {
  EXPECT_EQ(After([](v1::Hello& h) { h.set_software(std::string(kMaxSoftwareBytes, 's')); }), kNone);
  EXPECT_EQ(After([](v1::Hello& h) { h.set_software(std::string(kMaxSoftwareBytes + 1, 's')); }), kLimit);
}

}  // namespace
}  // namespace entente::peer
