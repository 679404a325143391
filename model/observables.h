#pragma once

#include <cstddef>

namespace entente::model {

// Longer texts are no values that anybody looks up; they are left out of the index.
inline constexpr size_t kMaxSearchValueBytes = 4096;

}  // namespace entente::model
