#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>

#include "services/entented/config.h"

namespace entente::node {
namespace {

// Rows of the key table, which comes first, of docs/configuration.md: "| `key` | `default` | meaning |".
std::set<std::string> DocumentedRows() {
  std::ifstream file(ENTENTE_SOURCE_DIR "/docs/configuration.md");
  std::set<std::string> rows;
  for (std::string line; std::getline(file, line) && !line.starts_with("## ");) {
    if (line.starts_with("| `")) rows.insert(line);
  }
  return rows;
}

TEST(ConfigurationPage, ListsEveryKeyWithItsDefaultAndMeaningAndNoOther) {
  std::set<std::string> expected;
  for (const ConfigKey& key : ConfigKeys()) {
    const std::string standard = key.standard.empty() ? "none" : "`" + std::string(key.standard) + "`";
    expected.insert("| `" + std::string(key.name) + "` | " + standard + " | " + std::string(key.meaning) + " |");
  }
  EXPECT_EQ(DocumentedRows(), expected);
}

TEST(ConfigurationPage, DefaultsAreThoseOfTheCode) {
  const std::string written = WriteConfig(Config{});
  for (const ConfigKey& key : ConfigKeys()) {
    const std::string name(key.name);
    const std::string standard(key.standard.empty() ? "\"\"" : key.standard);
    EXPECT_NE(written.find("\n# " + std::string(key.meaning) + "\n" + name + " = " + standard + "\n"),
              std::string::npos)
        << key.name;
  }
}

}  // namespace
}  // namespace entente::node
