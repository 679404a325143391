// Every fuzz target over its committed corpus, over each file cut short and over each with bits flipped.
#include "tests/fuzz/fuzz.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "crypto/crypto.h"

namespace entente::fuzz {
namespace {

namespace fs = std::filesystem;

constexpr size_t kCuts = 48, kFlips = 96;  // of one file
const fs::path kCorpus = ENTENTE_SOURCE_DIR "/tests/fuzz/corpus";

struct File {
  std::string name;
  Bytes bytes;
};
std::vector<File> CorpusOf(std::string_view target) {
  std::vector<File> files;
  for (const auto& entry : fs::directory_iterator(kCorpus / target)) {
    std::ifstream file(entry.path(), std::ios::binary);
    files.push_back({entry.path().filename().string(), Bytes(std::istreambuf_iterator<char>(file), {})});
  }
  std::sort(files.begin(), files.end(), [](const File& a, const File& b) { return a.name < b.name; });
  return files;
}

class EachTarget : public ::testing::TestWithParam<Target> {
 protected:
  void SetUp() override { ASSERT_TRUE(crypto::Initialise().ok()); }
  static bool Run(ByteView bytes, const std::string& name) {
    const std::string path = std::string(GetParam().name) + "/" + name;
    NameInput(path);
    return GetParam().run(bytes);
  }
};

// "ok-" files are read, "no-" files are refused; what a fuzzer found is only run.
TEST_P(EachTarget, ReadsItsCorpusAsItsNamesSay) {
  const std::vector<File> files = CorpusOf(GetParam().name);
  ASSERT_GE(files.size(), 3u);
  for (const File& file : files) {
    const bool read = Run(file.bytes, file.name);
    if (file.name.starts_with("ok-") || file.name.starts_with("no-")) {
      EXPECT_EQ(read, file.name.starts_with("ok-")) << file.name;
    }
    EXPECT_LE(file.bytes.size(), GetParam().max_bytes) << file.name;
  }
}

TEST_P(EachTarget, HoldsOnEveryCut) {
  for (const File& file : CorpusOf(GetParam().name)) {
    const size_t step = file.bytes.size() / kCuts + 1;
    for (size_t size = 0; size < file.bytes.size(); size += step) {
      Run(ByteView(file.bytes).substr(0, size), file.name + " cut to " + std::to_string(size));
    }
  }
}

TEST_P(EachTarget, HoldsOnFlippedBits) {
  std::mt19937 random(20260101);
  for (File& file : CorpusOf(GetParam().name)) {
    for (size_t i = 0; i < kFlips && !file.bytes.empty(); ++i) {
      const size_t bit = random() % (file.bytes.size() * 8);
      file.bytes[bit / 8] ^= static_cast<char>(1 << (bit % 8));
      Run(file.bytes, file.name + " with bits flipped up to " + std::to_string(bit));
      if (i % 4 != 3) file.bytes[bit / 8] ^= static_cast<char>(1 << (bit % 8));  // some stay
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Fuzz, EachTarget, ::testing::ValuesIn(Targets().begin(), Targets().end()),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(Corpus, HasNoFolderWithoutATarget) {
  for (const auto& entry : fs::directory_iterator(kCorpus)) {
    EXPECT_NE(FindTarget(entry.path().filename().string()), nullptr) << entry.path();
  }
}

TEST(PromiseDeathTest, ARefusalWithoutAReasonEndsTheProgram) {
  EXPECT_DEATH(CheckRefused(absl::InvalidArgumentError("no reason attached")), "INTERNAL");
  EXPECT_DEATH(CheckRefused(absl::OkStatus()), "broken promise");
}
TEST(PromiseDeathTest, ARefusalOutsideTheDocumentedReasonsEndsTheProgram) {
  const absl::Status status = Reject(RejectReason::kJson, "no JSON");
  CheckRefused(status, {RejectReason::kJson});
  EXPECT_DEATH(CheckRefused(status, {RejectReason::kLimit}), "documented reasons");
}
TEST(PromiseDeathTest, ARefusalThatSpeaksToATerminalEndsTheProgram) {
  EXPECT_DEATH(CheckRefused(Reject(RejectReason::kJson, "\x1b[2J")), "broken promise");
}

}  // namespace
}  // namespace entente::fuzz
