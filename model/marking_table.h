#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/marking.h"

namespace entente::model {

// One marking id whose meaning never has to be looked up in a definition.
struct TableMarking {
  std::string_view uuid;  // behind "marking-definition--"
  KnownMarking means;
};

// The label or PAP level a text names, with or without its "TLP:" or "PAP:", in any case; nothing when it names none.
std::optional<Label> FindLabel(std::string_view text);
std::optional<Pap> FindPap(std::string_view text);

// The level whose marking id is at most two digits off ("TLP:AMBER", "PAP:RED"), for messages; empty when none is, or
// when the id is a level's own.
std::string NearestMarking(std::string_view marking_id);

}  // namespace entente::model
