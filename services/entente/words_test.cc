#include "services/entente/words.h"

#include <gtest/gtest.h>

namespace entente::cli {
namespace {

using Words = std::vector<std::string>;

TEST(Words, WaitGetsItsValue) {
  EXPECT_EQ(PlainWords({"publish", "--wait", "5", "f"}), (Words{"publish", "--wait=5", "f"}));
  EXPECT_EQ(PlainWords({"publish", "--wait", "f"}), (Words{"publish", "--wait=60", "f"}));
  EXPECT_EQ(PlainWords({"publish", "f", "--wait"}), (Words{"publish", "f", "--wait=60"}));
  EXPECT_EQ(PlainWords({"publish", "--wait=0", "f"}), (Words{"publish", "--wait=0", "f"}));
}

TEST(Words, AnEmptyValueStaysAValue) {
  EXPECT_EQ(PlainWords({"--tlp=", "x"}), (Words{"--tlp", "", "x"}));
  EXPECT_EQ(PlainWords({"--tlp=a="}), (Words{"--tlp=a="}));
}

TEST(Words, NothingChangesBehindTheEndOfOptions) {
  EXPECT_EQ(PlainWords({"search", "--", "--wait", "--x="}), (Words{"search", "--", "--wait", "--x="}));
}

TEST(Words, HelpOnACommandIsItsHelpOption) {
  const Words commands = {"publish", "peer", "help"};
  EXPECT_EQ(HelpAsOption({"help", "publish"}, commands), (Words{"publish", "--help"}));
  EXPECT_EQ(HelpAsOption({"--node", "help", "help", "peer", "add"}, commands),
            (Words{"--node", "help", "peer", "add", "--help"}));
  EXPECT_EQ(HelpAsOption({"help", "NO_LABEL"}, commands), (Words{"help", "NO_LABEL"}));
  EXPECT_EQ(HelpAsOption({"help"}, commands), (Words{"help"}));
  EXPECT_EQ(HelpAsOption({"search", "help", "publish"}, commands), (Words{"search", "help", "publish"}));
}

}  // namespace
}  // namespace entente::cli
