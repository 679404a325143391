#include "model/derived_object.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/reject.h"
#include "model/json_text.h"
#include "model/required_properties.h"
#include "model/text.h"
#include "model/withheld_values.h"

namespace entente::model {
namespace {

using Names = std::set<std::string, std::less<>>;

constexpr std::string_view kNameLabel = "entente/1/derived";
constexpr size_t kMaxObservableValue = 4096;  // no id is computed from a longer one

absl::Status Withheld(const std::string& why) {
  return Reject(RejectReason::kPolicyRule, "it cannot go redacted: " + why);
}

// What goes of one object: whole properties, and references out of lists.
struct Plan {
  Names gone, thinned, references;
};

size_t Named(const JsonValue& list, const Names& references) {
  return static_cast<size_t>(std::count_if(
      list.elements().begin(), list.elements().end(),
      [&](const JsonValue& element) { return element.is_string() && references.contains(element.text()); }));
}

Plan PlanOf(const JsonValue& object, const Redaction& redaction) {
  Plan plan;
  const Names remove(redaction.remove.begin(), redaction.remove.end());
  const Names hidden(redaction.references.begin(), redaction.references.end());
  const auto hide = [&](const JsonValue& value) {
    if (value.is_string() && hidden.contains(value.text())) plan.references.emplace(value.text());
  };
  for (const JsonValue::Member& member : object.members()) {
    const JsonValue& value = member.value;
    if (remove.contains(member.key)) {
      plan.gone.emplace(member.key);
    } else if (member.key.ends_with("_ref") && value.is_string() && hidden.contains(value.text())) {
      plan.gone.emplace(member.key);
      hide(value);
    } else if (member.key.ends_with("_refs") && member.key != "object_marking_refs") {
      const size_t named = Named(value, hidden);
      if (named == 0) continue;
      (named == value.elements().size() ? plan.gone : plan.thinned).emplace(member.key);
      for (const JsonValue& element : value.elements()) hide(element);
    }
  }
  return plan;
}

void AppendMeasured(std::string_view text, Bytes& out) {
  AppendBigEndian(out, static_cast<uint32_t>(text.size()));
  out.append(text);
}

// What the id is computed from: the source, its version, and all that was taken out of it.
Bytes NameOf(const StixObject& source, const Plan& plan) {
  Bytes name;
  AppendMeasured(kNameLabel, name);
  AppendMeasured(source.id(), name);
  AppendMeasured(source.version(), name);
  for (const Names* names : {&plan.gone, &plan.thinned, &plan.references}) {
    AppendBigEndian(name, static_cast<uint32_t>(names->size()));
    for (const std::string& one : *names) AppendMeasured(one, name);
  }
  return name;
}

// Of a granular marking's selector: the property it begins in.
std::string_view PropertyOf(std::string_view selector) {
  return selector.substr(0, selector.find_first_of(".["));
}

// Writes the object that is left, as some JSON text.
class Writer {
 public:
  explicit Writer(const Plan& plan) : plan_(plan) {}

  Bytes Write(const JsonValue& object, std::string_view id) {
    out_ = "{";
    for (const JsonValue::Member& member : object.members()) {
      if (plan_.gone.contains(member.key)) continue;
      if (member.key == "granular_markings") {
        WriteMarkings(member);
        continue;
      }
      Key(member.key);
      if (member.key == "id") {
        AppendCanonicalString(out_, id);
      } else if (plan_.thinned.contains(member.key)) {
        WriteList(member.value, [&](const JsonValue& element) {
          return !element.is_string() || !plan_.references.contains(element.text());
        });
      } else {
        out_ += Canonical(member.value);
      }
    }
    return out_ + "}";
  }
  // A marking points into a list by numbers that do not hold any more.
  bool lost() const { return lost_; }

 private:
  void Key(std::string_view key) {
    if (out_.back() != '{') out_.push_back(',');
    AppendCanonicalString(out_, key);
    out_.push_back(':');
  }
  template <typename Keep>
  void WriteList(const JsonValue& list, Keep keep) {
    out_.push_back('[');
    for (const JsonValue& element : list.elements()) {
      if (!keep(element)) continue;
      if (out_.back() != '[') out_.push_back(',');
      out_ += Canonical(element);
    }
    out_.push_back(']');
  }
  bool Points(const JsonValue& selector) {
    const std::string_view property = PropertyOf(selector.text());
    if (plan_.thinned.contains(property) && property != selector.text()) lost_ = true;
    return !plan_.gone.contains(property);
  }
  // One marking; false, and nothing written, where all it pointed at is gone.
  bool WriteMarking(const JsonValue& marking) {
    const JsonValue* selectors = marking.Find("selectors");
    if (selectors == nullptr || !selectors->is_array()) {
      out_ += Canonical(marking);
      return true;
    }
    const auto points = [this](const JsonValue& selector) { return Points(selector); };
    if (std::none_of(selectors->elements().begin(), selectors->elements().end(), points)) return false;
    out_.push_back('{');
    for (const JsonValue::Member& member : marking.members()) {
      Key(member.key);
      if (&member.value == selectors) {
        WriteList(member.value, points);
      } else {
        out_ += Canonical(member.value);
      }
    }
    out_.push_back('}');
    return true;
  }
  void WriteMarkings(const JsonValue::Member& member) {
    const Bytes before = out_;
    Key(member.key);
    out_.push_back('[');
    bool any = false;
    for (const JsonValue& marking : member.value.elements()) {
      const size_t mark = out_.size();
      if (any) out_.push_back(',');
      if (WriteMarking(marking)) {
        any = true;
      } else {
        out_.resize(mark);
      }
    }
    out_.push_back(']');
    if (!any) out_ = before;
  }

  const Plan& plan_;
  Bytes out_;
  bool lost_ = false;
};

// Ids of cyber-observables that are computed from one value alone tell it to whoever guesses it.
void AddObservableIds(const NamedIds& ids, WithheldValues& values) {
  static constexpr std::string_view kProperties[] = {"value", "name", "path", "user_id", "account_login"};
  const std::vector<std::string> texts = values.texts();
  for (const std::string& text : texts) {
    if (text.size() > kMaxObservableValue) continue;
    for (const std::string_view property : kProperties) {
      Bytes name = "{\"" + std::string(property) + "\":";
      AppendCanonicalString(name, text);
      values.Add(ids.observable(name + "}"));
    }
  }
}

// What was in the source and may be nowhere in the copy.
WithheldValues ValuesOf(const StixObject& source, const Plan& plan, const NamedIds& ids) {
  WithheldValues values;
  for (const JsonValue::Member& member : source.json().members()) {
    if (plan.gone.contains(member.key)) values.Add(member.value);
  }
  AddObservableIds(ids, values);
  for (const std::string& reference : plan.references) values.Add(reference);
  values.Add(source.id());
  return values;
}

}  // namespace

absl::StatusOr<DerivedObject> Derive(const StixObject& source, const Redaction& redaction, const NamedIds& ids) {
  const Plan plan = PlanOf(source.json(), redaction);
  if (plan.gone.empty() && plan.thinned.empty()) return Withheld("nothing that would be removed is in it");
  if (const std::string why = WhyNotWithout(source.type(), source.json(), plan.gone); !why.empty()) {
    return Withheld(Escaped(why, 200) + ", and that is to be removed");
  }
  DerivedObject out;
  out.id = std::string(source.type()) + "--" + ids.derived(NameOf(source, plan));
  Writer writer(plan);
  const Bytes text = writer.Write(source.json(), out.id);
  if (writer.lost()) return Withheld("a granular marking counts places in a list that loses references");
  if (text.size() > kMaxDerivedBytes) return Withheld("it is over 1 MiB, which is not looked through");
  const absl::StatusOr<StixObject> written = StixObject::Parse(text);
  if (!written.ok()) return Withheld("what is left of it is no STIX object");
  out.content = Canonical(written->json());
  const absl::StatusOr<StixObject> copy = StixObject::Parse(out.content);
  if (!copy.ok()) return Withheld("what is left of it is no STIX object");
  const WithheldValues values = ValuesOf(source, plan, ids);
  if (values.too_many()) return Withheld("what is removed holds more values than can be looked for");
  if (values.OccurIn(copy->json(), out.content)) {
    return Withheld("a value that is removed, or its own id, stands in another of its properties too");
  }
  out.removed.assign(plan.gone.begin(), plan.gone.end());
  out.removed.insert(out.removed.end(), plan.thinned.begin(), plan.thinned.end());
  std::sort(out.removed.begin(), out.removed.end());
  return out;
}

}  // namespace entente::model
