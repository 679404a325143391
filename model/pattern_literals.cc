#include "model/pattern_literals.h"

#include <algorithm>

namespace entente::model {
namespace {

bool IsWordByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         c == '.' || c == ':' || c == '*' || static_cast<unsigned char>(c) >= 0x80;
}

class PatternScan {
 public:
  PatternScan(std::string_view pattern, size_t limit) : rest_(pattern), limit_(limit) {}

  std::vector<std::string> Run() {
    while (!rest_.empty() && found_.size() < limit_) Step();
    return std::move(found_);
  }

 private:
  enum class Expect { kNothing, kLiteral, kListStart, kInList };

  void Step() {
    const char c = rest_.front();
    if (c == '\'') return Literal();
    if (SkipComment()) return;
    if (IsWordByte(c)) return Word();
    rest_.remove_prefix(1);
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') return;
    if (c == '=') {
      // The second '=' of "==" changes nothing; "!=" has been marked as negated.
      expect_ = negated_ ? Expect::kNothing : Expect::kLiteral;
      return;
    }
    if (c == '(' && expect_ == Expect::kListStart) {
      expect_ = Expect::kInList;
    } else if (c != ',' || expect_ != Expect::kInList) {
      expect_ = Expect::kNothing;
    }
    negated_ = c == '!';
  }

  void Literal() {
    const bool wanted = expect_ == Expect::kLiteral || expect_ == Expect::kInList;
    std::string value;
    size_t i = 1;
    for (; i < rest_.size() && rest_[i] != '\''; ++i) {
      if (rest_[i] == '\\' && i + 1 < rest_.size()) ++i;
      value.push_back(rest_[i]);
    }
    const bool closed = i < rest_.size();
    rest_.remove_prefix(closed ? i + 1 : rest_.size());
    if (wanted && closed) found_.push_back(std::move(value));
    if (expect_ != Expect::kInList) expect_ = Expect::kNothing;
    negated_ = false;
  }

  void Word() {
    size_t size = 0;
    while (size < rest_.size() && IsWordByte(rest_[size])) ++size;
    const std::string_view word = rest_.substr(0, size);
    rest_.remove_prefix(size);
    if (word == "NOT") {
      negated_ = true;
      return;
    }
    expect_ = Expect::kNothing;
    if (!negated_ && (word == "ISSUBSET" || word == "ISSUPERSET")) expect_ = Expect::kLiteral;
    if (!negated_ && word == "IN") expect_ = Expect::kListStart;
    negated_ = false;
  }

  bool SkipComment() {
    if (rest_.substr(0, 2) == "//") {
      rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size()));
      return true;
    }
    if (rest_.substr(0, 2) != "/*") return false;
    const size_t end = rest_.find("*/", 2);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 2);
    return true;
  }

  std::string_view rest_;
  size_t limit_;
  Expect expect_ = Expect::kNothing;
  bool negated_ = false;
  std::vector<std::string> found_;
};

}  // namespace

std::vector<std::string> PatternLiterals(std::string_view pattern, size_t limit) {
  return PatternScan(pattern, limit).Run();
}

}  // namespace entente::model
