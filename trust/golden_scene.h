#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "proto/strict_parse.h"
#include "trust/golden_reader.h"
#include "trust/group_directory.h"

// The scenes of tests/vectors/group_scenes.txt, for tests.
namespace entente::trust {

inline constexpr const char* kGoldenForms[] = {"membership", "entry", "epoch", "rewrap", "leave"};

// One scene, from nothing on.
class GoldenScene {
 public:
  GoldenScene(const GoldenReader& reader, const GroupId& group)
      : reader_(reader), group_(group), groups_(reader.directory(), reader.org(), reader.ring(), reader.keystore()) {}
  // The next scene finds no secret of this one.
  ~GoldenScene() {
    std::vector<std::string> names;
    for (const auto& [name, secret] : reader_.keystore().secrets()) {
      if (name.starts_with("epoch/")) names.emplace_back(name);
    }
    for (const std::string& name : names) reader_.keystore().Remove(name);
  }
  GoldenScene(const GoldenScene&) = delete;
  GoldenScene& operator=(const GoldenScene&) = delete;

  // `bytes` as a door reads them: strictly.
  absl::Status Take(std::string_view form, const Bytes& bytes, const Arrival& arrival) {
    const auto kept = [] { return absl::OkStatus(); };
    const auto kept_each = [](const GroupDocument&) { return absl::OkStatus(); };
    v1::SignedMembership document;
    v1::EpochDelivery delivery;
    v1::SignedBody body;
    google::protobuf::Message& message = form == "membership" ? static_cast<google::protobuf::Message&>(document)
                                         : form == "epoch"    ? static_cast<google::protobuf::Message&>(delivery)
                                                              : body;
    if (absl::Status parsed = StrictParse(bytes, message); !parsed.ok()) return parsed;
    if (form == "epoch") return groups_.TakeEpoch(delivery, arrival, kept);
    if (form == "rewrap") return groups_.TakeRewrap(body, arrival);
    if (form == "leave") return groups_.TakeLeave(body, arrival, kept);
    const GroupDocument one = form == "membership" ? GroupDocument(&document) : GroupDocument(&body);
    return groups_.TakeDocuments(group_, std::vector<GroupDocument>{one}, arrival, kept_each);
  }
  absl::Status Sweep(absl::Time at) { return groups_.Sweep(at); }
  // The route tag that is sealed under, or why none is.
  Bytes Seal(absl::Time at) const {
    const auto use = groups_.ToSealUnder(group_, at);
    return use.ok() ? use->tag.str() : test::AnswerOf(use.status());
  }
  std::string Open(const Bytes& tag, absl::Time at) const {
    return test::AnswerOf(groups_.ForTag(*RouteTag::From(tag), at).status());
  }
  std::string IsIn(const Bytes& org, absl::Time at) const {
    return test::AnswerOf(groups_.CheckMember(group_, *OrgId::From(org), at));
  }

 private:
  const GoldenReader& reader_;
  const GroupId group_;
  GroupDirectory groups_;
};

// What comes: its form and bytes, which an earlier record may have.
inline std::optional<std::pair<std::string, Bytes>> ComesIn(const test::VectorRecord& v,
                                                            const std::vector<test::VectorRecord>& records) {
  for (const std::string form : kGoldenForms) {
    if (v.contains(form)) return std::pair(form, v.at(form));
    const auto of = v.find(form + "-of");
    if (of != v.end()) return std::pair(form, records.at(static_cast<size_t>(test::NumberOf(of->second)) - 1).at(form));
  }
  return std::nullopt;
}

// When a row's bytes come.
inline Arrival ArrivalOf(const test::VectorRecord& v) {
  return {test::MomentOf(v.at("at_us")), std::nullopt, v.at("asked") == "yes"};
}

}  // namespace entente::trust
