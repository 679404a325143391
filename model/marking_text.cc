#include "model/marking_text.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/utf8.h"

namespace entente::model {
namespace {

constexpr char kGap = ' ', kColon = ':', kOther = '?', kNothing = '\0';

struct Range {
  char32_t first, last;
};
// Not to be seen, so they part nothing.
constexpr Range kInvisible[] = {{0xAD, 0xAD},     {0x300, 0x36F},   {0x115F, 0x1160}, {0x180B, 0x180F},
                                {0x200B, 0x200F}, {0x202A, 0x202E}, {0x2060, 0x206F}, {0x3164, 0x3164},
                                {0xFE00, 0xFE0F}, {0xFEFF, 0xFEFF}, {0xFFA0, 0xFFA0}, {0xE0000, 0xE01EF}};
// Spaces, punctuation and symbols; what is in none of the tables is a letter of some script.
constexpr Range kGaps[] = {{0x80, 0xA9},     {0xAB, 0xB9},     {0xBB, 0xBF},     {0x2B0, 0x2FF},  {0x1680, 0x1680},
                           {0x2000, 0x205F}, {0x2190, 0x2BFF}, {0x3000, 0x303F}, {0xFE10, 0xFE6F}, {0xFFE0, 0xFFFD},
                           {0x1F300, 0x1FAFF}};
constexpr char32_t kColons[] = {0x2D0, 0x589, 0x5C3, 0x2236, 0xA789, 0xFE13, 0xFE55};
// Runs of the alphabet in other forms.
constexpr std::pair<char32_t, char32_t> kAlphabets[] = {
    {0x24B6, 0x24CF}, {0x24D0, 0x24E9}, {0x1F130, 0x1F149}, {0x1F150, 0x1F169}, {0x1F170, 0x1F189}, {0x1F1E6, 0x1F1FF}};
constexpr Range kMathematical{0x1D400, 0x1D6A3};  // A-Z and a-z, thirteen times
// Single letters: small capitals, raised ones, and Greek and Cyrillic capitals and small letters that look like ours.
constexpr std::pair<char32_t, char> kLookAlikes[] = {
    {0x1D00, 'A'}, {0x299, 'B'},  {0x1D04, 'C'}, {0x1D05, 'D'}, {0x1D07, 'E'}, {0x262, 'G'},  {0x29C, 'H'},
    {0x26A, 'I'},  {0x29F, 'L'},  {0x1D0D, 'M'}, {0x274, 'N'},  {0x1D18, 'P'}, {0x280, 'R'},  {0xA731, 'S'},
    {0x1D1B, 'T'}, {0x1D21, 'W'}, {0x1D2C, 'A'}, {0x1D2E, 'B'}, {0x1D30, 'D'}, {0x1D31, 'E'}, {0x1D33, 'G'},
    {0x1D34, 'H'}, {0x1D35, 'I'}, {0x1D38, 'L'}, {0x1D39, 'M'}, {0x1D3A, 'N'}, {0x1D3E, 'P'}, {0x1D3F, 'R'},
    {0x1D40, 'T'}, {0x1D42, 'W'}, {0x391, 'A'},  {0x392, 'B'},  {0x395, 'E'},  {0x397, 'H'},  {0x399, 'I'},
    {0x39C, 'M'},  {0x39D, 'N'},  {0x3A1, 'P'},  {0x3A4, 'T'},  {0x3F9, 'C'},  {0x405, 'S'},  {0x406, 'I'},
    {0x410, 'A'},  {0x412, 'B'},  {0x415, 'E'},  {0x41C, 'M'},  {0x41D, 'H'},  {0x420, 'P'},  {0x421, 'C'},
    {0x422, 'T'},  {0x430, 'A'},  {0x435, 'E'},  {0x440, 'P'},  {0x441, 'C'},  {0x442, 'T'},  {0x455, 'S'},
    {0x456, 'I'},  {0x501, 'D'},  {0x50C, 'G'},  {0x51C, 'W'},  {0x51D, 'W'},  {0x4CF, 'L'},  {0x131, 'I'}};

template <size_t N>
bool IsIn(const Range (&ranges)[N], char32_t code) {
  return std::any_of(ranges, ranges + N, [code](Range r) { return r.first <= code && code <= r.last; });
}

// A code point as a capital letter or digit of ASCII, kOther for another letter, a gap, a colon, or nothing.
char Folded(char32_t code) {
  if (code >= 0xFF01 && code <= 0xFF5E) code -= 0xFEE0;
  if (code == kColon || std::find(std::begin(kColons), std::end(kColons), code) != std::end(kColons)) return kColon;
  if (code >= 'a' && code <= 'z') return static_cast<char>(code - 'a' + 'A');
  if ((code >= 'A' && code <= 'Z') || (code >= '0' && code <= '9')) return static_cast<char>(code);
  if (code < 0x80) return kGap;
  for (const auto& [first, last] : kAlphabets) {
    if (first <= code && code <= last) return static_cast<char>('A' + (code - first));
  }
  if (kMathematical.first <= code && code <= kMathematical.last) {
    return static_cast<char>('A' + (code - kMathematical.first) % 26);
  }
  const auto look = std::find_if(std::begin(kLookAlikes), std::end(kLookAlikes),
                                 [code](const auto& row) { return row.first == code; });
  if (look != std::end(kLookAlikes)) return look->second;
  if (IsIn(kInvisible, code)) return kNothing;
  return IsIn(kGaps, code) ? kGap : kOther;
}

std::string Folded(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const Rune rune = ReadRune(text, at);
    const char folded = rune.size == 0 ? kGap : Folded(rune.code);
    if (folded != kNothing) out.push_back(folded);
    at += std::max<size_t>(rune.size, 1);
  }
  return out;
}

// Words, letters that stand alone joined: "T.L.P." is one word.
std::vector<std::string> Words(std::string_view folded) {
  std::vector<std::string> words;
  bool joining = false;
  while (true) {
    folded.remove_prefix(std::min(folded.find_first_not_of(" :"), folded.size()));
    if (folded.empty()) return words;
    const std::string_view word = folded.substr(0, folded.find_first_of(" :"));
    if (word.size() == 1 && joining) {
      words.back() += word;
    } else {
      words.emplace_back(word);
    }
    joining = word.size() == 1;
    folded.remove_prefix(word.size());
  }
}

template <size_t N>
bool IsOneOf(const std::array<std::string_view, N>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

constexpr auto kLevels = std::to_array<std::string_view>({"RED", "AMBER", "AMBERSTRICT", "GREEN", "CLEAR", "WHITE"});
constexpr auto kNames = std::to_array<std::string_view>({"TLP", "PAP"});
// May stand between the protocol's name and the level.
constexpr auto kFillers = std::to_array<std::string_view>(
    {"LEVEL", "LABEL", "MARKING", "MARKED", "COLOR", "COLOUR", "CODE", "STATUS", "CLASSIFICATION", "DESIGNATION", "IS",
     "AS", "TO", "VERSION", "V", "V1", "V2", "0", "1", "2", "20", "STRICT", "TLP", "PAP"});
constexpr size_t kMaxFillers = 4, kMaxLabelWords = 4;

// What stands behind a protocol's name and version in `word`: "RED" of "TLP2RED", nothing of "TLPV2".
std::optional<std::string_view> BehindName(std::string_view word) {
  if (word.size() < 3 || !IsOneOf(kNames, word.substr(0, 3))) return std::nullopt;
  word.remove_prefix(3);
  word.remove_prefix(std::min(word.find_first_not_of("V0123456789"), word.size()));
  return word;
}
bool IsName(std::string_view word) { return BehindName(word) == std::string_view(); }
// "TLPRED", "TLP2AMBER".
bool IsFused(std::string_view word) {
  const auto behind = BehindName(word);
  return behind && IsOneOf(kLevels, *behind);
}

// How many words from `at` name a protocol; 0 when none does.
size_t ProtocolAt(const std::vector<std::string>& words, size_t at) {
  if (IsName(words[at])) return 1;
  if (at + 2 >= words.size() || words[at + 2] != "PROTOCOL") return 0;
  const bool tlp = words[at] == "TRAFFIC" && words[at + 1] == "LIGHT";
  const bool pap = words[at] == "PERMISSIBLE" && words[at + 1] == "ACTIONS";
  return tlp || pap ? 3 : 0;
}

bool NamesLevelFrom(const std::vector<std::string>& words, size_t at) {
  for (size_t i = at; i < words.size() && i <= at + kMaxFillers; ++i) {
    if (IsOneOf(kLevels, words[i])) return true;
    if (!IsOneOf(kFillers, words[i])) return false;
  }
  return false;
}

// Nothing but a level, whether or not the protocol is named: "Red", "(AMBER) TLP".
bool IsBareLabel(const std::vector<std::string>& words) {
  const auto level = [](const std::string& word) { return IsOneOf(kLevels, word); };
  return words.size() <= kMaxLabelWords && std::any_of(words.begin(), words.end(), level) &&
         std::all_of(words.begin(), words.end(),
                     [&](const std::string& word) {
                       return level(word) || IsName(word) || IsOneOf(kFillers, word);
                     });
}

// "TLP:", "pap :" and anything behind it: a level of a scheme that is not known here.
bool StartsLikeALabel(std::string_view folded) {
  folded.remove_prefix(std::min(folded.find_first_not_of(kGap), folded.size()));
  const auto behind = BehindName(folded);
  if (!behind) return false;
  folded = *behind;
  folded.remove_prefix(std::min(folded.find_first_not_of(kGap), folded.size()));
  return folded.starts_with(kColon);
}

}  // namespace

bool SpellsALevel(std::string_view text) {
  if (text.size() > kMaxStatementText) return true;
  const std::string folded = Folded(text);
  if (StartsLikeALabel(folded)) return true;
  const std::vector<std::string> words = Words(folded);
  if (IsBareLabel(words)) return true;
  for (size_t i = 0; i < words.size(); ++i) {
    if (IsFused(words[i])) return true;
    const size_t named = ProtocolAt(words, i);
    if (named > 0 && NamesLevelFrom(words, i + named)) return true;
  }
  return false;
}

}  // namespace entente::model
