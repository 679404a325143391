#include "services/entented/config.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/reject.h"

namespace entente::node {
namespace {

constexpr char kGood[] = "name = \"cert.norlandia\"\nnation = \"XN\"\n";

class ConfigFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "entente-XXXXXX";
    folder_ = mkdtemp(pattern.data());
    path_ = folder_ + "/entente.toml";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  absl::StatusOr<Config> Load(const std::string& text) {
    std::ofstream(path_, std::ios::binary) << text;
    return LoadConfig(path_);
  }
  // What is said about `text`, without the path in front; "accepted" when it is.
  std::string Complaint(const std::string& text) {
    const auto config = Load(text);
    if (config.ok()) return "accepted";
    EXPECT_EQ(ReasonOf(config.status()), RejectReason::kConfig);
    const std::string message(config.status().message());
    EXPECT_TRUE(message.starts_with(path_ + ":")) << message;
    return message.substr(path_.size() + 1);
  }
  std::string folder_, path_;
};

TEST_F(ConfigFile, MinimumTakesTheDefaults) {
  const auto config = Load(kGood);
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->name, "cert.norlandia");
  EXPECT_EQ(config->kind, "cert");
  EXPECT_EQ(config->peer_listen, "127.0.0.1:7443");
  EXPECT_EQ(config->max_connections, 256u);
}

TEST_F(ConfigFile, WhatIsWrittenIsReadBack) {
  Config config;
  config.name = "volt-energy";
  config.nation = "XV";
  config.kind = "private";
  config.peer_listen = "[::1]:9000";
  config.peer_address = "volt.example:9000";
  config.metrics_listen = "";
  config.max_connections = 7;
  config.max_connections_per_address = 3;
  config.log_level = "warn";
  const auto read = Load(WriteConfig(config));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(WriteConfig(*read), WriteConfig(config));
  EXPECT_EQ(read->peer_address, "volt.example:9000");
}

TEST_F(ConfigFile, TypoHasLineColumnAndSuggestion) {
  EXPECT_EQ(Complaint(std::string(kGood) + "\n  peer_lisen = \"127.0.0.1:1\"\n"),
            "4:3: unknown key 'peer_lisen'; did you mean 'peer_listen'?");
  EXPECT_EQ(Complaint("zzzzzzzz = 1\n").substr(0, 45), "1:1: unknown key 'zzzzzzzz'; known are name, ");
}

TEST_F(ConfigFile, UnknownTable) {
  EXPECT_EQ(Complaint(std::string(kGood) + "[metrics_listn]\n"),
            "3:2: unknown table 'metrics_listn'; did you mean 'metrics_listen'?");
}

TEST_F(ConfigFile, WrongTypes) {
  EXPECT_EQ(Complaint("name = 5\n"), "1:8: 'name' must be a string, in quotes");
  EXPECT_EQ(Complaint("[name]\nfirst = \"a\"\n"), "1:1: 'name' must be a string, in quotes");
  EXPECT_EQ(Complaint(std::string(kGood) + "max_connections = \"9\"\n"),
            "3:19: 'max_connections' must be a whole number");
}

TEST_F(ConfigFile, BadValues) {
  EXPECT_TRUE(Complaint("name = \"x\"\nnation = \"Norlandia\"\n").starts_with("2:10: 'nation': "));
  EXPECT_EQ(Complaint(std::string(kGood) + "max_connections = 0\n"),
            "3:19: 'max_connections': must be 1 to 65536, is 0");
  EXPECT_EQ(Complaint(std::string(kGood) + "max_connections_per_address = 257\n"),
            "3:31: more than 'max_connections' in all");
  EXPECT_EQ(Complaint(std::string(kGood) + "log_level = \"loud\"\n"),
            "3:13: 'log_level': must be trace, debug, info, warn or error");
  EXPECT_TRUE(
      Complaint(std::string(kGood) + "peer_listen = \"7443\"\n").starts_with("3:15: 'peer_listen': must be host:port"));
}

TEST_F(ConfigFile, FewerConnectionsInAllThanTheDefaultPerAddress) {
  const auto config = Load(std::string(kGood) + "max_connections = 5\n");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->max_connections_per_address, 5u);
}

TEST_F(ConfigFile, DuplicateKeyAndBrokenSyntaxPointAtTheirPlace) {
  EXPECT_TRUE(Complaint("name = \"a\"\nname = \"b\"\n").starts_with("2:"));
  EXPECT_TRUE(Complaint("[node\n").starts_with("1:"));
}

TEST_F(ConfigFile, AWordWithoutQuotesIsNamed) {
  for (const std::string value : {"NO", "XN", "inf", "1a"}) {
    const std::string complaint = Complaint("name = \"a\"\n  nation  = " + value + "\n");
    EXPECT_TRUE(complaint.starts_with("2:")) << complaint;
    EXPECT_NE(complaint.find("'nation' must be a string, in quotes"), std::string::npos) << complaint;
  }
}

TEST_F(ConfigFile, MissingNamesAreNamed) {
  EXPECT_EQ(Complaint(""), "1:1: 'name' is missing: the party name of this organisation");
  EXPECT_EQ(Complaint("name = \"a\"\n"), "1:1: 'nation' is missing: its ISO 3166-1 alpha-2 code");
}

TEST_F(ConfigFile, AbsentAndOversizedFilesAreRefused) {
  EXPECT_EQ(ReasonOf(LoadConfig(folder_ + "/absent.toml").status()), RejectReason::kConfig);
  const std::string comment = "#" + std::string(64 * 1024 - sizeof(kGood) - 1, 'x') + "\n";
  EXPECT_TRUE(Load(kGood + comment).ok());
  EXPECT_EQ(ReasonOf(Load(kGood + comment + "\n\n").status()), RejectReason::kConfig);
}

TEST(HostPort, SplitsAndRefuses) {
  const auto six = ParseHostPort("[::1]:7443");
  ASSERT_TRUE(six.ok());
  EXPECT_EQ(six->first, "::1");
  EXPECT_EQ(six->second, 7443);
  EXPECT_TRUE(ParseHostPort("gw.norlandia.example:0").ok());
  for (const std::string bad :
       {"", ":1", "host", "host:", "host:65536", "host:-1", "host:1x", "::1:7443", "[::1:7443", "a b:1", "h\n:1"}) {
    EXPECT_EQ(ReasonOf(ParseHostPort(bad).status()), RejectReason::kUsage) << bad;
  }
}

}  // namespace
}  // namespace entente::node
