#include <algorithm>
#include <cctype>

#include "model/marking.h"
#include "model/marking_limits.h"
#include "model/stix_object.h"

namespace entente::model {
namespace {

// Whether `selector` ("a.[0].b") names something in `object`.
bool Selects(const JsonValue& object, std::string_view selector) {
  const JsonValue* at = &object;
  while (at != nullptr) {
    const size_t dot = selector.find('.');
    const std::string_view step = selector.substr(0, dot);
    if (step.size() > 2 && step.front() == '[' && step.back() == ']') {
      size_t index = 0;
      for (const char c : step.substr(1, step.size() - 2)) {
        if (c < '0' || c > '9' || index > kMaxJsonTokens) return false;
        index = index * 10 + static_cast<size_t>(c - '0');
      }
      at = at->is_array() && index < at->elements().size() ? &at->elements()[index] : nullptr;
    } else {
      at = at->Find(step);
    }
    if (dot == std::string_view::npos) return at != nullptr;
    selector.remove_prefix(dot + 1);
  }
  return false;
}

// Collects one object's markings; after the first malformed part nothing more is read.
class Normaliser {
 public:
  Normaliser(const JsonValue& object, const std::function<bool(std::string_view)>& is_statement)
      : object_(object), is_statement_(is_statement) {}

  EffectiveMarking Run() {
    if (!object_.is_object()) Malformed("the object is no JSON object");
    ReadObjectMarkings();
    ReadGranularMarkings();
    ReadLabels();
    return std::move(marking_);
  }

 private:
  void ReadObjectMarkings() {
    const JsonValue* refs = object_.Find("object_marking_refs");
    if (refs == nullptr) return;
    if (!refs->is_array()) return Malformed("object_marking_refs is no array");
    for (size_t i = 0; i < refs->elements().size() && marking_.malformed.empty(); ++i) {
      Add(refs->elements()[i], "object_marking_refs[" + std::to_string(i) + "]");
    }
  }

  void ReadGranularMarkings() {
    const JsonValue* list = object_.Find("granular_markings");
    if (list == nullptr) return;
    if (!list->is_array()) return Malformed("granular_markings is no array");
    for (size_t i = 0; i < list->elements().size() && marking_.malformed.empty(); ++i) {
      ReadGranular(list->elements()[i], "granular_markings[" + std::to_string(i) + "]");
    }
  }

  // MISP's tag for what nobody has decided about. Its other tags of that taxonomy stand in markings.
  void ReadLabels() {
    const JsonValue* labels = object_.Find("labels");
    if (labels == nullptr || !labels->is_array()) return;
    for (size_t i = 0; i < labels->elements().size() && marking_.malformed.empty(); ++i) {
      std::string label(labels->elements()[i].text());
      std::transform(label.begin(), label.end(), label.begin(), [](unsigned char c) { return std::tolower(c); });
      if (label != "tlp:unclear") continue;
      Malformed("labels[" + std::to_string(i) + "] is tlp:unclear: nobody decided yet how it may be shared");
    }
  }

  void ReadGranular(const JsonValue& granular, const std::string& place) {
    if (!granular.is_object()) return Malformed(place + " is no object");
    const JsonValue* ref = granular.Find("marking_ref");
    const bool has_language = granular.Find("lang") != nullptr;
    if (ref != nullptr && has_language) return Malformed(place + " has both marking_ref and lang");
    if (has_language) return;
    if (ref == nullptr) return Malformed(place + " has neither marking_ref nor lang");
    const JsonValue* selectors = granular.Find("selectors");
    if (selectors == nullptr || !selectors->is_array() || selectors->elements().empty()) {
      return Malformed(place + ".selectors is no array of selectors");
    }
    for (size_t i = 0; i < selectors->elements().size(); ++i) {
      const JsonValue& selector = selectors->elements()[i];
      if (++selectors_ > kMaxSelectors) return Malformed(place + ": more than 256 selectors in one object");
      if (selector.is_string() && Selects(object_, selector.text())) continue;
      return Malformed(place + ".selectors[" + std::to_string(i) + "] names nothing in the object");
    }
    Add(*ref, place + ".marking_ref");
  }

  void Add(const JsonValue& ref, const std::string& place) {
    if (!ref.is_string()) return Malformed(place + " is no string");
    if (ref.text().size() > kMaxStixIdBytes) return Malformed(place + " is longer than any id");
    if (++refs_ > kMaxMarkingRefs) return Malformed(place + ": more than 256 markings in one object");
    if (const auto known = LookUpMarking(ref.text())) {
      marking_.label = std::max(marking_.label, known->label);
      marking_.pap = std::max(marking_.pap, known->pap);
      return;
    }
    if (ref.text() == object_.StringAt("id")) return Malformed(place + " is the object's own id: a marking cycle");
    if (is_statement_ && is_statement_(ref.text())) return;
    std::string id(ref.text());
    if (std::find(marking_.unresolved.begin(), marking_.unresolved.end(), id) == marking_.unresolved.end()) {
      marking_.unresolved.push_back(std::move(id));
    }
  }

  void Malformed(std::string what) { marking_.malformed = std::move(what); }

  const JsonValue& object_;
  const std::function<bool(std::string_view)>& is_statement_;
  size_t refs_ = 0, selectors_ = 0;
  EffectiveMarking marking_;
};

}  // namespace

EffectiveMarking NormaliseMarkings(const JsonValue& object, const std::function<bool(std::string_view)>& is_statement) {
  return Normaliser(object, is_statement).Run();
}

}  // namespace entente::model
