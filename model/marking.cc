#include "model/marking.h"

#include <algorithm>
#include <array>

#include "base/reject.h"
#include "model/marking_table.h"
#include "model/text.h"

namespace entente::model {
namespace {

constexpr std::string_view kIdPrefix = "marking-definition--";

// The only ids that mean something by themselves. Public code holds invented variants of them: nothing near counts.
constexpr std::array<TableMarking, 15> kTable = {{
    {"94868c89-83c2-464b-929b-a1a8aa3c8487", {Label::kClear, Pap::kUnset}},
    {"bab4a63c-aed9-4cf5-a766-dfca5abac2bb", {Label::kGreen, Pap::kUnset}},
    {"55d920b0-5e8b-4f79-9ee9-91f868d9b421", {Label::kAmber, Pap::kUnset}},
    {"939a9414-2ddd-4d32-a0cd-375ea402b003", {Label::kAmberStrict, Pap::kUnset}},
    {"e828b379-4e03-4974-9ac4-e53a884c97c1", {Label::kRed, Pap::kUnset}},
    // TLP 1.0
    {"613f2e26-407d-48c7-9eca-b8e91df99dc9", {Label::kClear, Pap::kUnset}},
    {"34098fce-860f-48ae-8e50-ebd3cc5e41da", {Label::kGreen, Pap::kUnset}},
    {"f88d31f6-486f-44da-b317-01333bde0b82", {Label::kAmber, Pap::kUnset}},
    {"5e57c739-391a-4eb3-b6be-7d15ca92d5ed", {Label::kRed, Pap::kUnset}},
    // OpenCTI's AMBER+STRICT, a statement by its form
    {"826578e1-40ad-459f-bc73-ede076f81f37", {Label::kAmberStrict, Pap::kUnset}},
    // PAP; white and clear are the same
    {"a3bea94c-b469-41dc-9cfe-d6e7daba7730", {Label::kUnlabelled, Pap::kClear}},
    {"ad15a0cd-55b6-4588-a14c-a66105329b92", {Label::kUnlabelled, Pap::kClear}},
    {"c43594d1-4b11-4c59-93ab-1c9b14d53ce9", {Label::kUnlabelled, Pap::kGreen}},
    {"60f8932b-e51e-4458-b265-a2e8be9a80ab", {Label::kUnlabelled, Pap::kAmber}},
    {"740d36e5-7714-4c30-961a-3ae632ceee0e", {Label::kUnlabelled, Pap::kRed}},
}};

std::string UpperCase(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

}  // namespace

std::string_view Name(Label label) {
  switch (label) {
    case Label::kUnlabelled:
      return "";
    case Label::kClear:
      return "CLEAR";
    case Label::kGreen:
      return "GREEN";
    case Label::kAmber:
      return "AMBER";
    case Label::kAmberStrict:
      return "AMBER+STRICT";
    case Label::kRed:
      return "RED";
  }
  return "";
}

std::optional<Label> FindLabel(std::string_view text) {
  std::string upper = UpperCase(text);
  if (upper.rfind("TLP:", 0) == 0) upper.erase(0, 4);
  if (upper == "WHITE") return Label::kClear;
  for (const Label label : {Label::kClear, Label::kGreen, Label::kAmber, Label::kAmberStrict, Label::kRed}) {
    if (upper == Name(label)) return label;
  }
  return std::nullopt;
}

std::optional<Pap> FindPap(std::string_view text) {
  std::string upper = UpperCase(text);
  if (upper.rfind("PAP:", 0) == 0) upper.erase(0, 4);
  if (upper == "WHITE" || upper == "CLEAR") return Pap::kClear;
  if (upper == "GREEN") return Pap::kGreen;
  if (upper == "AMBER") return Pap::kAmber;
  if (upper == "RED") return Pap::kRed;
  return std::nullopt;
}

absl::StatusOr<Label> ParseLabel(std::string_view text) {
  if (const auto label = FindLabel(text)) return *label;
  std::string message = "'" + Escaped(text, 32) + "' is no TLP label; choose CLEAR, GREEN, AMBER, AMBER+STRICT or RED";
  const std::string near = DidYouMean(text, {"CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"});
  if (!near.empty()) message += " (did you mean " + near + "?)";
  return Reject(RejectReason::kUsage, message);
}

std::string NearestMarking(std::string_view marking_id) {
  constexpr size_t kSlips = 2;
  constexpr std::array<std::string_view, 5> kPapNames = {"", "CLEAR", "GREEN", "AMBER", "RED"};
  if (marking_id.substr(0, kIdPrefix.size()) != kIdPrefix) return {};
  const std::string_view uuid = marking_id.substr(kIdPrefix.size());
  for (const TableMarking& row : kTable) {
    if (uuid.size() != row.uuid.size()) continue;
    size_t slips = 0;
    for (size_t i = 0; i < uuid.size(); ++i) slips += uuid[i] == row.uuid[i] ? 0 : 1;
    if (slips == 0 || slips > kSlips) continue;
    if (row.means.label != Label::kUnlabelled) return "TLP:" + std::string(Name(row.means.label));
    return "PAP:" + std::string(kPapNames[static_cast<size_t>(row.means.pap)]);
  }
  return {};
}

std::optional<KnownMarking> LookUpMarking(std::string_view marking_id) {
  if (marking_id.substr(0, kIdPrefix.size()) != kIdPrefix) return std::nullopt;
  const std::string_view uuid = marking_id.substr(kIdPrefix.size());
  const auto row = std::find_if(kTable.begin(), kTable.end(), [&](const TableMarking& r) { return r.uuid == uuid; });
  if (row == kTable.end()) return std::nullopt;
  return row->means;
}

}  // namespace entente::model
