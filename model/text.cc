#include "model/text.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/utf8.h"

namespace entente::model {
namespace {

struct RuneRange {
  char32_t first, last;
};
// Code points that change how other text is shown, or show nothing: C1 controls, soft hyphen, joiners, fillers,
// variation selectors, bidirectional marks and overrides, line and paragraph separators, interlinear and tag
// characters, non-characters.
constexpr std::array<RuneRange, 29> kInvisible = {{
    {0x80, 0x9F},       {0xAD, 0xAD},       {0x34F, 0x34F},     {0x61C, 0x61C},      {0x115F, 0x1160},
    {0x17B4, 0x17B5},   {0x180B, 0x180F},   {0x200B, 0x200F},   {0x2028, 0x202E},    {0x2060, 0x206F},
    {0x2800, 0x2800},   {0x3164, 0x3164},   {0xFDD0, 0xFDEF},   {0xFE00, 0xFE0F},    {0xFEFF, 0xFEFF},
    {0xFFA0, 0xFFA0},   {0xFFF0, 0xFFFB},   {0xFFFE, 0xFFFF},   {0x13430, 0x1345F},  {0x16FE4, 0x16FE4},
    {0x1BCA0, 0x1BCA3}, {0x1D159, 0x1D159}, {0x1D173, 0x1D17A}, {0x1FFFE, 0x1FFFF},  {0x2FFFE, 0x2FFFF},
    {0x3FFFE, 0x3FFFF}, {0xE0000, 0xE0FFF}, {0xEFFFE, 0xEFFFF}, {0xF0000, 0x10FFFF},
}};

bool IsInvisible(char32_t code) {
  return std::any_of(kInvisible.begin(), kInvisible.end(),
                     [code](const RuneRange& range) { return code >= range.first && code <= range.last; });
}

std::string Hex(const char* format, unsigned value) {
  std::array<char, 16> out;
  const int size = std::snprintf(out.data(), out.size(), format, value);
  return std::string(out.data(), static_cast<size_t>(size));
}

constexpr size_t kMaxMeantBytes = 64;  // longer words are no slips of a finger, and distance costs their product

char Lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Edit distance that counts a swap of neighbours as one edit; ASCII case is no difference.
size_t Distance(std::string_view a, std::string_view b) {
  std::array<std::array<size_t, kMaxMeantBytes + 1>, 3> rows;
  for (size_t j = 0; j <= b.size(); ++j) rows[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    auto& row = rows[i % 3];
    const auto& above = rows[(i - 1) % 3];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t change = Lower(a[i - 1]) == Lower(b[j - 1]) ? 0 : 1;
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + change});
      const bool swapped = i > 1 && j > 1 && Lower(a[i - 1]) == Lower(b[j - 2]) && Lower(a[i - 2]) == Lower(b[j - 1]);
      if (swapped) row[j] = std::min(row[j], rows[(i - 2) % 3][j - 2] + 1);
    }
  }
  return rows[a.size() % 3][b.size()];
}

}  // namespace

std::string Escaped(std::string_view text, size_t limit) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    const Rune rune = ReadRune(text, i);
    const size_t size = std::max<size_t>(rune.size, 1);
    const auto byte = static_cast<uint8_t>(text[i]);
    std::string piece(text.substr(i, size));
    if (rune.size == 0 || byte < 0x20 || byte == 0x7F) piece = Hex("\\x%02x", byte);
    if (rune.size > 1 && IsInvisible(rune.code)) piece = Hex("\\u{%x}", static_cast<unsigned>(rune.code));
    if (byte == '\\') piece = "\\\\";
    if (out.size() + piece.size() > limit) return out + "...";
    out += piece;
    i += size;
  }
  return out;
}

bool IsWord(std::string_view text) {
  return !text.empty() && text.size() <= kMaxWordBytes && std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

std::string DidYouMean(std::string_view word, const std::vector<std::string>& candidates) {
  if (word.size() > kMaxMeantBytes) return "";
  size_t best_distance = std::max<size_t>(1, word.size() / 3) + 1;
  std::string best;
  for (const std::string& candidate : candidates) {
    if (candidate.empty() || candidate.size() > kMaxMeantBytes) continue;
    const size_t distance = Distance(word, candidate);
    if (distance < best_distance && distance < candidate.size()) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

}  // namespace entente::model
