#include "model/iep_definition.h"

#include <gtest/gtest.h>

#include <random>

#include "base/reject.h"
#include "model/stix_object.h"

namespace entente::model {
namespace {

// The example of the draft, with the fields that its prose asks for.
const std::string kExample = R"({
  "type": "marking-definition", "spec_version": "2.1", "id": "marking-definition--8bb5f5cb-2d43-4a3d-8b9a-1fbb6a3b8a2a",
  "created": "2022-10-01T00:00:00.000Z", "name": "FIRST IEP TLP-AMBER",
  "extensions": { "extension-definition--762e2e97-ee51-43e5-a9ea-165fbb862c4a": {
      "extension_type": "property-extension", "iep_id": "01bc4353-4829-4d55-8d52-0ab7e0790df9", "iep_version": 2.0,
      "start_date": "2022-10-01T10:00:00Z", "end_date": "2030-10-01T10:00:00Z", "encrypt_in_transit": "may",
      "permitted_actions": "externally-visible-direct-actions", "affected_party_notifications": "may", "tlp": "amber",
      "provider_attribution": "must-not", "unmodified_resale": "must-not" } } })";

absl::StatusOr<Iep> Read(const std::string& text) {
  const auto object = StixObject::Parse(text);
  if (!object.ok()) return object.status();
  if (!IsIepDefinition(object->json())) return Reject(RejectReason::kNotFound, "no IEP");
  return ReadIep(object->json());
}
std::string With(const std::string& from, const std::string& to) {
  std::string text = kExample;
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(Iep, TheExampleIsRead) {
  const auto iep = Read(kExample);
  ASSERT_TRUE(iep.ok()) << iep.status();
  Iep expected;
  expected.label = Label::kAmber;
  expected.actions = Iep::Actions::kDirect;
  expected.attribution = Iep::Attribution::kMustNot;
  expected.unmodified_resale = false;
  expected.start = absl::FromUnixSeconds(1'664'618'400);
  expected.end = absl::FromUnixSeconds(1'917'079'200);
  EXPECT_EQ(*iep, expected);
}

TEST(Iep, EveryWordHasItsMeaning) {
  const std::pair<const char*, Label> labels[] = {
      {"red", Label::kRed}, {"amber", Label::kAmber}, {"green", Label::kGreen}, {"white", Label::kClear}};
  for (const auto& [word, label] : labels) {
    EXPECT_EQ(Read(With("\"tlp\": \"amber\"", "\"tlp\": \"" + std::string(word) + "\""))->label, label);
  }
  const std::pair<const char*, Iep::Actions> actions[] = {
      {"none", Iep::Actions::kNone},
      {"contact-for-instruction", Iep::Actions::kContact},
      {"internally-visible-actions", Iep::Actions::kInternal},
      {"externally-visible-indirect-actions", Iep::Actions::kIndirect}};
  for (const auto& [word, action] : actions) {
    EXPECT_EQ(Read(With("externally-visible-direct-actions", word))->actions, action) << word;
  }
  EXPECT_EQ(Read(With("\"provider_attribution\": \"must-not\"", "\"provider_attribution\": \"must\""))->attribution,
            Iep::Attribution::kMust);
  EXPECT_EQ(Read(With("\"provider_attribution\": \"must-not\"", "\"provider_attribution\": \"may\""))->attribution,
            Iep::Attribution::kMay);
  EXPECT_TRUE(Read(With("\"encrypt_in_transit\": \"may\"", "\"encrypt_in_transit\": \"must\""))->encrypt_in_transit);
  EXPECT_FALSE(Read(With("\"affected_party_notifications\": \"may\"", "\"affected_party_notifications\": \"must-not\""))
                   ->notify_affected);
  EXPECT_TRUE(Read(With("\"unmodified_resale\": \"must-not\"", "\"unmodified_resale\": \"may\""))->unmodified_resale);
  EXPECT_EQ(Read(With("\"end_date\": \"2030-10-01T10:00:00Z\"", "\"end_date\": null"))->end, absl::InfiniteFuture());
  EXPECT_EQ(Read(With(", \"end_date\": \"2030-10-01T10:00:00Z\"", ""))->end, absl::InfiniteFuture());
  EXPECT_TRUE(Read(With("2.0,", "\"2.0\",")).ok());
}

TEST(Iep, WhatIsNotUnderstoodIsRefused) {
  const std::pair<const char*, const char*> bends[] = {
      {"\"tlp\": \"amber\"", "\"tlp\": \"AMBER\""},
      {"\"tlp\": \"amber\"", "\"tlp\": \"amber+strict\""},
      {"\"tlp\": \"amber\"", "\"tlp\": 3"},
      {"\"tlp\": \"amber\",", ""},
      {"\"encrypt_in_transit\": \"may\"", "\"encrypt_in_transit\": \"must-not\""},
      {"\"encrypt_in_transit\": \"may\"", "\"encrypt_in_transit\": null"},
      {"direct-actions\"", "actions\""},
      {"\"affected_party_notifications\": \"may\", ", ""},
      {"\"provider_attribution\"", "\"attribution\""},
      {"\"unmodified_resale\": \"must-not\"", "\"unmodified_resale\": \"must\""},
      {"2.0,", "1.0,"},
      {"2.0,", "\"2\","},
      {"01bc4353-4829-4d55", "01bc4353-4829-1d55"},
      {"01bc4353-4829-4d55", "01bc43534829-4d55x"},
      {"\"start_date\": \"2022-10-01T10:00:00Z\", ", ""},
      {"2022-10-01T10:00:00Z\", \"end", "2022-13-01T10:00:00Z\", \"end"},
      {"2022-10-01T10:00:00Z\", \"end", "2031-10-01T10:00:00Z\", \"end"},
      {"2030-10-01T10:00:00Z", "2022-10-01T10:00:00Z"},
      {"\"end_date\": \"2030-10-01T10:00:00Z\"", "\"end_date\": 2030"},
      {"property-extension", "new-sdo"},
      {"\"iep_version\"", "\"x\": 1, \"iep_version\""},
      {"\"iep_version\"", "\"description\": 1, \"iep_version\""},
      {"\"name\"", "\"definition_type\": \"statement\", \"name\""},
      {"\"name\"", "\"definition\": {\"tlp\": \"green\"}, \"name\""},
      {"\"extensions\": {", "\"extensions\": { \"extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d\": {},"},
  };
  for (const auto& [from, to] : bends) {
    EXPECT_EQ(ReasonOf(Read(With(from, to)).status()), RejectReason::kMarking) << from << " -> " << to;
  }
  // Another extension's id, one digit off, is no IEP at all.
  EXPECT_EQ(ReasonOf(Read(With("762e2e97", "762e2e98")).status()), RejectReason::kNotFound);
}

// Whatever one changed byte makes of it, it is the same policy or none: there is no word that is one letter from
// another, but for digits of times and of its id.
TEST(Iep, DamageIsNotRead) {
  const Iep whole = *Read(kExample);
  std::mt19937 random(3);
  size_t read = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string bent = kExample;
    bent[random() % bent.size()] = static_cast<char>(random());
    auto iep = Read(bent);
    if (!iep.ok()) continue;
    ++read;
    iep->start = whole.start;
    iep->end = whole.end;
    EXPECT_EQ(*iep, whole) << bent;
  }
  EXPECT_GT(read, 100u);
}

}  // namespace
}  // namespace entente::model
