#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "model/marking.h"

namespace entente::policy {

class RuleIndex;
struct Facts;
struct ObjectFacts;
struct Engine;

inline constexpr size_t kMaxRulesBytes = 2u << 20;
inline constexpr size_t kMaxRules = 4096, kMaxImports = 256;
// Sources of import profiles: what this node publishes, and, as "publish:NAME", what it publishes from NAME.
inline constexpr std::string_view kPublishSource = "publish";

// What rules may name. Null in a list's place: any name is taken.
struct KnownNames {
  const std::vector<std::string>* parties = nullptr;
  const std::vector<std::string>* groups = nullptr;  // ids in hexadecimal
  const std::vector<std::string>* warning_lists = nullptr;
};

// An operator's rules, compiled (docs/formats/rules.md). By default there are none and the matrix is the whole. Cheap
// to copy; reading is thread-safe.
class Rules {
 public:
  Rules() = default;
  // `file` is what messages call it. Refuses with kConfig: "FILE:LINE:COLUMN: NAME: what, and what to do".
  static absl::StatusOr<Rules> Parse(std::string_view text, std::string_view file, const KnownNames& known = {});
  size_t size() const;  // without import profiles
  size_t imports() const;
  // The label that an object from `source` is given which has none, if there is an import profile that says so.
  std::optional<model::Label> DefaultLabel(std::string_view source) const;

  // Whether any rule asks something of the object itself. Where none does, Question::object changes no decision.
  bool reads_objects() const;
  // Objects with equal classes at `now` are alike to these rules: in two questions that differ in nothing else they get
  // the same decision. Empty where no rule reads objects.
  std::string ClassOf(const ObjectFacts& object, absl::Time now) const;
  // Whether a rule names that party, as recipient, sender or origin.
  bool names_party(std::string_view name) const;

 private:
  friend struct Engine;
  std::shared_ptr<const RuleIndex> index_;
  std::shared_ptr<const std::map<std::string, model::Label, std::less<>>> imports_;
};

}  // namespace entente::policy
