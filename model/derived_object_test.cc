// Derived objects: what is taken out is gone, by bytes; what cannot go without it stays at home.
#include "model/derived_object.h"

#include <gtest/gtest.h>

#include "base/reject.h"
#include "crypto/encoding.h"
#include "crypto/name_uuid.h"
#include "model/withheld_values.h"

namespace entente::model {
namespace {

const std::string kId = "05b7c427-1452-437e-a19e-32590edf60c3";
const std::string kOther = "11111111-2222-4333-8444-555555555555";

NamedIds Ids(const Bytes& space = Bytes(16, 'n')) {
  const Bytes stix = *crypto::FromHex("00abedb4aa42466c9c01fed23315a9b7");
  return {[space](ByteView name) { return crypto::NameUuid(space, name); },
          [stix](ByteView name) { return crypto::NameUuid(stix, name); }};
}

std::string Object(const std::string& type, const std::string& more) {
  return R"({"type":")" + type + R"(","spec_version":"2.1","id":")" + type + "--" + kId +
         R"(","created":"2026-01-02T03:04:05.678Z","modified":"2026-01-02T03:04:05.678Z",)" + more + "}";
}
std::string Indicator(const std::string& more) {
  return Object("indicator",
                R"("pattern":"[x:y = 'z']","pattern_type":"stix","valid_from":"2026-01-02T03:04:05Z",)" + more);
}

absl::StatusOr<DerivedObject> From(const std::string& json, const Redaction& redaction, const NamedIds& ids = Ids()) {
  const auto source = StixObject::Parse(json);
  EXPECT_TRUE(source.ok()) << source.status();
  return Derive(*source, redaction, ids);
}
// Why nothing is derived, or "derived".
std::string WhyNot(const std::string& json, const Redaction& redaction) {
  const auto derived = From(json, redaction);
  if (derived.ok()) return "derived";
  EXPECT_EQ(ReasonOf(derived.status()), RejectReason::kPolicyRule);
  return std::string(derived.status().message());
}
bool Holds(const std::string& text, const std::string& what) {
  return text.find(what) != std::string::npos;
}

// Computed apart from this program, by docs/formats/derived.md.
TEST(Derived, GivesTheKnownAnswer) {
  const auto derived =
      From(Indicator(R"("x_victim":{"name":"Acme Power"},"labels":["b","a"])"), {{"x_victim", "x_no"}, {}});
  ASSERT_TRUE(derived.ok()) << derived.status();
  EXPECT_EQ(derived->id, "indicator--1ff87026-98a6-5dd8-a3cf-4578b751b38c");
  EXPECT_EQ(derived->removed, std::vector<std::string>{"x_victim"});
  EXPECT_EQ(
      derived->content,
      R"({"created":"2026-01-02T03:04:05.678Z","id":")" + derived->id +
          R"(","labels":["b","a"],"modified":"2026-01-02T03:04:05.678Z","pattern":"[x:y = 'z']",)"
          R"("pattern_type":"stix","spec_version":"2.1","type":"indicator","valid_from":"2026-01-02T03:04:05Z"})");
}

TEST(Derived, TheIdIsOfSourceVersionAndWhatIsRemoved) {
  const std::string both = R"("x_a":"aaaaa","x_b":"bbbbb")";
  const auto id = [](const std::string& json, const Redaction& redaction, const NamedIds& ids = Ids()) {
    const auto derived = From(json, redaction, ids);
    EXPECT_TRUE(derived.ok()) << derived.status();
    return derived.ok() ? derived->id : "";
  };
  const std::string one = id(Indicator(both), {{"x_a"}, {}});
  EXPECT_EQ(one, id(Indicator(both), {{"x_a", "x_a", "x_other"}, {}})) << "what is not there is no part of it";
  EXPECT_EQ(id(Indicator(both), {{"x_b", "x_a"}, {}}), id(Indicator(both), {{"x_a", "x_b"}, {}}));
  EXPECT_NE(one, id(Indicator(both), {{"x_b"}, {}}));
  EXPECT_NE(one, id(Indicator(both), {{"x_a", "x_b"}, {}}));
  EXPECT_NE(one, id(Indicator(both), {{"x_a"}, {}}, Ids(Bytes(16, 'm')))) << "another origin's";
  std::string newer = Indicator(both);
  newer.replace(newer.find("modified\":\"2026-01-02"), 21, "modified\":\"2026-01-03");
  EXPECT_NE(one, id(newer, {{"x_a"}, {}}));
}

TEST(Derived, WhatATypeNeedsStays) {
  EXPECT_TRUE(Holds(WhyNot(Indicator(R"("x":1)"), {{"pattern"}, {}}), "indicator needs pattern"));
  EXPECT_TRUE(Holds(WhyNot(Object("identity", R"("name":"Acme")"), {{"name"}, {}}), "identity needs name"));
  EXPECT_EQ(WhyNot(Object("identity", R"("name":"Acme","sectors":["energy"])"), {{"sectors"}, {}}), "derived");
  for (const std::string name :
       {"created", "modified", "spec_version", "object_marking_refs", "revoked", "granular_markings"}) {
    const std::string more = R"("revoked":true,"granular_markings":[],"object_marking_refs":[])";
    EXPECT_TRUE(Holds(WhyNot(Indicator(more), {{name}, {}}), "no object goes without " + name)) << name;
  }
  EXPECT_TRUE(Holds(WhyNot(Object("marking-definition", R"("x_a":"aaaaa")"), {{"x_a"}, {}}), "nothing is derived"));
  EXPECT_TRUE(Holds(WhyNot(Object("x-own", R"("extensions":{"a":{}})"), {{"extensions"}, {}}), "needs extensions"));
}

TEST(Derived, OneOfAGroupHasToStay) {
  const std::string file = R"({"type":"file","id":"file--)" + kId + R"(","name":"invoice.exe")";
  EXPECT_TRUE(Holds(WhyNot(file + "}", {{"name"}, {}}), "file needs one of hashes name"));
  EXPECT_EQ(WhyNot(file + R"(,"hashes":{"MD5":"d41d8cd98f00b204e9800998ecf8427e"}})", {{"name"}, {}}), "derived");
  const std::string place = R"("latitude":48.5,"longitude":16.25,"country":"XN")";
  EXPECT_TRUE(Holds(WhyNot(Object("location", place), {{"latitude"}, {}}), "latitude beside longitude"));
  EXPECT_EQ(WhyNot(Object("location", place), {{"latitude", "longitude"}, {}}), "derived");
  EXPECT_TRUE(Holds(WhyNot(Object("location", place), {{"latitude", "longitude", "country"}, {}}), "one of region"));
  const std::string account = R"({"type":"user-account","id":"user-account--)" + kId + R"(","account_login":"jdoe")";
  EXPECT_TRUE(Holds(WhyNot(account + "}", {{"account_login"}, {}}), "a property of its own"));
}

TEST(Derived, AValueThatStandsElsewhereKeepsItBack) {
  const std::string removed = R"("x_victim":{"name":"Acme Power","site":["Norwick"],"count":4711})";
  for (const char* const leak :
       {R"("description":"seen at Acme Power yesterday")", R"("description":"seen at ACME power")",
        R"("description":"acme-power.example")", R"("description":"A\u0063me Power")", R"("name":"norwick")",
        R"("labels":["victim:Norwick"])", R"("external_references":[{"source_name":"case","external_id":"C-4711"}])",
        R"("x_deep":{"a":[{"b":"NORWICK"}]})", R"("x_deep":{"Norwick":1})", R"("x_n":4711)"}) {
    EXPECT_TRUE(Holds(WhyNot(Indicator(removed + "," + std::string(leak)), {{"x_victim"}, {}}), "stands in another"))
        << leak;
  }
  EXPECT_EQ(WhyNot(Indicator(removed + R"(,"description":"seen at a power plant")"), {{"x_victim"}, {}}), "derived");
  // Escaped as patterns escape.
  const std::string quoted =
      Object("indicator", R"("pattern":"[user-account:display_name = 'O\\'Brien']","pattern_type":"stix",)"
                          R"("valid_from":"2026-01-02T03:04:05Z","x_who":"O'Brien")");
  EXPECT_TRUE(Holds(WhyNot(quoted, {{"x_who"}, {}}), "stands in another"));
}

TEST(Derived, AShortValueCountsAsAWord) {
  EXPECT_TRUE(Holds(WhyNot(Indicator(R"("x_at":"EDF","description":"at EDF.")"), {{"x_at"}, {}}), "stands in another"));
  EXPECT_EQ(WhyNot(Indicator(R"("x_at":"EDF","description":"at EDFs and EDF9")"), {{"x_at"}, {}}), "derived");
  EXPECT_EQ(WhyNot(Indicator(R"("x_on":true,"x_n":7,"description":"true 7")"), {{"x_on", "x_n"}, {}}), "derived");
}

// The number alone of an id says as much, and so does an id that is computed from a value.
TEST(Derived, IdsOfWhatIsWithheldStandNowhere) {
  EXPECT_TRUE(Holds(WhyNot(Indicator(R"("x_a":"aaaaa","x_url":"https://a.example/)" + kId + "\""), {{"x_a"}, {}}),
                    "its own id"));
  const std::string who = "identity--" + kOther;
  EXPECT_TRUE(Holds(WhyNot(Indicator(R"("created_by_ref":")" + who + R"(","x_by":"report--)" + kOther + "\""),
                           {{"created_by_ref"}, {}}),
                    "stands in another"));
  // STIX's own id of the address 198.51.100.3.
  const std::string address = "ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4";
  EXPECT_TRUE(Holds(WhyNot(Indicator(R"("x_host":"198.51.100.3","x_seen_ref":")" + address + "\""), {{"x_host"}, {}}),
                    "stands in another"));
}

TEST(Derived, ReferencesThatMayNotBeNamedGo) {
  const std::string a = "malware--" + kOther, b = "tool--22222222-2222-4333-8444-555555555555";
  const auto report = From(Object("report", R"("name":"r","published":"2026-01-02T03:04:05Z","object_refs":[")" + a +
                                                "\",\"" + b + R"("],"created_by_ref":"identity--)" + kOther + "\""),
                           {{"created_by_ref"}, {b}});
  ASSERT_FALSE(report.ok()) << "the number of the identity is that of the malware";
  const auto thinned = From(
      Object("report", R"("name":"r","published":"2026-01-02T03:04:05Z","object_refs":[")" + a + "\",\"" + b + "\"]"),
      {{}, {b}});
  ASSERT_TRUE(thinned.ok()) << thinned.status();
  EXPECT_TRUE(Holds(thinned->content, R"("object_refs":[")" + a + "\"]")) << thinned->content;
  EXPECT_EQ(thinned->removed, std::vector<std::string>{"object_refs"});
  EXPECT_TRUE(Holds(WhyNot(Object("relationship", R"("relationship_type":"uses","source_ref":")" + a +
                                                      R"(","target_ref":")" + b + "\""),
                           {{}, {b}}),
                    "relationship needs target_ref"));
  EXPECT_TRUE(
      Holds(WhyNot(Object("report", R"("name":"r","published":"2026-01-02T03:04:05Z","object_refs":[")" + b + "\"]"),
                   {{}, {b}}),
            "report needs object_refs"));
  EXPECT_TRUE(Holds(WhyNot(Indicator(R"("x_a":"aaaaa","x_in":{"seen_ref":")" + b + "\"}"), {{"x_a"}, {b}}), "derived"))
      << "a reference inside something else is not taken out";
}

TEST(Derived, GranularMarkingsOfWhatIsGoneGo) {
  const std::string red = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1";
  const auto marking = [&](const std::string& selectors) {
    return R"({"marking_ref":")" + red + R"(","selectors":[)" + selectors + "]}";
  };
  const auto both = From(Indicator(R"("x_a":{"b":["ccccc"]},"description":"d","granular_markings":[)" +
                                   marking(R"("x_a.b.[0]","description")") + "," + marking("\"x_a\"") + "]"),
                         {{"x_a"}, {}});
  ASSERT_TRUE(both.ok()) << both.status();
  EXPECT_TRUE(Holds(both->content, R"("granular_markings":[)" + marking("\"description\"") + "]")) << both->content;
  const auto none = From(Indicator(R"("x_a":"ccccc","granular_markings":[)" + marking("\"x_a\"") + "]"), {{"x_a"}, {}});
  ASSERT_TRUE(none.ok()) << none.status();
  EXPECT_FALSE(Holds(none->content, "granular_markings"));
  const std::string b = "tool--22222222-2222-4333-8444-555555555555";
  EXPECT_TRUE(Holds(WhyNot(Object("report", R"("name":"r","published":"2026-01-02T03:04:05Z","object_refs":[")" + b +
                                                R"(","malware--)" + kOther + R"("],"granular_markings":[)" +
                                                marking("\"object_refs.[1]\"") + "]"),
                           {{}, {b}}),
                    "counts places"));
}

TEST(Derived, BoundsHoldAndWhatIsBeyondThemStaysAtHome) {
  const auto filled = [](size_t bytes) {
    return Indicator(R"("x_a":"aaaaa","description":")" + std::string(bytes, ' ') + "\"");
  };
  EXPECT_EQ(WhyNot(filled(kMaxDerivedBytes - 600), {{"x_a"}, {}}), "derived");
  EXPECT_TRUE(Holds(WhyNot(filled(kMaxDerivedBytes), {{"x_a"}, {}}), "over 1 MiB"));
  const auto many = [](size_t count) {
    std::string list;
    for (size_t i = 0; i < count; ++i) list += (list.empty() ? "\"v" : ",\"v") + std::to_string(100'000 + i) + "\"";
    return Indicator(R"("x_a":[)" + list + "]");
  };
  EXPECT_EQ(WhyNot(many(kMaxWithheldValues / 8), {{"x_a"}, {}}), "derived");
  EXPECT_TRUE(Holds(WhyNot(many(kMaxWithheldValues), {{"x_a"}, {}}), "more values"));
  EXPECT_TRUE(Holds(WhyNot(Indicator(R"("x_a":")" + std::string(kMaxWithheldBytes, 'x') + "\""), {{"x_a"}, {}}),
                    "more values"));
}

TEST(Derived, WithNothingToRemoveThereIsNoCopy) {
  EXPECT_TRUE(Holds(WhyNot(Indicator(R"("x":1)"), {{"x_a"}, {}}), "nothing that would be removed"));
  EXPECT_TRUE(Holds(WhyNot(Indicator(R"("x":1)"), {}), "nothing that would be removed"));
}

}  // namespace
}  // namespace entente::model
