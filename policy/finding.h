#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "model/text.h"
#include "policy/checks.h"

// How checks say what they found.
namespace entente::policy {

inline Finding Pass(std::string_view detail) {
  return {Result::kPass, std::string(detail), RejectReason::kNone, {}};
}
inline Finding Skip(std::string_view detail) {
  return {Result::kSkip, std::string(detail), RejectReason::kNone, {}};
}
inline Finding Fail(RejectReason reason, std::string detail, std::string remedy) {
  return {Result::kFail, std::move(detail), reason, std::move(remedy)};
}

template <typename T>
bool Holds(const std::vector<T>& list, const T& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

// Received words, escaped.
inline std::string Joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return model::Escaped(out, 120);
}

// Whom a sentence speaks of: the name on file, or the public.
inline std::string Who(const Facts& facts) {
  return facts.to_public ? "the public" : facts.recipient.name;
}
// As on file; the public has none.
inline std::string_view NationOf(const Facts& facts) {
  return facts.to_public ? std::string_view() : facts.recipient.nation;
}
std::string LabelName(model::Label label);  // "no label" for what is none

// The checks, by the file they stand in.
Finding CheckIntegrity(const Facts& facts);  // checks.cc
Finding CheckMarking(const Facts& facts);
Finding CheckRecall(const Facts& facts);
Finding CheckEmbargo(const Facts& facts);
Finding CheckAgreement(const Facts& facts);      // agreement.cc
Finding CheckReleasability(const Facts& facts);  // release.cc
Finding CheckExercise(const Facts& facts);
Finding CheckGroup(const Facts& facts);
Finding CheckTlp(const Facts& facts);  // sharing.cc
Finding CheckAddressees(const Facts& facts);
Finding CheckHops(const Facts& facts);
Finding CheckPersonalData(const Facts& facts);  // personal_data.cc
Finding CheckSector(const Facts& facts);        // limits.cc
Finding CheckIep(const Facts& facts);
Finding CheckPap(const Facts& facts);
Finding CheckPurpose(const Facts& facts);
Finding CheckRetention(const Facts& facts);

}  // namespace entente::policy
