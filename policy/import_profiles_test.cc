#include <gtest/gtest.h>

#include <random>

#include "base/reject.h"
#include "policy/rules.h"

namespace entente::policy {
namespace {

using model::Label;

std::string Said(std::string_view text) {
  const auto rules = Rules::Parse(text, "rules.toml");
  return rules.ok() ? "ok" : std::string(rules.status().message());
}
std::string Profile(const std::string& lines) {
  return "version = 1\n[[import]]\n" + lines;
}
void ExpectFault(std::string_view text, std::string_view beginning, std::string_view part = "") {
  const std::string said = Said(text);
  EXPECT_TRUE(said.starts_with("rules.toml:" + std::string(beginning))) << said;
  EXPECT_NE(said.find(part), std::string::npos) << said;
}

TEST(ImportProfiles, GiveEachSourceItsOwnLabel) {
  const auto rules = Rules::Parse(
      "version = 1\n[[import]]\nsource = \"publish\"\ndefault_label = \"AMBER\"\n"
      "[[ import ]]\nsource = \"publish:misp-feed\"\ncomment = \"public\"\ndefault_label = \"tlp:white\"\n",
      "rules.toml");
  ASSERT_TRUE(rules.ok()) << rules.status();
  EXPECT_EQ(rules->imports(), 2u);
  EXPECT_EQ(rules->size(), 0u);
  EXPECT_FALSE(rules->reads_objects());
  EXPECT_EQ(rules->DefaultLabel("publish"), Label::kAmber);
  EXPECT_EQ(rules->DefaultLabel("publish:misp-feed"), Label::kClear);
  // A name that nobody has a profile for is a slip, not the default source.
  EXPECT_EQ(rules->DefaultLabel("publish:misp-fed"), std::nullopt);
  EXPECT_EQ(rules->DefaultLabel(""), std::nullopt);
  EXPECT_EQ(Rules().DefaultLabel("publish"), std::nullopt);
  EXPECT_EQ(Rules::Parse("version = 1", "f")->imports(), 0u);
}

TEST(ImportProfiles, FaultsNameTheirPlace) {
  const std::string label = "default_label = \"AMBER\"\n";
  ExpectFault("version = 1\nimport = 3", "2:10: type:");
  ExpectFault("version = 1\nimport = [3]", "2:11: type:");
  ExpectFault(Profile(label), "2:1: missing:", "source");
  ExpectFault(Profile("source = \"publish\"\n"), "2:1: missing:", "default_label");
  ExpectFault(Profile("source = 3\n" + label), "3:10: type:");
  ExpectFault(Profile("source = \"publish\"\ndefault_label = \"AMBR\"\n"), "4:17: value:", "did you mean AMBER?");
  ExpectFault(Profile("sorce = \"publish\"\n" + label), "3:1: unknown-key:", "did you mean source?");
  ExpectFault(Profile("source = \"publish\"\ndefault_pap = \"RED\"\n" + label), "4:1: unknown-key:");
  ExpectFault(Profile("source = \"publish\"\ncomment = \"" + std::string(513, 'x') + "\"\n" + label), "4:11: value:");
  ExpectFault("version = 1\n[[imports]]\nsource = \"publish\"\n", "2:3: unknown-key:", "did you mean import?");
  ExpectFault(Profile("source = \"publish:a\"\n" + label) + "[[import]]\nsource = \"publish:a\"\n" + label,
              "5:1: duplicate-source:", "line 2, column 1");
}

TEST(ImportProfiles, SourcesAreThoseThatPublishKnows) {
  const std::string label = "default_label = \"AMBER\"\n";
  for (const char* good : {"publish", "publish:a", "publish:misp.feed-2_x"}) {
    EXPECT_EQ(Said(Profile("source = \"" + std::string(good) + "\"\n" + label)), "ok") << good;
  }
  for (const std::string& bad :
       {std::string(), std::string("publish:"), std::string("publish:A"), std::string("publisher"),
        std::string("Publish"), std::string("publish: a"), std::string("feed"), "publish:" + std::string(65, 'a')}) {
    ExpectFault(Profile("source = \"" + bad + "\"\n" + label), "3:10: value:", "publish:NAME");
  }
  ExpectFault(Profile("source = \"peer:estovia\"\n" + label), "3:10: value:", "its origin signed");
}

TEST(ImportProfiles, AreBounded) {
  std::string text = "version = 1\n";
  for (size_t i = 0; i < kMaxImports; ++i) {
    text += "[[import]]\nsource = \"publish:s" + std::to_string(i) + "\"\ndefault_label = \"GREEN\"\n";
  }
  EXPECT_EQ(Said(text), "ok");
  const std::string next = std::to_string(2 + 3 * kMaxImports) + ":1: too-many-imports:";
  ExpectFault(text + "[[import]]\nsource = \"publish\"\ndefault_label = \"GREEN\"\n", next);
  std::string inline_profiles = "version = 1\nimport = [";
  for (size_t i = 0; i <= kMaxImports; ++i) {
    inline_profiles += "{ source = \"publish:s" + std::to_string(i) + "\", default_label = \"GREEN\" },\n";
  }
  ExpectFault(inline_profiles + "]", std::to_string(2 + kMaxImports) + ":", "too-many-imports");
}

// Whatever a damaged file is read as, no source gets a looser label than the whole file gave it.
TEST(ImportProfiles, DamageNeverLoosens) {
  const std::string whole =
      "version = 1\n[[import]]\nsource = \"publish\"\ndefault_label = \"RED\"\n"
      "[[import]]\nsource = \"publish:one\"\ndefault_label = \"AMBER+STRICT\"\n";
  size_t read = 0;
  for (size_t cut = 0; cut <= whole.size(); ++cut) {
    const auto rules = Rules::Parse(whole.substr(0, cut), "rules.toml");
    if (!rules.ok()) continue;
    ++read;
    EXPECT_TRUE(rules->DefaultLabel("publish").value_or(Label::kRed) == Label::kRed) << cut;
    EXPECT_TRUE(rules->DefaultLabel("publish:one").value_or(Label::kAmberStrict) == Label::kAmberStrict) << cut;
  }
  EXPECT_GE(read, 3u);  // "version = 1", behind the first profile, behind the second
  std::mt19937 random(7);
  for (int i = 0; i < 20'000; ++i) {
    std::string bent = whole;
    bent[random() % bent.size()] = static_cast<char>(random());
    const auto rules = Rules::Parse(bent, "rules.toml");
    if (!rules.ok()) {
      EXPECT_EQ(ReasonOf(rules.status()), RejectReason::kConfig);
      continue;
    }
    EXPECT_EQ(rules->DefaultLabel("publish").value_or(Label::kRed), Label::kRed) << bent;
  }
}

}  // namespace
}  // namespace entente::policy
