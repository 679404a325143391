#include "services/entented/config.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/reject.h"

namespace entente::node {
namespace {

constexpr char kGood[] = "[node]\nname = \"cert.norlandia\"\nnation = \"XN\"\n";

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
  EXPECT_EQ(Complaint(std::string(kGood) + "\n[peer]\n  lisen = \"127.0.0.1:1\"\n"),
            "6:3: unknown key 'lisen'; did you mean 'listen'?");
}

TEST_F(ConfigFile, UnknownTableAndKeyOutsideATable) {
  EXPECT_EQ(Complaint(std::string(kGood) + "[metric]\nlisten = \"\"\n"), "4:2: unknown table 'metric'; did you mean 'metrics'?");
  EXPECT_EQ(Complaint("zzzzzzzz = 1\n"), "1:1: unknown key 'zzzzzzzz'; known here: node, peer, metrics, log");
  EXPECT_EQ(Complaint("node = 1\n"), "1:8: 'node' is a table; write [node] above its keys");
}

TEST_F(ConfigFile, WrongTypes) {
  EXPECT_EQ(Complaint("[node]\nname = 5\n"), "2:8: 'node.name' must be text in quotes");
  EXPECT_EQ(Complaint(std::string(kGood) + "[peer]\nmax_connections = \"9\"\n"),
            "5:19: 'peer.max_connections' must be a whole number");
  EXPECT_EQ(Complaint("[node]\nname = { first = \"a\" }\n"), "2:8: 'node.name' must be text in quotes");
}

TEST_F(ConfigFile, BadValues) {
  EXPECT_TRUE(Complaint("[node]\nname = \"x\"\nnation = \"Norlandia\"\n").starts_with("3:10: 'node.nation': "));
  EXPECT_EQ(Complaint(std::string(kGood) + "[peer]\nmax_connections = 0\n"),
            "5:19: 'peer.max_connections': must be 1 to 65536, is 0");
  EXPECT_EQ(Complaint(std::string(kGood) + "[log]\nlevel = \"loud\"\n"),
            "5:9: 'log.level': must be trace, debug, info, warn or error");
  EXPECT_TRUE(Complaint(std::string(kGood) + "[peer]\nlisten = \"7443\"\n").starts_with("5:10: 'peer.listen': must be host:port"));
}

TEST_F(ConfigFile, DuplicateKeyAndBrokenSyntaxPointAtTheirPlace) {
  EXPECT_TRUE(Complaint("[node]\nname = \"a\"\nname = \"b\"\n").starts_with("3:")) << Complaint("[node]\nname = \"a\"\nname = \"b\"\n");
  EXPECT_TRUE(Complaint("[node\n").starts_with("1:"));
  EXPECT_TRUE(Complaint("[node]\nnation = NO\n").starts_with("2:"));
}

TEST_F(ConfigFile, MissingNamesAreNamed) {
  EXPECT_NE(Complaint("").find("'node.name' is missing"), std::string::npos);
  EXPECT_NE(Complaint("[node]\nname = \"a\"\n").find("'node.nation' is missing"), std::string::npos);
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
  for (const std::string bad : {"", ":1", "host", "host:", "host:65536", "host:-1", "host:1x", "::1:7443", "[::1:7443", "a b:1", "h\n:1"}) {
    EXPECT_EQ(ReasonOf(ParseHostPort(bad).status()), RejectReason::kUsage) << bad;
  }
}

}  // namespace
}  // namespace entente::node
