#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "base/bytes.h"

// Signed notes and the checkpoints in them, as docs/formats/note.md has them (C2SP's signed-note, tlog-checkpoint and
// tlog-cosignature). Given: who signed which text, by keys that the caller names. Not given: that a key is its owner's
// (the identity documents say), that a log shows everybody one history (cosignatures and consistency proofs say), or
// that what a checkpoint counts is true. All functions are safe from any thread after Initialise().
namespace entente::crypto {

// Over these nothing is looked at: E_NOTE.
inline constexpr size_t kMaxNoteBytes = 64 * 1024;
inline constexpr size_t kMaxNoteLines = 64;  // of the text, the empty line and the signatures together

struct NoteLine {
  std::string name;
  Bytes hint;       // 4: which key of that name; picks a key and proves nothing
  Bytes signature;  // as long as the line has it, at least 1
};
struct Note {
  Bytes text;  // what is signed; ends in "\n"
  std::vector<NoteLine> lines;
};
// The shape alone: no signature is checked, and the text must not be used before VerifyNote. Refuses with kNote.
absl::StatusOr<Note> ReadNote(ByteView bytes);
// The one encoding of a note: of what ReadNote took, the bytes that it took.
Bytes EncodeNote(const Note& note);

// The numbers are the format's.
enum class NoteKeyType : uint8_t {
  kLog = 1,      // Ed25519 over the text
  kWitness = 4,  // Ed25519 over a time and the text: a cosignature
};
// A key that the verifier has on file, its point checked at enrolment. Never taken from a note.
struct NoteKey {
  std::string name;
  NoteKeyType type = NoteKeyType::kLog;
  Bytes public_key;
};
// The four bytes of a line by this key.
Bytes NoteHint(const NoteKey& key);

struct NoteSignature {
  size_t key = 0;                  // index in the keys that were given
  std::optional<absl::Time> time;  // of a cosignature, as the witness says: nobody has held it against a clock
};
// The lines of `note` by `keys`, in the note's order; at least one. A key that signed twice stands twice: whoever
// counts, counts keys. Lines of no known name and hint are passed over, whatever they hold. Refuses with kSignature
// when a line names a key of `keys` and does not verify by it, the other lines notwithstanding; with kNoKey when no
// line names one.
absl::StatusOr<std::vector<NoteSignature>> VerifyNote(const Note& note, absl::Span<const NoteKey> keys);

struct Checkpoint {
  uint64_t size = 0;  // below 2^63
  Digest root;
};
// What the text of a note says of the log `origin`, at whose document it was asked for. Says nothing about who signed
// the note: that is VerifyNote's. Extension lines are passed over. Refuses with kNote, also the checkpoint of another
// log.
absl::StatusOr<Checkpoint> ReadCheckpoint(const Note& note, ByteView origin);

}  // namespace entente::crypto
