#pragma once

#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/time/time.h"
#include "base/bytes.h"
#include "base/reject.h"

// Reads tests/vectors/*.txt (its README.md gives the format). Throws on anything else, which fails the test that asked.
namespace entente::test {

using VectorRecord = std::map<std::string, Bytes>;

inline Bytes VectorValue(const std::string& text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') return text.substr(1, text.size() - 2);
  if (text.size() % 2 != 0 || text.find_first_not_of("0123456789abcdef") != std::string::npos) {
    throw std::runtime_error("neither hexadecimal nor quoted text: " + text);
  }
  Bytes out;
  for (size_t i = 0; i < text.size(); i += 2)
    out.push_back(static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16)));
  return out;
}

// All records of `file` ("hpke.txt"), in order; at least one.
inline std::vector<VectorRecord> ReadVectors(const std::string& file) {
  std::ifstream in(ENTENTE_SOURCE_DIR "/tests/vectors/" + file);
  std::vector<VectorRecord> records;
  bool open = false;
  for (std::string line; std::getline(in, line);) {
    if (line.empty()) open = false;
    if (line.empty() || line.front() == '#') continue;
    const size_t split = line.find(" = ");
    if (split == std::string::npos) throw std::runtime_error(file + ": no 'name = value': " + line);
    if (!open) records.emplace_back();
    open = true;
    if (!records.back().emplace(line.substr(0, split), VectorValue(line.substr(split + 3))).second) {
      throw std::runtime_error(file + ": repeated name: " + line);
    }
  }
  if (records.empty()) throw std::runtime_error("no vectors in " + file);
  return records;
}

// What stands in a field. Each throws where something else does.
inline int64_t NumberOf(const Bytes& text) {
  int64_t value = 0;
  if (!absl::SimpleAtoi(text, &value)) throw std::runtime_error("no number: " + text);
  return value;
}
inline absl::Time MomentOf(const Bytes& text) {
  return absl::FromUnixMicros(NumberOf(text));
}
template <typename Message>
Message MessageOf(const Bytes& bytes) {
  Message message;
  if (!message.ParseFromString(bytes)) throw std::runtime_error("no " + message.GetTypeName());
  return message;
}

// An answer as the files have it: "ADMITTED", or the reason.
inline std::string AnswerOf(const absl::Status& status) {
  return status.ok() ? "ADMITTED" : std::string(Describe(ReasonOf(status)).name);
}

}  // namespace entente::test
