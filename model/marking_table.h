#pragma once

#include <optional>
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

}  // namespace entente::model
