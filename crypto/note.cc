#include "crypto/note.h"

#include <algorithm>
#include <charconv>

#include "absl/strings/str_cat.h"
#include "base/reject.h"
#include "base/utf8.h"
#include "crypto/crypto.h"
#include "crypto/encoding.h"
#include "crypto/primitives.h"

namespace entente::crypto {
namespace {

constexpr ByteView kDash = "\xE2\x80\x94 ";  // U+2014 and a space, before each signature
constexpr size_t kHintSize = 4, kTimeSize = 8, kRootText = 44;
constexpr uint64_t kHalf = uint64_t{1} << 63;

absl::Status Malformed(const char* what) {
  return Reject(RejectReason::kNote, absl::StrCat("malformed note: ", what));
}

// White_Space of Unicode, of what a note may hold at all.
bool IsSpace(char32_t code) {
  return code == 0x20 || code == 0x85 || code == 0xA0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200A) ||
         code == 0x2028 || code == 0x2029 || code == 0x202F || code == 0x205F || code == 0x3000;
}

// `name` is well-formed UTF-8.
bool IsName(ByteView name) {
  for (size_t at = 0; at < name.size();) {
    const Rune rune = ReadRune(name, at);
    if (IsSpace(rune.code) || rune.code == '+') return false;
    at += rune.size;
  }
  return !name.empty();
}

// Only the one encoding that ToBase64 writes.
std::optional<Bytes> FromStrictBase64(ByteView text) {
  absl::StatusOr<Bytes> bytes = FromBase64(text);
  if (!bytes.ok() || ToBase64(*bytes) != text) return std::nullopt;
  return *std::move(bytes);
}

// The first line of `rest`; takes it and its end away.
ByteView TakeLine(ByteView& rest) {
  const ByteView line = rest.substr(0, rest.find('\n'));
  rest.remove_prefix(std::min(rest.size(), line.size() + 1));
  return line;
}

absl::Status CheckBytes(ByteView bytes) {
  if (bytes.size() > kMaxNoteBytes) return Malformed("more than 64 KiB");
  if (std::count(bytes.begin(), bytes.end(), '\n') > static_cast<std::ptrdiff_t>(kMaxNoteLines))
    return Malformed("more than 64 lines");
  if (std::any_of(bytes.begin(), bytes.end(), [](char c) { return static_cast<uint8_t>(c) < 0x20 && c != '\n'; })) {
    return Malformed("a control character other than the end of a line");
  }
  if (!IsUtf8(bytes)) return Malformed("no UTF-8");
  // A log's key that signed such a text would have signed a body, or a cosignature at a time.
  if (bytes.starts_with("DSSEv1 ") || bytes.starts_with("cosignature/v1")) {
    return Malformed("its first line begins like a signed body or a cosignature");
  }
  return absl::OkStatus();
}

absl::StatusOr<NoteLine> ReadLine(ByteView line) {
  if (!line.starts_with(kDash)) return Malformed("a line behind the empty one is no signature");
  line.remove_prefix(kDash.size());
  const size_t space = line.find(' ');
  if (space == ByteView::npos) return Malformed("a signature line without a signature");
  if (!IsName(line.substr(0, space))) return Malformed("a signer's name is empty or holds a space or '+'");
  std::optional<Bytes> bytes = FromStrictBase64(line.substr(space + 1));
  if (!bytes) return Malformed("a signature is not canonical base64");
  if (bytes->size() <= kHintSize) return Malformed("a signature is too short");
  return NoteLine{std::string(line.substr(0, space)), bytes->substr(0, kHintSize), bytes->substr(kHintSize)};
}

// The signature of a line that names `key`, if it is one.
std::optional<NoteSignature> CheckLine(const NoteLine& line, const Bytes& text, const NoteKey& key, size_t index) {
  ByteView signature = line.signature;
  if (key.type == NoteKeyType::kLog) {
    if (!VerifyMessage(key.public_key, text, signature)) return std::nullopt;
    return NoteSignature{index, std::nullopt};
  }
  if (signature.size() != kTimeSize + kSignatureSize) return std::nullopt;
  const auto seconds = ReadBigEndian<uint64_t>(signature);
  signature.remove_prefix(kTimeSize);
  if (seconds >= kHalf) return std::nullopt;
  const std::string head = absl::StrCat("cosignature/v1\ntime ", seconds, "\n");
  if (!VerifyMessage(key.public_key, head + text, signature)) return std::nullopt;
  return NoteSignature{index, absl::FromUnixSeconds(static_cast<int64_t>(seconds))};
}

std::optional<uint64_t> ReadSize(ByteView text) {
  uint64_t size = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  if (error != std::errc() || end != text.data() + text.size() || size >= kHalf) return std::nullopt;
  return text[0] == '0' && text.size() > 1 ? std::nullopt : std::optional(size);
}

}  // namespace

absl::StatusOr<Note> ReadNote(ByteView bytes) {
  if (absl::Status s = CheckBytes(bytes); !s.ok()) return s;
  const size_t end = bytes.rfind("\n\n");
  if (end == ByteView::npos) return Malformed("no empty line between text and signatures");
  Note note{Bytes(bytes.substr(0, end + 1)), {}};
  ByteView rest = bytes.substr(end + 2);
  if (rest.empty()) return Malformed("no signature");
  if (rest.back() != '\n') return Malformed("the last line does not end");
  while (!rest.empty()) {
    absl::StatusOr<NoteLine> line = ReadLine(TakeLine(rest));
    if (!line.ok()) return line.status();
    note.lines.push_back(*std::move(line));
  }
  return note;
}

Bytes EncodeNote(const Note& note) {
  Bytes out = note.text + '\n';
  for (const NoteLine& line : note.lines) {
    out.append(kDash).append(line.name).append(" ").append(ToBase64(line.hint + line.signature)).append("\n");
  }
  return out;
}

Bytes NoteHint(const NoteKey& key) {
  const Bytes named = key.name + '\n' + static_cast<char>(key.type) + key.public_key;
  return Bytes(Sha256(named).view().substr(0, kHintSize));
}

absl::StatusOr<std::vector<NoteSignature>> VerifyNote(const Note& note, absl::Span<const NoteKey> keys) {
  std::vector<Bytes> hints;
  for (const NoteKey& key : keys) hints.push_back(NoteHint(key));
  std::vector<NoteSignature> signatures;
  for (const NoteLine& line : note.lines) {
    bool known = false;
    std::optional<NoteSignature> signature;
    for (size_t i = 0; i < keys.size() && !signature; ++i) {
      if (keys[i].name != line.name || hints[i] != line.hint) continue;
      known = true;
      signature = CheckLine(line, note.text, keys[i], i);
    }
    if (signature) signatures.push_back(*signature);
    if (known && !signature)
      return Reject(RejectReason::kSignature, "a known key's signature on a note does not verify");
  }
  if (signatures.empty()) return Reject(RejectReason::kNoKey, "no signature on a note is by a key on file");
  return signatures;
}

absl::StatusOr<Checkpoint> ReadCheckpoint(const Note& note, ByteView origin) {
  ByteView rest = note.text;
  if (std::count(rest.begin(), rest.end(), '\n') < 3) return Malformed("a checkpoint has three lines at least");
  if (origin.empty() || TakeLine(rest) != origin) return Malformed("the checkpoint of another log");
  const std::optional<uint64_t> size = ReadSize(TakeLine(rest));
  if (!size) return Malformed("the size of a checkpoint is no plain number below 2^63");
  const ByteView root_text = TakeLine(rest);
  const std::optional<Bytes> bytes = root_text.size() == kRootText ? FromStrictBase64(root_text) : std::nullopt;
  const std::optional<Digest> root = bytes ? Digest::From(*bytes) : std::nullopt;
  if (!root) return Malformed("the root of a checkpoint is not 32 bytes in canonical base64");
  if (*size == 0 && *root != TreeHash({})) return Malformed("the empty log has another root");
  while (!rest.empty()) {
    if (TakeLine(rest).empty()) return Malformed("a checkpoint holds an empty line");
  }
  return Checkpoint{*size, *root};
}

}  // namespace entente::crypto
