#include "base/bytes.h"
#include "model/marking.h"
#include "model/marking_table.h"
#include "model/marking_text.h"

namespace entente::model {
namespace {

constexpr std::string_view kTlp2Extension = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d";
constexpr std::string_view kPapExtension = "extension-definition--f8d78575-edfd-406e-8e84-6162a8450f5b";

bool HasPrefixIgnoringCase(std::string_view text, std::string_view upper_prefix) {
  if (text.size() < upper_prefix.size()) return false;
  for (size_t i = 0; i < upper_prefix.size(); ++i) {
    const char c = text[i] >= 'a' && text[i] <= 'z' ? static_cast<char>(text[i] - 'a' + 'A') : text[i];
    if (c != upper_prefix[i]) return false;
  }
  return true;
}

// Every level that a definition states anywhere, held against the one its id stands for.
class Claims {
 public:
  explicit Claims(KnownMarking meant) : meant_(meant) {}

  void Tlp(std::string_view text) {
    const auto label = FindLabel(text);
    Count(label && meant_.label != Label::kUnlabelled && *label == meant_.label);
  }
  void PapLevel(std::string_view text) {
    const auto pap = FindPap(text);
    Count(pap && meant_.pap != Pap::kUnset && *pap == meant_.pap);
  }
  // A free text: a claim only when it begins like one.
  void Text(std::string_view text) {
    if (HasPrefixIgnoringCase(text, "TLP:")) Tlp(text);
    if (HasPrefixIgnoringCase(text, "PAP:")) PapLevel(text);
  }
  void Foreign() { Count(false); }
  bool AllAgree() const { return agreeing_ > 0 && contrary_ == 0; }

 private:
  void Count(bool agrees) { ++(agrees ? agreeing_ : contrary_); }
  KnownMarking meant_;
  int agreeing_ = 0, contrary_ = 0;
};

void CollectExtensions(const JsonValue& object, Claims& claims) {
  const JsonValue* extensions = object.Find("extensions");
  if (extensions == nullptr) return;
  if (!extensions->is_object()) return claims.Foreign();
  for (const JsonValue::Member& extension : extensions->members()) {
    if (extension.key == kTlp2Extension) {
      claims.Tlp(extension.value.StringAt("tlp_2_0"));
    } else if (extension.key == kPapExtension) {
      claims.PapLevel(extension.value.StringAt("pap"));
    } else {
      claims.Foreign();  // another marking language on a known id says more than the table knows
    }
  }
}

void CollectDefinition(const JsonValue& object, Claims& claims) {
  const JsonValue* definition = object.Find("definition");
  if (definition == nullptr) return;
  if (!definition->is_object()) return claims.Foreign();
  for (const JsonValue::Member& part : definition->members()) {
    const std::string_view text = part.value.text();
    if (!part.value.is_string()) {
      claims.Foreign();
    } else if (part.key == "tlp") {
      claims.Tlp(text);
    } else if (part.key == "pap") {
      claims.PapLevel(text);
    } else if (part.key == "statement") {
      claims.Text(text);
    } else {
      claims.Foreign();
    }
  }
}

// A statement restricts nothing here, so whatever might be a restriction in a statement's clothes is none. OpenCTI
// writes all of its own markings as statements and the level into x_opencti_definition.
DefinitionKind KindOfUnknown(const JsonValue& object) {
  using enum DefinitionKind;
  const JsonValue* definition = object.Find("definition");
  if (object.StringAt("definition_type") != "statement" || definition == nullptr) return kOther;
  const JsonValue* statement = definition->Find("statement");
  if (statement == nullptr || !statement->is_string() || definition->members().size() != 1) return kOther;
  if (object.Find("extensions") != nullptr || object.Find("x_opencti_definition") != nullptr) return kOther;
  const JsonValue* opencti_type = object.Find("x_opencti_definition_type");
  if (opencti_type != nullptr && opencti_type->text() != "statement") return kOther;
  return SpellsALevel(statement->text()) || SpellsALevel(object.StringAt("name")) ? kDisguised : kStatement;
}

}  // namespace

DefinitionKind ClassifyDefinition(const JsonValue& object) {
  if (!object.is_object() || object.StringAt("type") != "marking-definition") return DefinitionKind::kNotADefinition;
  const auto known = LookUpMarking(object.StringAt("id"));
  if (!known) return KindOfUnknown(object);
  Claims claims(*known);
  claims.Text(object.StringAt("name"));
  claims.Text(object.StringAt("x_opencti_definition"));
  CollectDefinition(object, claims);
  CollectExtensions(object, claims);
  return claims.AllAgree() ? DefinitionKind::kKnown : DefinitionKind::kForged;
}

}  // namespace entente::model
