#include "crypto/crypto.h"
#include "crypto/encoding.h"
#include "crypto/note.h"
#include "crypto/primitives.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/sample_notes.h"

namespace entente::fuzz {
namespace {

using enum RejectReason;
using crypto::Note;

// What holds for every note of which a known line is left.
void CheckSignatures(const Note& note, const std::vector<crypto::NoteSignature>& signatures) {
  FUZZ_CHECK(!signatures.empty() && signatures.size() <= note.lines.size());
  for (const crypto::NoteSignature& signature : signatures) {
    FUZZ_CHECK(signature.key < NoteKeys().size());
    FUZZ_CHECK(signature.time.has_value() == (NoteKeys()[signature.key].type == crypto::NoteKeyType::kWitness));
  }
  // Not a byte of the text may change.
  Note bent = note;
  bent.text[0] = static_cast<char>(bent.text[0] ^ 1);
  FUZZ_CHECK(ReasonOf(crypto::VerifyNote(bent, NoteKeys()).status()) == kSignature);
}

bool ReadsCheckpoint(const Note& note) {
  const auto checkpoint = crypto::ReadCheckpoint(note, kNoteOrigin);
  if (!checkpoint.ok()) return CheckRefused(checkpoint.status(), {kNote}), false;
  // Its three lines have one form.
  const Bytes lines = CheckpointText(checkpoint->size, checkpoint->root);
  FUZZ_CHECK(ByteView(note.text).starts_with(lines) && checkpoint->size >> 63 == 0);
  FUZZ_CHECK(checkpoint->size != 0 || checkpoint->root == crypto::TreeHash({}));
  return true;
}

bool Takes(ByteView bytes) {
  const auto note = crypto::ReadNote(bytes);
  if (!note.ok()) return CheckRefused(note.status(), {kNote}), false;
  FUZZ_CHECK(crypto::EncodeNote(*note) == bytes && note->text.ends_with('\n'));
  FUZZ_CHECK(bytes.size() <= crypto::kMaxNoteBytes && note->lines.size() <= crypto::kMaxNoteLines - 2);
  const bool checkpoint = ReadsCheckpoint(*note);
  const auto signatures = crypto::VerifyNote(*note, NoteKeys());
  if (!signatures.ok()) return CheckRefused(signatures.status(), {kSignature, kNoKey}), false;
  CheckSignatures(*note, *signatures);
  return checkpoint;
}

// Pieces: the two sizes, then the proof's hashes. Sizes that no tree of a test has, under roots that the proof leads
// to.
bool TakesProof(ByteView input) {
  if (input.size() < 16) return false;
  const auto old_size = ReadBigEndian<uint64_t>(input), size = ReadBigEndian<uint64_t>(input.substr(8));
  std::vector<Digest> proof;
  for (ByteView rest = input.substr(16); rest.size() >= Digest::kSize; rest.remove_prefix(Digest::kSize)) {
    proof.push_back(*Digest::From(rest.substr(0, Digest::kSize)));
  }
  const Digest old_root = crypto::TreeHash({"a"});
  const auto root = crypto::RootFromPath("a", 0, size, proof);
  FUZZ_CHECK(!root || proof.size() <= crypto::kMaxProof);
  // From one leaf on, consistency is the inclusion of the first.
  const bool consistent = root && crypto::IsConsistent(1, old_root, size, *root, proof);
  FUZZ_CHECK(consistent == root.has_value());
  FUZZ_CHECK(!crypto::IsConsistent(0, old_root, size == 0 ? 1 : size, old_root, proof));
  FUZZ_CHECK(!root || old_size < 2 || old_size >= size ||
             !crypto::IsConsistent(old_size, old_root, size, Digest(), proof));
  return consistent;
}

}  // namespace

// The first byte says what the rest is: a note, a text that the log and a witness sign here, or a consistency proof.
bool FuzzNote(ByteView input) {
  if (input.empty()) return false;
  const ByteView rest = input.substr(1);
  switch (input[0] % 3) {
    case 0:
      return Takes(rest);
    case 1:
      return Takes(SignedNote(Bytes(rest), static_cast<uint8_t>(input[0]) / 3));
    default:
      return TakesProof(rest);
  }
}

}  // namespace entente::fuzz
