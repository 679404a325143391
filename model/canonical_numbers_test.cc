// The number writer against the published sequence of json-canonicalization: the hashes of its first lines.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>

#include "crypto/crypto.h"
#include "model/json.h"
#include "tests/vectors/vector_file.h"

namespace entente::model {
namespace {

using test::VectorRecord;

double DoubleOf(uint64_t bits) {
  double number = 0;
  std::memcpy(&number, &bits, sizeof number);
  return number;
}

// The bits of one double after the other, as tests/vectors/jcs-sequence.txt describes them.
class Sequence {
 public:
  explicit Sequence(ByteView first) : first_(first) {}

  uint64_t Next() {
    if (!first_.empty()) {
      const auto bits = ReadBigEndian<uint64_t>(first_);
      first_.remove_prefix(8);
      return bits;
    }
    if (serial_ < 2000) return 0x0010000000000000 + serial_++;
    uint64_t bits = 0;
    do {
      bits = NextOfChain();
    } while (DoubleOf(bits) == 0 || !std::isfinite(DoubleOf(bits)));
    return bits;
  }

 private:
  uint64_t NextOfChain() {
    if (taken_ == Digest::kSize) {
      block_ = crypto::Sha256(block_.view());
      taken_ = 0;
    }
    uint64_t bits = 0;
    for (size_t i = 8; i-- > 0;) bits = bits << 8 | block_.data()[taken_ + i];
    taken_ += 8;
    return bits;
  }

  ByteView first_;
  uint64_t serial_ = 0;
  Digest block_;
  size_t taken_ = Digest::kSize;
};

// "bits,text", the number read by Parse and written by Canonical.
Bytes LineOf(uint64_t bits) {
  std::array<char, 64> text;
  std::snprintf(text.data(), text.size(), "%.17e", DoubleOf(bits));
  const auto document = JsonDocument::Parse(text.data());
  std::array<char, 24> hex;
  std::snprintf(hex.data(), hex.size(), "%llx,", static_cast<unsigned long long>(bits));
  return document.ok() ? hex.data() + Canonical(document->root()) + "\n" : "refused\n";
}

TEST(Canonical, ThePublishedSequenceOfNumbers) {
  const std::vector<VectorRecord> records = test::ReadVectors("jcs-sequence.txt");
  Sequence sequence(records.front().at("first"));
  Bytes lines;
  int64_t count = 0, hashes = 0;
  for (const VectorRecord& record : records) {
    if (!record.contains("lines")) continue;
    for (; count < test::NumberOf(record.at("lines")); ++count) lines += LineOf(sequence.Next());
    EXPECT_EQ(crypto::Sha256(lines).view(), record.at("sha256")) << count;
    ++hashes;
  }
  EXPECT_EQ(hashes, 3);
  EXPECT_EQ(lines.size(), 4'031'728u);
}

}  // namespace
}  // namespace entente::model
