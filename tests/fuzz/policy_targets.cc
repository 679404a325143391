#include "model/stix_object.h"
#include "model/text.h"
#include "model/warning_list.h"
#include "policy/policy.h"
#include "tests/fuzz/fuzz.h"

namespace entente::fuzz {
namespace {

policy::Question AnyQuestion() {
  policy::Question question;
  question.constraints.label = model::Label::kGreen;
  question.integrity = question.agreement = question.honours_obligations = true;
  question.sender.org = *OrgId::From(Bytes(32, 's'));
  question.recipient.org = *OrgId::From(Bytes(32, 'r'));
  question.recipient.name = "cert.estovia";
  question.recipient.nation = "XE";
  question.recipient.ceiling = model::Label::kRed;
  question.recipient.kind = model::PartyKind::kCert;
  return question;
}

}  // namespace

// Rules only narrow: whatever a file says, who has no permit without it has none with it.
bool FuzzRules(ByteView input) {
  const absl::StatusOr<policy::Rules> rules = policy::Rules::Parse(input, "rules.toml");
  if (!rules.ok()) {
    CheckRefused(rules.status(), {RejectReason::kConfig});
    FUZZ_CHECK(rules.status().message().find("rules.toml:") == 0);
    return false;
  }
  FUZZ_CHECK(rules->size() <= policy::kMaxRules);
  FUZZ_CHECK(rules->imports() <= policy::kMaxImports);
  FUZZ_CHECK(!rules->DefaultLabel(""));
  policy::Question question = AnyQuestion();
  FUZZ_CHECK(policy::Evaluate({}, question).permitted());
  const policy::Decision decision = policy::Evaluate(*rules, question);
  FUZZ_CHECK(decision.permitted() == policy::Evaluate(*rules, question).permitted());
  question.constraints.label = model::Label::kAmber;
  FUZZ_CHECK(!policy::Evaluate(*rules, question).permitted());
  return true;
}

// What a list was made of is on it.
bool FuzzWarningList(ByteView input) {
  const absl::StatusOr<model::WarningList> list = model::WarningList::Parse(input, "list.json");
  if (!list.ok()) {
    CheckRefused(list.status(), {RejectReason::kConfig});
    return false;
  }
  FUZZ_CHECK(list->size() >= 1 && list->size() <= model::kMaxWarningEntries);
  const auto document = model::JsonDocument::Parse(input);
  FUZZ_CHECK(document.ok());
  for (const model::JsonValue& entry : document->root().Find("list")->elements()) {
    const std::string value = model::NormaliseValue(entry.text());
    const bool network = list->type() == model::WarningList::Type::kCidr && value.find('/') != std::string::npos;
    if (list->type() == model::WarningList::Type::kHostname) continue;  // a leading dot is no host
    FUZZ_CHECK(list->Holds(value) != network);
  }
  static_cast<void>(list->Holds(input));
  return true;
}

}  // namespace entente::fuzz
