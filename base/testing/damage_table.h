#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "base/reject.h"

// The damage table: each row takes a valid thing, bends one part of it and expects one reason. Rows stand beside what
// they bend, in the test programs of their modules; the row, the test that runs it and the rule that names it are these
// alone.
namespace entente::test {

// What became of a bent thing, and what was said to it.
struct Outcome {
  Outcome(RejectReason of) : reason(of) {}
  Outcome(const absl::Status& status) : reason(ReasonOf(status)), said(status.ToString()) {}
  template <typename T>
  Outcome(const absl::StatusOr<T>& result) : Outcome(result.status()) {}
  // What the checking side held before and after: a refusal leaves it alone, an admission does not.
  Outcome Holding(Bytes before, Bytes after) && {
    held_before = std::move(before), held_after = std::move(after);
    return std::move(*this);
  }
  RejectReason reason;
  std::string said = {};
  Bytes held_before = {}, held_after = {};
};

struct Damage {
  int property;                   // of docs/properties.md; 0: a rule that docs/formats alone has
  const char* name;               // what is bent
  RejectReason expected;          // kNone: what stands just inside of a rule, or nothing bent
  std::function<Outcome()> bend;  // makes a valid thing, bends one part, offers it to who checks it
};

// For a row of many damages alike, such as each bit of a field: all of them have one answer.
class OneAnswer {
 public:
  void Take(const Outcome& outcome, size_t at) {
    if (!answer_.has_value()) answer_ = outcome;
    EXPECT_EQ(Describe(outcome.reason).name, Describe(answer_->reason).name) << "at " << at << ": " << outcome.said;
  }
  Outcome Said() const {
    EXPECT_TRUE(answer_.has_value()) << "nothing was bent";
    return answer_.value_or(Outcome(RejectReason::kNone));
  }

 private:
  std::optional<Outcome> answer_;
};

// Which bits: every `stride`th of `size` bytes from `begin` on, where the bent whole is `chosen`.
struct Bits {
  size_t begin = 0, size = Bytes::npos, stride = 1;
  std::function<bool(ByteView bent)> chosen = {};
};
inline void FlipBit(Bytes& bytes, size_t bit) {
  bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
}
// `whole` as it is must be admitted.
inline Outcome EachBit(Bytes whole, const Bits& bits, const std::function<Outcome(ByteView bent)>& offer) {
  EXPECT_EQ(Describe(offer(whole).reason).name, Describe(RejectReason::kNone).name);
  const size_t end = bits.size == Bytes::npos ? whole.size() : bits.begin + bits.size;
  EXPECT_LE(end, whole.size());
  OneAnswer answer;
  for (size_t bit = bits.begin * 8; bit < std::min(end, whole.size()) * 8; bit += bits.stride) {
    FlipBit(whole, bit);
    if (!bits.chosen || bits.chosen(whole)) answer.Take(offer(whole), bit);
    FlipBit(whole, bit);
  }
  return answer.Said();
}

inline std::string NameOf(const Damage& row) {
  if (row.property == 0) return row.name;
  return "P" + std::string(row.property < 10 ? "0" : "") + std::to_string(row.property) + "_" + row.name;
}

inline void Check(const Damage& row) {
  const Outcome outcome = row.bend();
  EXPECT_EQ(Describe(outcome.reason).name, Describe(row.expected).name) << row.name << ": " << outcome.said;
  if (outcome.held_before.empty() && outcome.held_after.empty()) return;
  EXPECT_EQ(outcome.held_before == outcome.held_after, row.expected != RejectReason::kNone) << row.name;
}

class DamageTest : public ::testing::Test {
 public:
  explicit DamageTest(Damage row) : row_(std::move(row)) {}
  void TestBody() override { Check(row_); }

 private:
  const Damage row_;
};

// A static object in a file of tests: each row is the test Damage/<subject>.<its name> of the program, listed with its
// reason. `subject` says what the rows bend.
class DamageTable {
 public:
  DamageTable(const std::string& subject, std::span<const Damage> rows, const char* file = __builtin_FILE(),
              int line = __builtin_LINE()) {
    for (const Damage& row : rows) {
      const std::string reason(Describe(row.expected).name);
      ::testing::RegisterTest(("Damage/" + subject).c_str(), NameOf(row).c_str(), nullptr, reason.c_str(), file, line,
                              [row]() -> DamageTest* { return new DamageTest(row); });
    }
  }
};

}  // namespace entente::test
