#include "services/command_line/command_line.h"

#include <gtest/gtest.h>

namespace entente::cli {
namespace {

using Words = std::vector<std::string>;

struct Program {
  CommandLine line{"program", "What it is for"};
  std::string file, kind = "cert";
  Words peers, rest;
  uint32_t limit = 0;
  std::optional<uint32_t> wait;
  bool quiet = false, loud = false, chosen = false;

  Program() {
    Command family = line.root().AddCommand("peer", "The family");
    Command add = family.AddCommand("add", "The command");
    add.AddOption("FILE", file, "A file").Required().Kind("FILE");
    add.AddOption("-k,--kind", kind, "A kind").OneOf({"cert", "nation"}).ShowStandard();
    add.AddOption("--peer", peers, "A peer").OneEach();
    add.AddOption("--limit", limit, "A limit").Between(1, 10);
    add.AddOption("--wait", wait, "A time").Check([](const std::string& value) {
      return value == "7" ? "seven is taken" : "";
    });
    const Option quiet_flag = add.AddFlag("--quiet", quiet, "Say nothing");
    add.AddFlag("--loud", loud, "Say all").NeverWith(quiet_flag);
    add.OnChosen([this] { chosen = true; });
    line.AddVersionFlag();
  }
};

TEST(CommandLine, WritesWhatItIsGivenAndCallsTheCommand) {
  Program program;
  const Parsed parsed =
      program.line.Parse({"peer", "add", "--peer", "a", "--peer=b", "-k", "nation", "--wait", "0", "--quiet", "card"});
  EXPECT_EQ(parsed.result, Parsed::Result::kChosen) << parsed.error;
  EXPECT_TRUE(program.chosen && program.quiet && !program.loud);
  EXPECT_EQ(program.file, "card");
  EXPECT_EQ(program.kind, "nation");
  EXPECT_EQ(program.peers, (Words{"a", "b"}));
  EXPECT_EQ(program.wait, 0u);
  EXPECT_EQ(parsed.innermost.path(), "program peer add");
}

TEST(CommandLine, EachRuleIsSaidByTheOptionThatBreaksIt) {
  const std::vector<std::pair<Words, std::string>> wrong = {
      {{"peer", "add"}, "FILE"},
      {{"peer", "add", "f", "--kind", "other"}, "--kind"},
      {{"peer", "add", "f", "--limit", "11"}, "--limit"},
      {{"peer", "add", "f", "--limit", "0"}, "--limit"},
      {{"peer", "add", "f", "--limit", "x"}, "--limit"},
      {{"peer", "add", "f", "--wait", "7"}, "seven is taken"},
      {{"peer", "add", "f", "--loud", "--quiet"}, "--loud"},
  };
  for (const auto& [words, said] : wrong) {
    Program program;
    const Parsed parsed = program.line.Parse(words);
    EXPECT_EQ(parsed.result, Parsed::Result::kWrong);
    EXPECT_NE(parsed.error.find(said), std::string::npos) << parsed.error;
    EXPECT_FALSE(program.chosen);
  }
}

TEST(CommandLine, UnknownWordsAreHandedOut) {
  Program program;
  const Parsed parsed = program.line.Parse({"peer", "ad", "--peeer", "x"});
  EXPECT_EQ(parsed.unknown, (Words{"ad", "--peeer", "x"}));
  EXPECT_EQ(parsed.innermost.name(), "peer");
}

TEST(CommandLine, BehindTheEndOfOptionsWordsAreArguments) {
  Program program;
  const Parsed parsed = program.line.Parse({"peer", "add", "--quiet", "--", "--loud"});
  EXPECT_EQ(parsed.result, Parsed::Result::kChosen) << parsed.error;
  EXPECT_EQ(parsed.unknown, Words{});
  EXPECT_EQ(program.file, "--loud");
  EXPECT_FALSE(program.loud);
}

TEST(CommandLine, HelpIsThatOfTheInnermostCommandAndVersionNeedsNothingElse) {
  Program program;
  const Parsed help = program.line.Parse({"peer", "add", "--help"});
  EXPECT_EQ(help.result, Parsed::Result::kHelp);
  EXPECT_NE(help.innermost.Help().find("Usage: program peer add [OPTIONS] FILE"), std::string::npos)
      << help.innermost.Help();
  Program other;
  EXPECT_EQ(other.line.Parse({"--version"}).result, Parsed::Result::kVersion);
}

TEST(CommandLine, AnOptionFromTheEnvironmentIsGiven) {
  ASSERT_EQ(setenv("COMMAND_LINE_TEST", "from there", 1), 0);
  CommandLine line("program", "about");
  std::string value;
  line.root().AddOption("--value", value, "A value").FromEnvironment("COMMAND_LINE_TEST").Required();
  EXPECT_EQ(line.Parse({}).result, Parsed::Result::kChosen);
  EXPECT_EQ(value, "from there");
}

TEST(CommandLine, EntriesSayWhatCompletionNeeds) {
  Program program;
  const Command add = program.line.root().commands().front().commands().front();
  EXPECT_EQ(add.about(), "The command");
  for (const Option& option : add.options()) {
    const OptionEntry entry = option.Entry();
    if (entry.argument == "FILE") {
      EXPECT_TRUE(entry.required && entry.value == "FILE" && option.is_argument());
    } else if (entry.names == Words{"-k", "--kind"}) {
      EXPECT_EQ(entry.choices, (Words{"cert", "nation"}));
      EXPECT_EQ(entry.standard, "cert");
    } else if (entry.names == Words{"--peer"}) {
      EXPECT_TRUE(entry.repeats && option.takes_value());
    } else if (entry.names == Words{"--quiet"}) {
      EXPECT_TRUE(entry.value.empty() && !option.takes_value());
    }
  }
}

}  // namespace
}  // namespace entente::cli
