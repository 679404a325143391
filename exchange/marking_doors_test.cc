// Markings that are nearly right, at the door of a publish: each is held, and says why.
#include <gtest/gtest.h>

#include "exchange/testing/test_node.h"

namespace entente::exchange {
namespace {

using testing::TestNode;

constexpr std::string_view kGreen = "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb";
constexpr std::string_view kOne = "marking-definition--11111111-1111-4111-8111-111111111111";
constexpr std::string_view kTwo = "marking-definition--22222222-2222-4222-8222-222222222222";

// With these members, marked by these ids.
std::string Object(std::string_view id, const std::string& members, const std::vector<std::string_view>& marks) {
  std::string text = R"({"type":")" + std::string(id.substr(0, id.find("--"))) + R"(","spec_version":"2.1","id":")" +
                     std::string(id) + R"(","created":"2026-01-02T03:04:05Z",)" + members +
                     R"("object_marking_refs":[)";
  for (const std::string_view mark : marks) {
    text += (text.back() == '[' ? "\"" : ",\"") + std::string(mark) + "\"";
  }
  return text + "]}";
}
std::string Statement(std::string_view id, const std::vector<std::string_view>& marks,
                      const std::string& text = "(c)") {
  return Object(id, R"("definition_type":"statement","definition":{"statement":")" + text + "\"},", marks);
}

class MarkingDoors : public ::testing::Test {
 protected:
  void SetUp() override { node_.Accept(estovia_); }
  // The details of all that was held, which is all; each for its markings.
  std::vector<std::string> Held(const std::vector<std::string>& objects) {
    const v1::PublishProgress progress = node_.Publish(objects);
    EXPECT_EQ(progress.quarantined(), objects.size());
    std::vector<std::string> details;
    for (const v1::PublishOutcome& outcome : progress.notable()) {
      EXPECT_EQ(outcome.reason(), "MARKING");
      details.push_back(outcome.detail());
    }
    return details;
  }
  static bool Says(const std::string& detail, std::string_view what) { return detail.find(what) != std::string::npos; }
  TestNode node_{"cert.norlandia", "XN"}, estovia_{"cert.estovia", "XE"};
};

TEST_F(MarkingDoors, CyclesAreHeld) {
  const auto itself = Held({Statement(kOne, {kGreen, kOne})});
  EXPECT_TRUE(Says(itself[0], "object_marking_refs[1] is the object's own id: a marking cycle")) << itself[0];
  // In a ring each refers to one that is not taken yet, and never is.
  const auto ring = Held({Statement(kOne, {kGreen, kTwo}), Statement(kTwo, {kGreen, kOne})});
  ASSERT_EQ(ring.size(), 2u);
  EXPECT_TRUE(Says(ring[0], "unknown marking id " + std::string(kTwo))) << ring[0];
  EXPECT_TRUE(Says(ring[1], "unknown marking id " + std::string(kOne))) << ring[1];
  const auto marked = Held({Object("note--33333333-3333-4333-8333-333333333333", "", {kGreen, kOne})});
  EXPECT_TRUE(Says(marked[0], "unknown marking id " + std::string(kOne))) << marked[0];
}

// Whatever the types, of which each is a class of decisions: a receiver knows a definition before what it marks.
TEST_F(MarkingDoors, DefinitionsGoInFrontOfWhatTheyMark) {
  estovia_.Accept(node_);
  std::vector<std::string> objects = {Statement(kOne, {kGreen})};
  for (const std::string type : {"attack-pattern", "note", "x-zone"}) {
    objects.push_back(Object(type + "--33333333-3333-4333-8333-333333333333", R"("name":"n",)", {kGreen, kOne}));
  }
  ASSERT_EQ(node_.Publish(objects).published(), objects.size());
  testing::DeliverAll(node_, estovia_);
  EXPECT_EQ(estovia_.journal->Count().objects, objects.size());
  EXPECT_EQ(estovia_.journal->Count().quarantined, 0u);
}

TEST_F(MarkingDoors, AnIdThatIsADigitOffIsNamed) {
  std::string off(kGreen);
  off.back() = 'c';
  const auto details = Held({Object("note--33333333-3333-4333-8333-333333333333", "", {off})});
  EXPECT_TRUE(Says(details[0], "a digit or two off that of TLP:GREEN")) << details[0];
}

TEST_F(MarkingDoors, SelectorsThatNameNothingAreHeld) {
  const std::string granular =
      R"("granular_markings":[{"marking_ref":")" + std::string(kGreen) + R"(","selectors":["abstract.[7]"]}],)";
  const auto details = Held({Object("note--33333333-3333-4333-8333-333333333333", granular, {kGreen})});
  EXPECT_TRUE(Says(details[0], "granular_markings[0].selectors[0] names nothing in the object")) << details[0];
}

TEST_F(MarkingDoors, WhatIsUnclearIsHeld) {
  const auto details =
      Held({Object("note--33333333-3333-4333-8333-333333333333", R"("labels":["tlp:unclear"],)", {kGreen}),
            Statement(kOne, {kGreen}, "tlp:unclear"), Statement(kTwo, {kGreen}, "tlp:ex:chr")});
  EXPECT_TRUE(Says(details[0], "labels[0] is tlp:unclear")) << details[0];
  EXPECT_TRUE(Says(details[1], "spells a TLP or PAP level")) << details[1];
  EXPECT_TRUE(Says(details[2], "spells a TLP or PAP level")) << details[2];
}

TEST_F(MarkingDoors, AnIepPolicyHasToBeUnderstoodAndIsNotYetKept) {
  const std::string policy =
      R"("extensions":{"extension-definition--762e2e97-ee51-43e5-a9ea-165fbb862c4a":{"extension_type":)"
      R"("property-extension","iep_id":"01bc4353-4829-4d55-8d52-0ab7e0790df9","iep_version":2.0,)"
      R"("start_date":"2022-10-01T10:00:00Z","encrypt_in_transit":"may","permitted_actions":"none",)"
      R"("affected_party_notifications":"may","tlp":"amber","provider_attribution":"may","unmodified_resale":"may"}},)";
  std::string bent = policy;
  bent.replace(bent.find("\"amber\""), 7, "\"AMBER\"");
  const auto held = Held({Object(kOne, bent, {kGreen})});
  EXPECT_TRUE(Says(held[0], "the IEP policy is not understood: tlp is none of red, amber, green, white")) << held[0];
  EXPECT_EQ(node_.Publish({Object(kTwo, policy, {kGreen})}).published(), 1u);
  const auto marked = Held({Object("note--33333333-3333-4333-8333-333333333333", "", {kGreen, kTwo})});
  EXPECT_TRUE(Says(marked[0], "unknown marking id")) << marked[0];
}

}  // namespace
}  // namespace entente::exchange
