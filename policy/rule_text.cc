#include <algorithm>

#include "base/reject.h"
#include "model/text.h"
#include "policy/rule_file.h"

namespace entente::policy {
namespace {

constexpr size_t kMaxDotsInLine = 8;  // outside strings: no rule needs one

// Follows a TOML text as far as to know what stands inside strings and comments.
class TextScan {
 public:
  TextScan(std::string_view text, std::string_view file) : text_(text), file_(file) {}

  absl::Status Run() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '\n') {
        NewLine();
      } else if (quote_ != 0) {
        InString(c);
      } else if (!comment_) {
        if (absl::Status status = Outside(c); !status.ok()) return status;
      }
      ++at_;
    }
    return absl::OkStatus();
  }

 private:
  void NewLine() {
    ++line_;
    line_start_ = at_ + 1;
    dots_ = 0;
    blank_ = true;
    comment_ = false;
    if (!multiline_) quote_ = 0;  // the parser refuses a string that is open here
  }

  bool Tripled(char c) const { return text_.substr(at_, 3) == std::string(3, c); }

  void InString(char c) {
    if (c == '\\' && quote_ == '"') {
      if (at_ + 1 < text_.size() && text_[at_ + 1] != '\n') ++at_;
    } else if (c == quote_ && (!multiline_ || Tripled(c))) {
      if (multiline_) at_ += 2;
      quote_ = 0;
      multiline_ = false;
    }
  }

  absl::Status Outside(char c) {
    const bool first = blank_;
    if (c != ' ' && c != '\t') blank_ = false;
    if (c == '"' || c == '\'') {
      quote_ = c;
      multiline_ = Tripled(c);
      if (multiline_) at_ += 2;
    } else if (c == '#') {
      comment_ = true;
    } else if (c == '.' && ++dots_ > kMaxDotsInLine) {
      return Here("syntax", "more than 8 dots outside strings in one line; no rule needs them");
    } else if (first && text_.substr(at_, 2) == "[[") {
      return Table();
    }
    return absl::OkStatus();
  }

  absl::Status Table() {
    std::string_view name = text_.substr(at_ + 2);
    name.remove_prefix(std::min(name.find_first_not_of(" \t"), name.size()));
    const bool import = name.starts_with("import");
    if (++(import ? imports_ : rules_) <= (import ? kMaxImports : kMaxRules)) return absl::OkStatus();
    if (import) return Here("too-many-imports", "more than " + std::to_string(kMaxImports) + " import profiles");
    return Here("too-many-rules",
                "more than " + std::to_string(kMaxRules) + " rules; join rules that differ in one list");
  }

  absl::Status Here(std::string_view name, const std::string& what) const {
    return RuleFault(file_, {line_, static_cast<uint32_t>(at_ - line_start_ + 1)}, name, what);
  }

  std::string_view text_, file_;
  size_t at_ = 0, line_start_ = 0, dots_ = 0, rules_ = 0, imports_ = 0;
  uint32_t line_ = 1;
  char quote_ = 0;
  bool multiline_ = false, comment_ = false, blank_ = true;
};

}  // namespace

absl::Status RuleFault(std::string_view file, Place place, std::string_view name, std::string_view what) {
  return Reject(RejectReason::kConfig, model::Escaped(file, 256) + ":" + std::to_string(place.line) + ":" +
                                           std::to_string(place.column) + ": " + std::string(name) + ": " +
                                           std::string(what));
}

absl::Status ScanRuleText(std::string_view text, std::string_view file) {
  if (absl::Status status = TextScan(text, file).Run(); !status.ok()) return status;
  if (text.size() <= kMaxRulesBytes) return absl::OkStatus();
  return RuleFault(file, {1, 1}, "file-too-large", "more than 2 MiB; leave out comments or join rules");
}

}  // namespace entente::policy
