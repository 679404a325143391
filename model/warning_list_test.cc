#include "model/warning_list.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "base/reject.h"
#include "model/stix_object.h"

// docs/formats/warning-list.md.
namespace entente::model {
namespace {

namespace fs = std::filesystem;

std::string Text(const std::string& type, const std::string& list) {
  return R"({"name":"sample","version":3,"description":"x","type":")" + type +
         R"(","matching_attributes":["md5"],"list":[)" + list + "]}";
}
WarningList Read(const std::string& type, const std::string& list) {
  absl::StatusOr<WarningList> read = WarningList::Parse(Text(type, list), "sample.json");
  EXPECT_TRUE(read.ok()) << read.status();
  return *std::move(read);
}
std::string Said(const std::string& text) {
  const absl::StatusOr<WarningList> read = WarningList::Parse(text, "sample.json");
  if (read.ok()) return "ok";
  EXPECT_EQ(ReasonOf(read.status()), RejectReason::kConfig);
  return std::string(read.status().message());
}

TEST(WarningListRead, KnowsItself) {
  const WarningList list = Read("cidr", R"("10.0.0.0/8","10.0.0.0/8")");
  EXPECT_EQ(list.name(), "sample");
  EXPECT_EQ(list.version(), 3u);
  EXPECT_EQ(list.type(), WarningList::Type::kCidr);
  EXPECT_EQ(list.size(), 2u);
}

TEST(WarningListHolds, Strings) {
  const WarningList list = Read("string", R"("D41D8CD98F00B204E9800998ECF8427E"," 3:: ","Example[.]com")");
  EXPECT_TRUE(list.Holds("d41d8cd98f00b204e9800998ecf8427e"));
  EXPECT_TRUE(list.Holds("3::"));
  EXPECT_TRUE(list.Holds("example.com"));
  EXPECT_FALSE(list.Holds("a.example.com"));
  EXPECT_FALSE(list.Holds(""));
}

TEST(WarningListHolds, HostNames) {
  const WarningList list = Read("hostname", R"("example.com",".Dotted.org.")");
  for (const char* value : {"example.com", "a.b.example.com", "example.com.", "http://example.com",
                            "https://u:p@x.example.com:8080/y?z#w", "dotted.org", "a.dotted.org"}) {
    EXPECT_TRUE(list.Holds(value)) << value;
  }
  for (const char* value : {"badexample.com", "example.com.evil.net", "com", "", ".", "http://[::1]/example.com",
                            "http://evil.net/example.com", "http://evil.net?example.com", "example.co"}) {
    EXPECT_FALSE(list.Holds(value)) << value;
  }
}

TEST(WarningListHolds, Networks) {
  const WarningList list =
      Read("cidr", R"("10.0.0.0/8","192.0.2.1","172.16.5.5/12","2001:db8::/32","::1","0.0.0.0/32")");
  for (const char* value : {"10.0.0.0", "10.255.255.255", "192.0.2.1", "172.16.0.0", "172.31.255.255",
                            "2001:db8:ffff::1", "::1", "2001:0DB8::0", "::ffff:10.1.2.3", "0.0.0.0"}) {
    EXPECT_TRUE(list.Holds(value)) << value;
  }
  for (const char* value : {"11.0.0.0", "9.255.255.255", "192.0.2.2", "172.32.0.0", "2001:db9::", "::2", "10.0.0.0/8",
                            "10.0.0", "10.0.0.01", "example.com", "", "0.0.0.1", "::ffff:11.0.0.0"}) {
    EXPECT_FALSE(list.Holds(value)) << value;
  }
  EXPECT_TRUE(Read("cidr", R"("0.0.0.0/0")").Holds("255.1.2.3"));
  EXPECT_FALSE(Read("cidr", R"("0.0.0.0/0")").Holds("::1"));
  EXPECT_TRUE(Read("cidr", R"("::/0")").Holds("ffff::"));
  EXPECT_TRUE(Read("cidr", R"("::ffff:10.0.0.0/104")").Holds("10.9.9.9"));
  EXPECT_TRUE(Read("cidr", R"("2001:db8:0:0:8000::/65")").Holds("2001:db8::8000:0:0:1"));
  EXPECT_FALSE(Read("cidr", R"("2001:db8:0:0:8000::/65")").Holds("2001:db8::1"));
}

TEST(WarningListHolds, SeveralTogether) {
  std::vector<WarningList> lists;
  lists.push_back(Read("cidr", R"("10.0.0.0/8")"));
  lists.push_back(Read("hostname", R"("example.com")"));
  EXPECT_EQ(WarningsOf(lists, {"10.0.0.1", "example.com"}), (std::vector<std::string>{"sample"}));
  EXPECT_TRUE(WarningsOf(lists, {"11.0.0.1"}).empty());
  EXPECT_TRUE(WarningsOf({}, {"10.0.0.1"}).empty());
}

TEST(WarningListRefused, WithWhatIsWrong) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "line 1"},
      {"[]", "one JSON object"},
      {R"({"version":1,"type":"string","list":["a"]})", "name"},
      {R"({"name":"","version":1,"type":"string","list":["a"]})", "name"},
      {R"({"name":"x","type":"string","list":["a"]})", "version"},
      {R"({"name":"x","version":-1,"type":"string","list":["a"]})", "version"},
      {R"({"name":"x","version":1.5,"type":"string","list":["a"]})", "version"},
      {R"({"name":"x","version":1,"type":"regex","list":["a"]})", "type must be string, hostname or cidr, is 'regex'"},
      {R"({"name":"x","version":1,"type":"substring","list":["a"]})", "'substring'"},
      {R"({"name":"x","version":1,"type":"string"})", "list"},
      {R"({"name":"x","version":1,"type":"string","list":"a"})", "list"},
      {Text("string", ""), "list must be"},
      {Text("string", R"("a",3)"), "list[1] is no text"},
      {Text("string", R"("a","  ")"), "list[1] is white space"},
      {Text("string", R"("")"), "list[0]"},
      {Text("cidr", R"("10.0.0.0/8","10.0.0.0/33")"), "list[1] is no address"},
      {Text("cidr", R"("::/129")"), "list[0]"},
      {Text("cidr", R"("10.0.0.0/")"), "list[0]"},
      {Text("cidr", R"("10.0.0.0/-1")"), "list[0]"},
      {Text("cidr", R"("10.0.0.0/8x")"), "list[0]"},
      {Text("cidr", R"("10.0.0.0\u0000/8")"), "list[0]"},
      {Text("hostname", R"("http://example.com/")"), "list[0] is no host name"},
      {Text("hostname", R"("...")"), "list[0]"},
  };
  for (const auto& [text, part] : cases) {
    EXPECT_NE(Said(text).find(part), std::string::npos) << text << ": " << Said(text);
    EXPECT_TRUE(Said(text).starts_with("sample.json: ")) << text;
  }
}

TEST(WarningListRefused, Bounds) {
  EXPECT_EQ(Said(Text("string", "\"" + std::string(kMaxWarningEntryBytes, 'x') + "\"")), "ok");
  EXPECT_NE(Said(Text("string", "\"" + std::string(kMaxWarningEntryBytes + 1, 'x') + "\"")), "ok");
  const auto named = [](size_t size) {
    return R"({"name":")" + std::string(size, 'n') + R"(","version":1,"type":"string","list":["a"]})";
  };
  EXPECT_EQ(Said(named(kMaxWarningNameBytes)), "ok");
  EXPECT_NE(Said(named(kMaxWarningNameBytes + 1)), "ok");
  std::string many;
  for (size_t i = 0; i < kMaxWarningEntries; ++i) many += "\"a\",";
  EXPECT_EQ(Said(Text("string", many.substr(0, many.size() - 1))), "ok");
  EXPECT_NE(Said(Text("string", many + "\"a\"")).find("500,000"), std::string::npos);
}

TEST(WarningListRefused, DamageIsReadOrNamed) {
  const std::string good = Text("cidr", R"("10.0.0.0/8","2001:db8::/32","192.0.2.1")");
  std::mt19937 random(11);
  for (int i = 0; i < 5000; ++i) {
    std::string bent = good;
    for (int flips = static_cast<int>(random() % 3); flips >= 0; --flips)
      bent[random() % bent.size()] = static_cast<char>(random());
    if (random() % 4 == 0) bent.resize(random() % bent.size());
    const std::string said = Said(bent);
    EXPECT_TRUE(said == "ok" || said.starts_with("sample.json: ")) << said;
  }
}

// The published lists, where they lie beside the checkout.
class PublishedLists : public ::testing::Test {
 protected:
  void SetUp() override {
    const fs::path root = ENTENTE_SOURCE_DIR "/../shared/data/warninglists";
    if (!fs::exists(root)) GTEST_SKIP() << "corpora not present";
    for (const auto& entry : fs::directory_iterator(root)) {
      std::ifstream file(entry.path(), std::ios::binary);
      absl::StatusOr<WarningList> list =
          WarningList::Parse(Bytes(std::istreambuf_iterator<char>(file), {}), entry.path().filename().string());
      ASSERT_TRUE(list.ok()) << list.status();
      lists_.push_back(*std::move(list));
    }
  }
  std::vector<std::string> Warnings(const std::string& value) { return WarningsOf(lists_, {NormaliseValue(value)}); }
  std::vector<WarningList> lists_;
};

TEST_F(PublishedLists, HoldWhatTheySay) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(lists_.size(), 9u);
  EXPECT_EQ(Warnings("10.1.2.3"), (Names{"List of RFC 1918 CIDR blocks", "List of RFC 5735 CIDR blocks"}));
  EXPECT_EQ(Warnings("1.0.0.1"), (Names{"List of known IPv4 public DNS resolvers"}));
  EXPECT_EQ(Warnings("2001:4860:4864::7"), (Names{"List of known Gmail sending IP ranges"}));
  EXPECT_EQ(Warnings("com"), (Names{"TLDs as known by IANA"}));
  EXPECT_EQ(Warnings("hxxps://blog.access[.]redhat.com/x"),
            (Names{"List of known security providers/vendors blog domain"}));
  EXPECT_EQ(Warnings("D41D8CD98F00B204E9800998ECF8427E").size(), 2u);
  EXPECT_TRUE(Warnings("evil.example").empty());
}

}  // namespace
}  // namespace entente::model
