#pragma once

#include <cstddef>

namespace entente::model {

// Per object. A selector walks the object's keys, so their number bounds what a hostile object can cost.
inline constexpr size_t kMaxMarkingRefs = 256;
inline constexpr size_t kMaxSelectors = 256;

}  // namespace entente::model
