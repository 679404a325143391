#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/policy.h"

// The cells of docs/policy.md, section 2, as questions.
namespace entente::policy::testing {

struct CellQuestion {
  model::Label label;
  Relationship relationship;
  bool direct;
  char code;          // the letter of the page; Y for X'
  Question question;  // everything that any cell of the column asks for is met, or nothing of it
  std::string name;
};
// All 90, in the order of the page.
std::vector<CellQuestion> Cells(bool met);
// Whether the content goes where all is met, or nothing.
bool Permits(char code, bool met);

}  // namespace entente::policy::testing
