#pragma once

#include <span>
#include <string_view>

namespace entente::cli {

// The files of examples/, built into the program so that `demo play` works from anywhere. In the order of play.
struct Example {
  std::string_view file, content;
};
std::span<const Example> Examples();

}  // namespace entente::cli
