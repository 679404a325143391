#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "model/json.h"

namespace entente::model {

// A shorter value is looked for as a word of its own alone; elsewhere it would stand in every object.
inline constexpr size_t kMinWithheldBytes = 4;
inline constexpr size_t kMaxWithheldValues = 4096, kMaxWithheldBytes = 1u << 20;

// What must not leave, and whether it does (docs/formats/derived.md). Errs on the side of yes. One thread at a time.
class WithheldValues {
 public:
  // Every text and number inside; of members the names too that are no plain names. Truth values say too little.
  void Add(const JsonValue& value);
  void Add(std::string_view text);
  // More than can be looked for: nobody knows whether they occur.
  bool too_many() const { return too_many_; }
  // Every text that was added, as it stood there.
  const std::vector<std::string>& texts() const { return texts_; }

  // Whether one of them stands in `bytes`, which `object` is parsed from: as it is, anywhere; and in a text or name of
  // it also by its letters and digits alone, so that an escape, a dot or a dash between them hides nothing.
  bool OccurIn(const JsonValue& object, ByteView bytes) const;

 private:
  // Texts of at least kMinWithheldBytes, by the first four.
  class Needles {
   public:
    void Add(std::string text);
    bool AnyIn(std::string_view text) const;

   private:
    std::unordered_map<uint32_t, std::vector<std::string>> by_start_;
  };
  bool InText(std::string_view text) const;
  bool InValue(const JsonValue& value) const;

  std::vector<std::string> texts_;
  std::set<std::string, std::less<>> known_, words_;
  Needles exact_, folded_;
  size_t bytes_ = 0;
  bool too_many_ = false;
};

}  // namespace entente::model
