// Markings that are nearly right: none of them is taken for what was probably meant.
#include <gtest/gtest.h>

#include "model/marking_table.h"
#include "model/stix_object.h"

namespace entente::model {
namespace {

constexpr std::string_view kAmber = "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421";
constexpr std::string_view kOwn = "marking-definition--11111111-1111-4111-8111-111111111111";

EffectiveMarking Normalise(const std::string& members) {
  const auto object =
      JsonDocument::Parse("{\"type\":\"marking-definition\",\"id\":\"" + std::string(kOwn) + "\"," + members + "}");
  EXPECT_TRUE(object.ok()) << object.status();
  return NormaliseMarkings(object->root(), [](std::string_view) { return true; });
}
std::string Refs(const std::string& ids) {
  return "\"object_marking_refs\":[" + ids + "]";
}

TEST(MarkingSlips, AnIdThatIsADigitOffIsNamedAndMeansNothing) {
  EXPECT_EQ(NearestMarking(kAmber), "");
  for (size_t i = kAmber.size() - 36; i < kAmber.size(); ++i) {
    for (const char c : std::string_view("0123456789abcdefABCDEF-x")) {
      std::string id(kAmber);
      if (id[i] == c) continue;
      id[i] = c;
      EXPECT_FALSE(LookUpMarking(id).has_value()) << id;
      EXPECT_EQ(NearestMarking(id), "TLP:AMBER") << id;
    }
  }
  std::string id(kAmber);
  id[id.size() - 1] = id[id.size() - 2] = 'f';
  EXPECT_EQ(NearestMarking(id), "TLP:AMBER");
  id[id.size() - 3] = 'f';
  EXPECT_EQ(NearestMarking(id), "");
  EXPECT_EQ(NearestMarking("marking-definition--740d36e5-7714-4c30-961a-3ae632ceee0f"), "PAP:RED");
  EXPECT_EQ(NearestMarking("marking-definition--a3bea94c-b469-41dc-9cfe-d6e7daba7731"), "PAP:CLEAR");
  EXPECT_EQ(NearestMarking(kOwn), "");
  EXPECT_EQ(NearestMarking("marking-definition--"), "");
  EXPECT_EQ(NearestMarking("identity--55d920b0-5e8b-4f79-9ee9-91f868d9b422"), "");
}

TEST(MarkingSlips, ADefinitionThatMarksItselfIsACycle) {
  const std::string own = "\"" + std::string(kOwn) + "\"";
  EXPECT_EQ(Normalise(Refs(own)).malformed, "object_marking_refs[0] is the object's own id: a marking cycle");
  const auto behind = Normalise(Refs("\"" + std::string(kAmber) + "\"," + own));
  EXPECT_EQ(behind.malformed, "object_marking_refs[1] is the object's own id: a marking cycle");
  EXPECT_EQ(behind.label, Label::kAmber);
  const auto granular = Normalise("\"granular_markings\":[{\"marking_ref\":" + own + ",\"selectors\":[\"type\"]}]");
  EXPECT_EQ(granular.malformed, "granular_markings[0].marking_ref is the object's own id: a marking cycle");
  EXPECT_EQ(Normalise(Refs("\"" + std::string(kAmber) + "\"")).malformed, "");
}

TEST(MarkingSlips, WhatIsUnclearIsNotShared) {
  const std::string amber = Refs("\"" + std::string(kAmber) + "\"") + ",";
  for (const char* tag : {"tlp:unclear", "TLP:UNCLEAR", "Tlp:Unclear"}) {
    const auto marking = Normalise(amber + "\"labels\":[\"a\",\"" + tag + "\"]");
    EXPECT_EQ(marking.malformed, "labels[1] is tlp:unclear: nobody decided yet how it may be shared") << tag;
    EXPECT_EQ(marking.label, Label::kAmber);
  }
  for (const char* labels :
       {"[]", "[\"unclear\"]", "[\"tlp:unclear \"]", "\"tlp:unclear\"", "[3,null,[\"tlp:unclear\"]]"}) {
    EXPECT_EQ(Normalise(amber + "\"labels\":" + labels).malformed, "") << labels;
  }
  // As a statement, which is how they come as markings, these spell a level that is not known here.
  for (const char* statement : {"tlp:unclear", "tlp:ex:chr", "TLP:EX:CHR"}) {
    const auto definition = JsonDocument::Parse(
        "{\"type\":\"marking-definition\",\"id\":\"" + std::string(kOwn) +
        "\",\"definition_type\":\"statement\",\"definition\":{\"statement\":\"" + statement + "\"}}");
    EXPECT_EQ(ClassifyDefinition(definition->root()), DefinitionKind::kDisguised) << statement;
  }
}

}  // namespace
}  // namespace entente::model
