#pragma once

#include <gtest/gtest.h>
#include <simdjson.h>

#include <filesystem>
#include <string>

#include "base/bytes.h"
#include "crypto/encoding.h"

// Published corpora, read where they lie beside the checkout; skips where they are not. What every machine must check
// is in tests/vectors/, whose README.md says which test reads which file.
namespace entente::crypto::testing {

namespace fs = std::filesystem;
using simdjson::dom::element;

class CorpusTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(Root())) GTEST_SKIP() << "the published corpora are not present: no " << Root();
  }
  static fs::path Root() { return ENTENTE_SOURCE_DIR "/../shared/data/vectors"; }
  element Load(const fs::path& file) { return parser_.load((Root() / file).string()).value(); }
  static Bytes Hex(const element& test, const char* name) { return FromHex(test[name].get_string().value()).value(); }
  static Bytes Base64(const element& value) { return FromBase64(value.get_string().value()).value(); }
  static bool Valid(const element& test) { return test["result"].get_string().value() == "valid"; }

  // Calls `check(group, test)` for every test of a Wycheproof file and gives their number.
  template <typename Check>
  size_t Wycheproof(const std::string& file, Check check) {
    size_t count = 0;
    for (const element group : Load("wycheproof/" + file)["testGroups"].get_array()) {
      for (const element test : group["tests"].get_array()) {
        SCOPED_TRACE(test["tcId"].get_int64().value());
        check(group, test);
        ++count;
      }
    }
    return count;
  }

 private:
  simdjson::dom::parser parser_;
};

}  // namespace entente::crypto::testing
