#include "model/marking.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "base/reject.h"
#include "model/marking_limits.h"

namespace entente::model {
namespace {

const std::string kPrefix = "marking-definition--";
const std::string kClear = kPrefix + "94868c89-83c2-464b-929b-a1a8aa3c8487";
const std::string kGreen = kPrefix + "bab4a63c-aed9-4cf5-a766-dfca5abac2bb";
const std::string kAmber = kPrefix + "55d920b0-5e8b-4f79-9ee9-91f868d9b421";
const std::string kAmberStrict = kPrefix + "939a9414-2ddd-4d32-a0cd-375ea402b003";
const std::string kRed = kPrefix + "e828b379-4e03-4974-9ac4-e53a884c97c1";
const std::string kOldWhite = kPrefix + "613f2e26-407d-48c7-9eca-b8e91df99dc9";
const std::string kOldAmber = kPrefix + "f88d31f6-486f-44da-b317-01333bde0b82";
const std::string kOpenCtiStrict = kPrefix + "826578e1-40ad-459f-bc73-ede076f81f37";
const std::string kPapRed = kPrefix + "740d36e5-7714-4c30-961a-3ae632ceee0e";
const std::string kPapGreen = kPrefix + "c43594d1-4b11-4c59-93ab-1c9b14d53ce9";
const std::string kStatement = kPrefix + "fa42a846-8d90-4e51-bc29-71d5b4802168";
const std::string kTlp2 = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d";
const std::string kPapExtension = "extension-definition--f8d78575-edfd-406e-8e84-6162a8450f5b";

EffectiveMarking MarkingOf(const std::string& json) {
  const auto document = JsonDocument::Parse(json);
  EXPECT_TRUE(document.ok()) << document.status() << json;
  return NormaliseMarkings(document->root(), [](std::string_view id) { return id == kStatement; });
}

std::string Refs(std::initializer_list<std::string> ids) {
  std::string out = R"({"name":"x","list":[{"deep":"y"}],"object_marking_refs":[)";
  for (const std::string& id : ids) out += (out.back() == '[' ? "\"" : ",\"") + id + "\"";
  return out + "]}";
}

std::string Granular(const std::string& granular) {
  return R"({"name":"x","list":[{"deep":"y"},["z"]],"granular_markings":[)" + granular + "]}";
}

DefinitionKind KindOf(const std::string& json) {
  const auto document = JsonDocument::Parse(json);
  EXPECT_TRUE(document.ok()) << document.status() << json;
  return ClassifyDefinition(document->root());
}

std::string Definition(const std::string& id, const std::string& rest) {
  return R"({"type":"marking-definition","spec_version":"2.1","id":")" + id + "\"," + rest + "}";
}

TEST(Label, ParsesEveryNameInAnyCase) {
  const std::pair<const char*, Label> known[] = {
      {"CLEAR", Label::kClear},
      {"tlp:clear", Label::kClear},
      {"White", Label::kClear},
      {"TLP:WHITE", Label::kClear},
      {"green", Label::kGreen},
      {"TLP:GREEN", Label::kGreen},
      {"AMBER", Label::kAmber},
      {"Tlp:Amber", Label::kAmber},
      {"AMBER+STRICT", Label::kAmberStrict},
      {"tlp:amber+strict", Label::kAmberStrict},
      {"RED", Label::kRed},
      {"tlp:red", Label::kRed},
  };
  for (const auto& [text, label] : known) EXPECT_EQ(ParseLabel(text).value(), label) << text;
}

TEST(Label, RefusesOthersAndNamesTheChoices) {
  for (const char* text : {"", "TLP:", "AMBER STRICT", "STRICT", " RED", "RED ", "TLP: RED", "PAP:RED", "BLACK",
                           "tlp:ex:chr", "unclear", "TLP:TLP:RED"}) {
    EXPECT_EQ(ReasonOf(ParseLabel(text).status()), RejectReason::kUsage) << text;
  }
  const auto near = ParseLabel("AMBRE");
  EXPECT_NE(near.status().message().find("CLEAR, GREEN, AMBER, AMBER+STRICT or RED"), absl::string_view::npos);
  EXPECT_NE(near.status().message().find("did you mean AMBER?"), absl::string_view::npos);
}

TEST(Label, NamesReadBack) {
  for (const Label label : {Label::kClear, Label::kGreen, Label::kAmber, Label::kAmberStrict, Label::kRed}) {
    EXPECT_EQ(ParseLabel(Name(label)).value(), label);
  }
  EXPECT_EQ(Name(Label::kUnlabelled), "");
  EXPECT_EQ(Name(Label::kAmberStrict), "AMBER+STRICT");
}

TEST(LookUp, KnowsEveryIdOfTheTable) {
  const std::tuple<const char*, Label, Pap> table[] = {
      {"94868c89-83c2-464b-929b-a1a8aa3c8487", Label::kClear, Pap::kUnset},
      {"bab4a63c-aed9-4cf5-a766-dfca5abac2bb", Label::kGreen, Pap::kUnset},
      {"55d920b0-5e8b-4f79-9ee9-91f868d9b421", Label::kAmber, Pap::kUnset},
      {"939a9414-2ddd-4d32-a0cd-375ea402b003", Label::kAmberStrict, Pap::kUnset},
      {"e828b379-4e03-4974-9ac4-e53a884c97c1", Label::kRed, Pap::kUnset},
      {"613f2e26-407d-48c7-9eca-b8e91df99dc9", Label::kClear, Pap::kUnset},
      {"34098fce-860f-48ae-8e50-ebd3cc5e41da", Label::kGreen, Pap::kUnset},
      {"f88d31f6-486f-44da-b317-01333bde0b82", Label::kAmber, Pap::kUnset},
      {"5e57c739-391a-4eb3-b6be-7d15ca92d5ed", Label::kRed, Pap::kUnset},
      {"826578e1-40ad-459f-bc73-ede076f81f37", Label::kAmberStrict, Pap::kUnset},
      {"a3bea94c-b469-41dc-9cfe-d6e7daba7730", Label::kUnlabelled, Pap::kClear},
      {"ad15a0cd-55b6-4588-a14c-a66105329b92", Label::kUnlabelled, Pap::kClear},
      {"c43594d1-4b11-4c59-93ab-1c9b14d53ce9", Label::kUnlabelled, Pap::kGreen},
      {"60f8932b-e51e-4458-b265-a2e8be9a80ab", Label::kUnlabelled, Pap::kAmber},
      {"740d36e5-7714-4c30-961a-3ae632ceee0e", Label::kUnlabelled, Pap::kRed},
  };
  for (const auto& [uuid, label, pap] : table) {
    const auto known = LookUpMarking(kPrefix + uuid);
    ASSERT_TRUE(known.has_value()) << uuid;
    EXPECT_TRUE(known->label == label && known->pap == pap) << uuid;
  }
}

TEST(LookUp, EveryNearMissIsUnknown) {
  for (const std::string& id : {kRed, kOldWhite, kOpenCtiStrict, kPapRed}) {
    for (size_t i = 0; i < id.size(); ++i) {
      std::string near = id;
      near[i] = near[i] == '0' ? '1' : '0';
      EXPECT_FALSE(LookUpMarking(near).has_value()) << near;
    }
    EXPECT_FALSE(LookUpMarking(id.substr(0, id.size() - 1)).has_value());
    EXPECT_FALSE(LookUpMarking(id + " ").has_value());
    EXPECT_FALSE(LookUpMarking(id.substr(kPrefix.size())).has_value());
  }
  EXPECT_FALSE(LookUpMarking(kPrefix + "E828B379-4E03-4974-9AC4-E53A884C97C1").has_value());
  EXPECT_FALSE(LookUpMarking("").has_value());
}

TEST(Normalise, NoMarkingIsUnlabelled) {
  for (const char* json : {R"({"name":"x"})", R"({"object_marking_refs":[]})", R"({"granular_markings":[]})"}) {
    const EffectiveMarking marking = MarkingOf(json);
    EXPECT_EQ(marking.label, Label::kUnlabelled);
    EXPECT_EQ(marking.pap, Pap::kUnset);
    EXPECT_TRUE(marking.unresolved.empty() && marking.malformed.empty());
  }
}

TEST(Normalise, TheStrictestOfSeveralWins) {
  EXPECT_EQ(MarkingOf(Refs({kGreen, kRed, kClear})).label, Label::kRed);
  EXPECT_EQ(MarkingOf(Refs({kOldAmber, kAmberStrict})).label, Label::kAmberStrict);
  EXPECT_EQ(MarkingOf(Refs({kOpenCtiStrict, kAmber})).label, Label::kAmberStrict);
  const EffectiveMarking both = MarkingOf(Refs({kPapGreen, kAmber, kPapRed, kOldWhite}));
  EXPECT_EQ(both.label, Label::kAmber);
  EXPECT_EQ(both.pap, Pap::kRed);
}

RC_GTEST_PROP(Normalise, AddingAMarkingNeverLoosens, ()) {
  const auto ids = *rc::gen::container<std::vector<std::string>>(rc::gen::element(
      kClear, kGreen, kAmber, kAmberStrict, kRed, kOldWhite, kOldAmber, kOpenCtiStrict, kPapRed, kPapGreen));
  EffectiveMarking before;
  std::string list;
  for (const std::string& id : ids) {
    list += (list.empty() ? "\"" : ",\"") + id + "\"";
    const EffectiveMarking after = MarkingOf("{\"object_marking_refs\":[" + list + "]}");
    RC_ASSERT(after.label >= before.label && after.pap >= before.pap);
    before = after;
  }
}

TEST(Normalise, StatementsRestrictNothing) {
  const EffectiveMarking marking = MarkingOf(Refs({kStatement, kGreen}));
  EXPECT_EQ(marking.label, Label::kGreen);
  EXPECT_TRUE(marking.unresolved.empty());
  EXPECT_EQ(MarkingOf(Refs({kStatement})).label, Label::kUnlabelled);
}

TEST(Normalise, UnknownIdsAreListedOnce) {
  const std::string unknown = kPrefix + "00000000-0000-4000-8000-000000000001";
  const EffectiveMarking marking = MarkingOf(Refs({unknown, kClear, unknown, "tlp:red"}));
  EXPECT_EQ(marking.label, Label::kClear);
  EXPECT_EQ(marking.unresolved, (std::vector<std::string>{unknown, "tlp:red"}));
  EXPECT_TRUE(marking.malformed.empty());
}

TEST(Normalise, WithoutAStatementFunctionStatementsAreUnknown) {
  const auto document = JsonDocument::Parse(Refs({kStatement}));
  EXPECT_EQ(NormaliseMarkings(document->root(), nullptr).unresolved.size(), 1u);
}

TEST(Normalise, MarkingRefsMustBeAnArrayOfStrings) {
  for (const char* refs : {"\"x\"", "{}", "null", "1", "[1]", "[null]", "[[]]", "[{\"id\":\"x\"}]"}) {
    const EffectiveMarking marking = MarkingOf("{\"object_marking_refs\":" + std::string(refs) + "}");
    EXPECT_NE(marking.malformed.find("object_marking_refs"), std::string::npos) << refs;
  }
  EXPECT_FALSE(MarkingOf("[]").malformed.empty());
}

TEST(Granular, JoinsTheStrictest) {
  const std::string red = R"({"marking_ref":")" + kRed + R"(","selectors":["name"]})";
  const std::string clear = R"({"marking_ref":")" + kClear + R"(","selectors":["list.[0].deep","list.[1].[0]"]})";
  EXPECT_EQ(MarkingOf(Granular(clear)).label, Label::kClear);
  EXPECT_EQ(MarkingOf(Granular(clear + "," + red)).label, Label::kRed);
  const std::string with_refs = R"({"n":1,"object_marking_refs":[")" + kGreen +
                                R"("],"granular_markings":[{"marking_ref":")" + kAmber + R"(","selectors":["n"]}]})";
  EXPECT_EQ(MarkingOf(with_refs).label, Label::kAmber);
}

TEST(Granular, SelectorsMustExist) {
  for (const char* selector :
       {"absent", "name.x", "list.[2]", "list.[00000000000000000000009]", "list.0", "list.[0].absent", "", ".", "name.",
        "list.[]", "list.[-1]", "list.[0", "[0]", "list.[0]deep"}) {
    const EffectiveMarking marking =
        MarkingOf(Granular(R"({"marking_ref":")" + kClear + R"(","selectors":["name",")" + selector + "\"]}"));
    EXPECT_EQ(marking.malformed, "granular_markings[0].selectors[1] names nothing in the object") << selector;
  }
}

TEST(Granular, LanguagesAreIgnored) {
  const EffectiveMarking marking = MarkingOf(Granular(R"({"lang":"fr","selectors":["name"]})"));
  EXPECT_TRUE(marking.malformed.empty());
  EXPECT_EQ(marking.label, Label::kUnlabelled);
}

TEST(Granular, OtherShapesAreMalformed) {
  const std::string ref = R"("marking_ref":")" + kClear + "\"";
  for (const std::string& granular :
       {std::string("1"), std::string("{}"), "{" + ref + "}", "{" + ref + R"(,"selectors":[]})",
        "{" + ref + R"(,"selectors":"name"})", "{" + ref + R"(,"selectors":[1]})",
        "{" + ref + R"(,"lang":"fr","selectors":["name"]})", std::string(R"({"selectors":["name"]})"),
        std::string(R"({"marking_ref":1,"selectors":["name"]})")}) {
    EXPECT_NE(MarkingOf(Granular(granular)).malformed.find("granular_markings[0]"), std::string::npos) << granular;
  }
  EXPECT_FALSE(MarkingOf(R"({"granular_markings":{}})").malformed.empty());
}

TEST(Granular, UnknownIdsAreUnresolved) {
  EXPECT_EQ(MarkingOf(Granular(R"({"marking_ref":"marking-definition--x","selectors":["name"]})")).unresolved.size(),
            1u);
}

TEST(Limits, MarkingsPerObject) {
  std::string list;
  for (size_t i = 0; i < kMaxMarkingRefs; ++i) list += (i == 0 ? "\"" : ",\"") + kGreen + "\"";
  EXPECT_TRUE(MarkingOf("{\"object_marking_refs\":[" + list + "]}").malformed.empty());
  EXPECT_FALSE(MarkingOf("{\"object_marking_refs\":[" + list + ",\"" + kGreen + "\"]}").malformed.empty());
}

TEST(Limits, SelectorsPerObject) {
  std::string list = "\"name\"";
  for (size_t i = 1; i < kMaxSelectors; ++i) list += ",\"name\"";
  const std::string begin = R"({"marking_ref":")" + kClear + R"(","selectors":[)";
  EXPECT_TRUE(MarkingOf(Granular(begin + list + "]}")).malformed.empty());
  EXPECT_FALSE(MarkingOf(Granular(begin + list + ",\"name\"]}")).malformed.empty());
}

TEST(Limits, MarkingIds) {
  EXPECT_EQ(MarkingOf(Refs({std::string(256, 'x')})).unresolved.size(), 1u);
  EXPECT_FALSE(MarkingOf(Refs({std::string(257, 'x')})).malformed.empty());
}

TEST(Definition, OtherTypesAreNone) {
  EXPECT_EQ(KindOf(R"({"type":"indicator","id":"indicator--1"})"), DefinitionKind::kNotADefinition);
  EXPECT_EQ(KindOf("[]"), DefinitionKind::kNotADefinition);
}

TEST(Definition, Statements) {
  EXPECT_EQ(
      KindOf(Definition(kStatement, R"("definition_type":"statement","definition":{"statement":"Copyright 2025"})")),
      DefinitionKind::kStatement);
  EXPECT_EQ(
      KindOf(Definition(kStatement, R"("name":"MITRE","definition_type":"statement","definition":{"statement":""})")),
      DefinitionKind::kStatement);
}

TEST(Definition, RestrictionsDressedAsStatementsAreNone) {
  const std::string plain = R"("definition_type":"statement","definition":{"statement":"x"})";
  for (const std::string& rest :
       {std::string(R"("definition_type":"statement","definition":{"statement":"x","tlp":"red"})"),
        std::string(R"("definition_type":"statement","definition":"x")"),
        std::string(R"("definition_type":"statement")"),
        std::string(R"("definition_type":"statement","definition":{"statement":1})"),
        plain + R"(,"x_opencti_definition_type":"PAP","x_opencti_definition":"PAP:RED")",
        plain + R"(,"x_opencti_definition":"no foreigners")", plain + R"(,"extensions":{"extension-definition--1":{}})",
        std::string(R"("definition_type":"tlp","definition":{"tlp":"red"})"), std::string(R"("name":"x")")}) {
    EXPECT_EQ(KindOf(Definition(kStatement, rest)), DefinitionKind::kOther) << rest;
  }
}

TEST(Definition, StatementsThatSpellALevelAreDisguised) {
  for (const std::string text : {"TLP:AMBER+STRICT", "pap:red", "  tlp : red", "\\uff34\\uff2c\\uff30:RED", "TLP-RED",
                                 "Traffic Light Protocol: Red"}) {
    const std::string said = R"("definition_type":"statement","definition":{"statement":")" + text + "\"}";
    const std::string named =
        R"("definition_type":"statement","definition":{"statement":"x"},"name":")" + text + "\"";
    EXPECT_EQ(KindOf(Definition(kStatement, said)), DefinitionKind::kDisguised) << text;
    EXPECT_EQ(KindOf(Definition(kStatement, named)), DefinitionKind::kDisguised) << text;
  }
}

TEST(Definition, GenuineTableEntries) {
  const std::string tlp2 = R"("extensions":{")" + kTlp2 + R"(":{"extension_type":"property-extension","tlp_2_0":)";
  const std::string pap = R"("extensions":{")" + kPapExtension + R"(":{"extension_type":"property-extension","pap":)";
  for (const auto& [id, rest] : std::vector<std::pair<std::string, std::string>>{
           {kRed, R"("name":"TLP:RED",)" + tlp2 + R"("red"}})"},
           {kAmberStrict, R"("name":"TLP:AMBER+STRICT",)" + tlp2 + R"("amber+strict"}})"},
           {kOldWhite, R"("name":"TLP:WHITE","definition_type":"tlp","definition":{"tlp":"white"})"},
           {kOldWhite, R"("name":"TLP:CLEAR","definition_type":"tlp","definition":{"tlp":"clear"})"},
           {kOpenCtiStrict, R"("definition_type":"statement","definition":{"statement":"custom"},)"
                            R"("x_opencti_definition_type":"TLP","x_opencti_definition":"TLP:AMBER+STRICT")"},
           {kPapRed, R"("name":"PAP:RED",)" + pap + R"("red"}})"}}) {
    EXPECT_EQ(KindOf(Definition(id, rest)), DefinitionKind::kKnown) << rest;
  }
}

TEST(Definition, ContradictionsAreForged) {
  const std::string tlp2 = R"("extensions":{")" + kTlp2 + R"(":{"tlp_2_0":)";
  for (const auto& [id, rest] : std::vector<std::pair<std::string, std::string>>{
           {kRed, R"("name":"TLP:CLEAR",)" + tlp2 + R"("red"}})"},
           {kRed, R"("name":"TLP:RED",)" + tlp2 + R"("clear"}})"},
           {kRed, tlp2 + "1}}"},
           {kClear, R"("definition_type":"statement","definition":{"statement":"free for all"})"},
           {kOldAmber, R"("definition_type":"tlp","definition":{"tlp":"green"})"},
           {kOldAmber, R"("definition_type":"tlp","definition":{"tlp":"amber","more":1})"},
           {kOldAmber, R"("definition_type":"tlp","definition":"amber")"},
           {kPapRed, R"("name":"TLP:RED")"},
           {kRed, R"("name":"PAP:RED")"},
           {kGreen, tlp2 + R"("green"},"extension-definition--3a65884d-005a-4290-8335-cb2d778a83ce":{}})"},
           {kGreen, R"("extensions":[])"},
           {kGreen, R"("name":"nothing said")"}}) {
    EXPECT_EQ(KindOf(Definition(id, rest)), DefinitionKind::kForged) << rest;
  }
}

}  // namespace
}  // namespace entente::model
