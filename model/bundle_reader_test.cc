#include "model/bundle_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>

#include "base/reject.h"
#include "model/stix_object.h"

namespace entente::model {
namespace {

// Hands out `text` at most `step` bytes a call.
BundleReader::Source From(std::string text, size_t step = 65536) {
  return [text = std::move(text), step, at = size_t{0}](char* buffer, size_t size) mutable -> absl::StatusOr<size_t> {
    const size_t count = std::min({size, step, text.size() - at});
    std::memcpy(buffer, text.data() + at, count);
    at += count;
    return count;
  };
}

// `head`, then `fill` repeated `count` times, then `tail`, without ever being in memory as a whole.
BundleReader::Source Long(std::string head, char fill, uint64_t count, std::string tail) {
  return [=, at = uint64_t{0}](char* buffer, size_t size) mutable -> absl::StatusOr<size_t> {
    size_t written = 0;
    for (; written < size && at < head.size() + count + tail.size(); ++written, ++at) {
      if (at < head.size()) {
        buffer[written] = head[at];
      } else {
        buffer[written] = at < head.size() + count ? fill : tail[at - head.size() - count];
      }
    }
    return written;
  };
}

struct Outcome {
  std::vector<std::string> objects;  // content, or "refused: ..."
  std::string end = "end";           // or the refusal
  RejectReason reason = RejectReason::kNone;
  bool operator==(const Outcome&) const = default;
};

Outcome ReadAll(BundleReader reader) {
  Outcome outcome;
  while (true) {
    const auto next = reader.Next();
    if (!next.ok()) {
      outcome.end = std::string(next.status().message());
      outcome.reason = ReasonOf(next.status());
      EXPECT_EQ(reader.Next().status(), next.status());  // repeats itself
      return outcome;
    }
    if (!next->has_value()) return outcome;
    const BundleReader::Object& object = **next;
    EXPECT_EQ(object.content.empty(), !object.refused.ok());
    outcome.objects.push_back(object.refused.ok() ? object.content
                                                  : "refused: " + std::string(object.refused.message()));
  }
}

Outcome Read(const std::string& text) {
  return ReadAll(BundleReader(From(text)));
}
Outcome Good(std::vector<std::string> objects) {
  return {std::move(objects), "end", RejectReason::kNone};
}

const std::string kA = R"({"type":"a","x":"}]\"\\"})", kB = R"({ "b" : [ 1, {"c":null} ] })";
const std::string kBundle =
    R"( {"type":"bundle","id":"bundle--1", "objects": [)" + kA + " ,\n" + kB + R"(], "x":[1,{"y":2}]} )";

TEST(BundleReader, CutsOutExactBytes) {
  EXPECT_EQ(Read(kBundle), Good({kA, kB}));
}

TEST(BundleReader, AcceptsTheOtherShapes) {
  EXPECT_EQ(Read("[" + kA + "," + kB + "]"), Good({kA, kB}));
  EXPECT_EQ(Read("\n" + kA + "\n"), Good({kA}));
  EXPECT_EQ(Read(" [ ] "), Good({}));
  EXPECT_EQ(Read(R"({"objects":[)" + kA + R"(],"id":"x","type":"bundle"})"), Good({kA}));
  EXPECT_EQ(Read(R"({"more":false,"objects":[)" + kA + "]}"), Good({kA}));  // a TAXII envelope
  EXPECT_EQ(Read(R"({"type":"bundle","objects":[]})"), Good({}));
  EXPECT_EQ(Read(R"({"type":"bundle","id":"x"})"), Good({}));
  EXPECT_EQ(Read(R"({"type":"bundle","\u006fbjects":[)" + kA + "]}"), Good({kA}));
}

TEST(BundleReader, ASingleObjectMayHaveObjectsOfItsOwn) {
  for (const char* text :
       {R"({"type":"observed-data","objects":{"0":{"type":"url"}}})", R"({"type":"x-own","objects":[{"a":1}],"z":2})",
        R"({"objects":{"0":{}},"type":"observed-data"})"}) {
    EXPECT_EQ(Read(text), Good({text}));
  }
}

TEST(BundleReader, NamesWhereAnObjectStarts) {
  BundleReader reader(From("{\"objects\":[{},\n\n   {\"a\":\n1}\n,{}]}", 1));
  const std::pair<uint64_t, uint64_t> places[] = {{1, 13}, {3, 4}, {5, 2}};
  for (const auto& [line, column] : places) {
    const auto object = reader.Next().value().value();
    EXPECT_EQ(object.line, line);
    EXPECT_EQ(object.column, column);
  }
}

TEST(BundleReader, EveryCutOfTheSourceGivesTheSame) {
  for (const std::string& text :
       {kBundle, "[" + kA + "," + kB + "]", kB, kBundle + "x", std::string("[{\"a\":\"\\\\\"},1]"),
        R"({"type":"bundle","objects":[{"d":)" + std::string(70, '[') + std::string(70, ']') + "},{}]}"}) {
    const Outcome whole = Read(text);
    for (const size_t step : {1, 2, 3, 7, 64})
      EXPECT_EQ(ReadAll(BundleReader(From(text, step))), whole) << text << step;
  }
}

TEST(BundleReader, EveryTruncationIsRefusedWithGoodObjectsBefore) {
  const std::string text = kBundle.substr(0, kBundle.rfind('}') + 1);
  for (size_t size = 0; size < text.size(); ++size) {
    const Outcome outcome = Read(text.substr(0, size));
    EXPECT_EQ(outcome.reason, RejectReason::kJson) << size;
    const std::vector<std::string> all = {kA, kB};
    ASSERT_LE(outcome.objects.size(), 2u);
    EXPECT_TRUE(std::equal(outcome.objects.begin(), outcome.objects.end(), all.begin())) << size;
  }
}

TEST(BundleReader, EveryTruncationOfTheOtherShapesIsRefused) {
  for (const std::string& text : {"[" + kA + "," + kB + "]", kA, kB}) {
    for (size_t size = 0; size < text.size(); ++size) {
      EXPECT_EQ(Read(text.substr(0, size)).reason, RejectReason::kJson) << text.substr(0, size);
    }
  }
}

TEST(BundleReader, EveryFlippedByteEnds) {
  for (size_t at = 0; at < kBundle.size(); ++at) {
    for (const char value : {'"', '\\', '{', '}', '[', ']', ',', ':', 'x', '0', ' ', '\0', '\x80', '\xFF'}) {
      std::string damaged = kBundle;
      damaged[at] = value;
      for (const std::string& object : Read(damaged).objects) {
        if (object.starts_with("refused: element [")) continue;
        EXPECT_TRUE(object.front() == '{' && object.back() == '}' && damaged.find(object) != std::string::npos);
      }
    }
  }
}

TEST(BundleReader, RefusesWhatIsNoBundle) {
  for (const char* text : {"",
                           " ",
                           "1",
                           "\"x\"",
                           "null",
                           "x",
                           "]",
                           "[,]",
                           "[{},]",
                           "[{}{}]",
                           "[{};{}]",
                           "[{}",
                           "[{}}",
                           "{\"a\":1]",
                           "{",
                           "{\"a\"",
                           "{\"a\":",
                           "{\"a\":}",
                           "{a:1}",
                           "{\"a\" 1}",
                           "[tru]",
                           "[01]",
                           "['x']",
                           "{\"objects\":[x]}",
                           "{\"objects\":[\"a\x01\"]}",
                           "{\"objects\":[{}],}",
                           "{\"objects\":[{}] \"a\":1}",
                           "{,\"objects\":[]}",
                           "{\"objects\":[],,\"a\":1}",
                           "{\"type\":\"bundle\" \"objects\":[]}",
                           "{\"type\":\"bundle\",\"objects\":{}}",
                           "{\"objects\":[],\"type\":\"malware\"}",
                           "{\"objects\":[],\"type\":1}",
                           "[{\"a\":[}]}]",
                           "/**/[]"}) {
    EXPECT_EQ(Read(text).reason, RejectReason::kJson) << text;
  }
}

TEST(BundleReader, RefusesMoreBehindTheEnd) {
  for (const std::string& end :
       {std::string("x"), std::string("{}"), std::string(","), std::string("]"), std::string(1, '\0')}) {
    for (const std::string& text :
         {std::string("[{}]"), std::string("{\"objects\":[{}]}"), std::string("{\"type\":\"x\"}")}) {
      const Outcome outcome = Read(text + end);
      EXPECT_EQ(outcome.reason, RejectReason::kJson) << text << end;
      EXPECT_EQ(outcome.objects.size(), 1u);
    }
  }
}

TEST(BundleReader, ChecksTheSurroundingsAsStrictJson) {
  for (const char* text :
       {R"({"id":1,"id":2,"objects":[]})", R"({"objects":[],"a":1,"\u0061":2})", R"({"id":1,"objects":[],"id":2})",
        R"({"objects":[],"objects":[]})", R"({"a":01,"objects":[]})", R"({"objects":[],"a":9007199254740993})",
        R"({"objects":[],"a":tru})", R"({"objects":[],"a":"\ud800"})", "{\"objects\":[],\"a\":\"\xFF\"}",
        R"({"a":nul,"objects":[]})", "{\"\x01\":1,\"objects\":[]}"}) {
    EXPECT_EQ(Read(text).reason, RejectReason::kJson) << text;
  }
}

TEST(BundleReader, RefusalsNameTheLineAndColumnInTheFile) {
  EXPECT_EQ(Read("[{},\n {},\n  x]").end, "expected an object at line 3, column 3");
  EXPECT_EQ(Read("[{},\n {},\n  01]").end, "expected an object at line 3, column 3");
  EXPECT_EQ(Read("\n {\"a\":\n  tru,\"objects\":[]}").end, "a value is misspelt at line 3, column 3");
  EXPECT_EQ(Read("{\"objects\":[{},\n{}\n],\n \"b\":1,\n  \"b\":2}").end,
            "an object has the same key twice at line 5, column 3");
  EXPECT_EQ(Read("[{}\n").end, "the file breaks off at line 2, column 1");
  EXPECT_EQ(Read("\xEF\xBB\xBF[]").end,
            "the file starts with a byte order mark; save it as UTF-8 without one at line 1, column 1");
  EXPECT_EQ(Read("[{\"a\":\n [}]").end, "a bracket closes another kind of bracket at line 2, column 3");
}

std::string Deep(int levels) {  // an object that is `levels` deep with itself
  return "{\"d\":" + std::string(levels - 1, '[') + std::string(levels - 1, ']') + "}";
}

TEST(BundleReader, AnObjectTooDeepIsRefusedAndReadingGoesOn) {
  const Outcome outcome = Read("[" + Deep(64) + ",\n" + Deep(65) + "," + Deep(1000) + "," + kA + "]");
  ASSERT_EQ(outcome.objects.size(), 4u);
  EXPECT_EQ(outcome.objects[0], Deep(64));
  EXPECT_TRUE(JsonDocument::Parse(Deep(64)).ok());
  EXPECT_EQ(outcome.objects[1], "refused: an object is nested deeper than 64 levels at line 2, column 69");
  EXPECT_EQ(outcome.objects[2].rfind("refused: an object is nested deeper", 0), 0u);
  EXPECT_EQ(outcome.objects[3], kA);
  EXPECT_EQ(outcome.end, "end");
}

TEST(BundleReader, AnElementThatIsNoObjectIsRefusedAloneWithItsIndex) {
  const std::vector<std::string> elements = {"1", "-2.5e3", "\"a,]}\\\"\"", "null", "true", "[{\"a\":[1]},2]", "[]"};
  for (const std::string& element : elements) {
    const Outcome expected = Good({kA, "refused: element [1] is no object at line 2, column 2", kB});
    for (const auto& [before, behind] : std::vector<std::pair<std::string, std::string>>{
             {"[", "]"}, {R"({"type":"bundle","objects":[)", R"(],"x":1})"}}) {
      const std::string text = before + kA + ",\n " + element + " ," + kB + behind;
      EXPECT_EQ(Read(text), expected) << text;
      EXPECT_EQ(ReadAll(BundleReader(From(text, 1))), expected) << text;
    }
  }
  BundleReader reader(From("[{},7]"));
  EXPECT_TRUE(reader.Next().value().value().refused.ok());
  EXPECT_EQ(ReasonOf(reader.Next().value().value().refused), RejectReason::kStix);
  EXPECT_FALSE(reader.Next().value().has_value());
}

TEST(BundleReader, AnElementThatIsNoObjectIsBounded) {
  EXPECT_EQ(ReadAll(BundleReader(Long("[{},\"", 'x', uint64_t{40} << 20, "\"," + kA + "]"))),
            Good({"{}", "refused: an object is over 32 MiB; it starts at line 1, column 5", kA}));
  EXPECT_EQ(Read("[" + std::string(70, '[') + std::string(70, ']') + ",{}]").objects.at(0).substr(0, 9), "refused: ");
}

TEST(BundleReader, ASingleObjectTooDeepIsRefused) {
  EXPECT_EQ(Read(Deep(64)), Good({Deep(64)}));
  EXPECT_EQ(Read(Deep(65)).objects.at(0), "refused: an object is nested deeper than 64 levels at line 1, column 69");
  EXPECT_EQ(Read("{\"a\":" + Deep(64) + ",\"objects\":[]}").reason, RejectReason::kJson);
}

TEST(BundleReader, AnObjectOverTheLimitIsSkippedWhole) {
  const std::string end = "\"}";
  const uint64_t full = kMaxJsonBytes - 8;  // {"a":"" and } are 8 bytes
  Outcome outcome = ReadAll(BundleReader(Long("[{},{\"a\":\"", 'x', full, end + "," + kA + "]")));
  ASSERT_EQ(outcome.objects.size(), 3u);
  EXPECT_EQ(outcome.objects[1].size(), kMaxJsonBytes);
  for (const uint64_t size : {full + 1, uint64_t{33} << 20, uint64_t{100} << 20}) {
    outcome = ReadAll(BundleReader(Long("[{},{\"a\":\"", 'x', size, end + "," + kA + "]")));
    EXPECT_EQ(outcome, Good({"{}", "refused: an object is over 32 MiB; it starts at line 1, column 5", kA}));
  }
  BundleReader reader(Long("{\"a\":\"", 'x', uint64_t{33} << 20, end));
  EXPECT_EQ(ReasonOf(reader.Next().value().value().refused), RejectReason::kLimit);
  EXPECT_FALSE(reader.Next().value().has_value());
}

TEST(BundleReader, TheBundleItselfIsBounded) {
  const std::string tail = R"(","objects":[{}]})";
  EXPECT_EQ(ReadAll(BundleReader(Long("{\"a\":\"", 'x', kMaxBundleFrameBytes - 100, tail))), Good({"{}"}));
  EXPECT_EQ(ReadAll(BundleReader(Long("{\"a\":\"", 'x', kMaxBundleFrameBytes, tail))).reason, RejectReason::kLimit);
  for (const uint64_t size : {uint64_t{kMaxBundleFrameBytes}, uint64_t{40} << 20}) {
    EXPECT_EQ(ReadAll(BundleReader(Long("{\"objects\":[{}],\"a\":\"", 'x', size, "\"}"))).reason, RejectReason::kLimit);
  }
}

TEST(BundleReader, AfterTooMuchBeforeTheObjectsAllIsOneObjectTooLarge) {
  EXPECT_EQ(ReadAll(BundleReader(Long("{\"a\":\"", 'x', uint64_t{40} << 20, R"(","objects":[{}]})"))),
            Good({"refused: an object is over 32 MiB; it starts at line 1, column 1"}));
}

TEST(BundleReader, EndlessWhiteSpaceCostsNoMemory) {
  EXPECT_EQ(ReadAll(BundleReader(Long("[", ' ', uint64_t{64} << 20, "{}]"))), Good({"{}"}));
}

TEST(BundleReader, AFailingSourceIsRepeated) {
  int calls = 0;
  BundleReader reader([&calls](char* buffer, size_t) -> absl::StatusOr<size_t> {
    if (++calls > 1) return Reject(RejectReason::kStoreIo, "the disk is gone");
    std::memcpy(buffer, "[{},", 4);
    return 4;
  });
  EXPECT_EQ(reader.Next().value().value().content, "{}");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ReasonOf(reader.Next().status()), RejectReason::kStoreIo);
  EXPECT_EQ(calls, 2);
}

TEST(BundleReader, ASourceThatOverfillsIsAFaultOfOurs) {
  BundleReader reader([](char*, size_t size) -> absl::StatusOr<size_t> { return size + 1; });
  EXPECT_EQ(ReasonOf(reader.Next().status()), RejectReason::kInternal);
}

class Corpus : public testing::TestWithParam<std::pair<const char*, size_t>> {};

TEST_P(Corpus, EveryObjectIsCutOutVerbatimAndParses) {
  const std::filesystem::path path = std::filesystem::path(ENTENTE_SOURCE_DIR "/../shared/data") / GetParam().first;
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "corpora not present";
  std::ifstream in(path, std::ios::binary);
  const std::string file(std::istreambuf_iterator<char>(in), {});
  const Outcome outcome = Read(file);
  EXPECT_EQ(outcome.end, "end");
  EXPECT_EQ(outcome.objects.size(), GetParam().second);
  for (const size_t step : {1, 7}) EXPECT_EQ(ReadAll(BundleReader(From(file, step))), outcome);
  size_t at = 0;
  for (const std::string& object : outcome.objects) {
    at = file.find(object, at);
    ASSERT_NE(at, std::string::npos);
    at += object.size();
    const auto parsed = StixObject::Parse(object);
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_GT(parsed->version_ns(), 0);
    EXPECT_TRUE(parsed->type() != "indicator" || !SearchValues(*parsed).empty()) << object;
  }
}

INSTANTIATE_TEST_SUITE_P(BundleReader, Corpus,
                         testing::Values(std::pair("stix/pegasus.stix2", 3099), std::pair("stix/cytrox.stix2", 687),
                                         std::pair("stix/novispy.stix2", 37),
                                         std::pair("attack/ics-attack-18.1.json", 1826)));

}  // namespace
}  // namespace entente::model
