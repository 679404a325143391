#include "model/stix_object.h"

#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "base/reject.h"

namespace entente::model {
namespace {

const std::string kUuid = "05b7c427-1452-437e-a19e-32590edf60c3";

std::string Indicator(const std::string& more = "") {
  return R"({"type":"indicator","id":"indicator--)" + kUuid + "\"" + more + "}";
}

RejectReason ReasonFor(const std::string& json) {
  return ReasonOf(StixObject::Parse(json).status());
}

TEST(StixObject, ReadsTheCommonProperties) {
  const auto object = StixObject::Parse(
      Indicator(R"(,"name":"A name","created":"2024-01-26T21:28:21.013109Z","modified":"2024-01-26T21:28:22.5Z")"));
  ASSERT_TRUE(object.ok()) << object.status();
  EXPECT_EQ(object->id(), "indicator--" + kUuid);
  EXPECT_EQ(object->type(), "indicator");
  EXPECT_EQ(object->name(), "A name");
  EXPECT_EQ(object->version(), "2024-01-26T21:28:22.5Z");
  EXPECT_EQ(object->version_ns(), 1706304502500000000);
}

TEST(StixObject, VersionFallsBackToCreatedAndToNone) {
  const auto created = StixObject::Parse(Indicator(R"(,"created":"1970-01-01T00:00:01Z")"));
  EXPECT_EQ(created->version(), "1970-01-01T00:00:01Z");
  EXPECT_EQ(created->version_ns(), 1'000'000'000);
  const auto none = StixObject::Parse(Indicator());
  EXPECT_EQ(none->version(), "");
  EXPECT_EQ(none->version_ns(), 0);
}

TEST(StixObject, AcceptsTheIdsOfTheWild) {
  for (const std::string& id : {"x-mitre-tactic--" + kUuid, std::string("url--05B7C427-1452-537E-A19E-32590EDF60C3"),
                                std::string("ipv4-addr--00000000-0000-0000-0000-000000000000")}) {
    const std::string type = id.substr(0, id.find("--"));
    EXPECT_TRUE(StixObject::Parse(R"({"type":")" + type + R"(","id":")" + id + "\"}").ok()) << id;
  }
}

TEST(StixObject, RefusesObjectsWithoutId) {
  for (const char* json : {R"({})", R"({"type":"indicator"})", R"({"type":"indicator","id":1})", R"({"id":null})"}) {
    EXPECT_EQ(ReasonFor(json), RejectReason::kNoId) << json;
  }
}

TEST(StixObject, RefusesWhatIsNoStix) {
  for (const std::string& json :
       {std::string("[]"), std::string("1"), std::string("\"x\""), R"({"id":"indicator--)" + kUuid + "\"}",
        R"({"type":1,"id":"indicator--)" + kUuid + "\"}", R"({"type":"malware","id":"indicator--)" + kUuid + "\"}",
        R"({"type":"Indicator","id":"Indicator--)" + kUuid + "\"}", R"({"type":"ab","id":"ab--)" + kUuid + "\"}",
        R"({"type":"a_b","id":"a_b--)" + kUuid + "\"}", R"({"type":"indicator","id":"indicator-)" + kUuid + "\"}",
        R"({"type":"indicator","id":"indicator--)" + kUuid + "0\"}",
        std::string(R"({"type":"indicator","id":"indicator--"})"),
        std::string(R"({"type":"indicator","id":"indicator--05b7c427-1452-437e-a19e-32590edf60cg"})"),
        std::string(R"({"type":"indicator","id":"indicator--05b7c4271452437ea19e32590edf60c3aaaa"})")}) {
    EXPECT_EQ(ReasonFor(json), RejectReason::kStix) << json;
  }
}

TEST(StixObject, RefusesBadTimes) {
  for (const char* more : {R"(,"created":"yesterday")", R"(,"modified":"2024-02-30T00:00:00Z")", R"(,"created":1)",
                           R"(,"created":"2024-01-01T00:00:00Z","modified":null)"}) {
    EXPECT_EQ(ReasonFor(Indicator(more)), RejectReason::kStix) << more;
  }
}

TEST(StixObject, RefusesWhatIsNoStrictJson) {
  EXPECT_EQ(ReasonFor(Indicator(R"(,"a":1,"\u0061":2)")), RejectReason::kJson);
  EXPECT_EQ(ReasonFor(Indicator(",")), RejectReason::kJson);
  EXPECT_EQ(ReasonFor(Indicator(R"(,"n":9007199254740993)")), RejectReason::kJson);
  EXPECT_EQ(ReasonFor(Indicator() + std::string(kMaxJsonBytes, ' ')), RejectReason::kLimit);
}

TEST(StixObject, LimitsTheIdAndTheType) {
  const auto with_type = [](size_t size) {
    const std::string type(size, 'x');
    return R"({"type":")" + type + R"(","id":")" + type + "--" + kUuid + "\"}";
  };
  EXPECT_TRUE(StixObject::Parse(with_type(kMaxStixIdBytes - 38)).ok());
  EXPECT_EQ(ReasonFor(with_type(kMaxStixIdBytes - 37)), RejectReason::kStix);
  EXPECT_EQ(ReasonFor(with_type(251)), RejectReason::kStix);
}

TEST(StixObject, RefusalsNameNoValue) {
  for (const std::string& json :
       {Indicator(R"(,"created":"secret")"), std::string(R"({"type":"secret","id":"secret"})"),
        std::string(R"({"type":"indicator","id":"indicator--secret"})")}) {
    EXPECT_EQ(StixObject::Parse(json).status().message().find("secret"), absl::string_view::npos) << json;
  }
}

TEST(StixObject, SurvivesMovesAndItsInput) {
  auto text = std::make_unique<std::string>(Indicator(R"(,"name":"\u0041","created":"1970-01-01T00:00:01Z")"));
  auto parsed = StixObject::Parse(*text);
  text.reset();
  std::vector<StixObject> moved;
  for (int i = 0; i < 3; ++i) moved.push_back(StixObject::Parse(Indicator()).value());
  moved.push_back(*std::move(parsed));
  moved.reserve(100);
  EXPECT_EQ(moved.back().id(), "indicator--" + kUuid);
  EXPECT_EQ(moved.back().name(), "A");
  EXPECT_EQ(moved.back().version(), "1970-01-01T00:00:01Z");
}

}  // namespace
}  // namespace entente::model
