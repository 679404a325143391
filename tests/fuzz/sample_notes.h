#pragma once

#include "crypto/crypto.h"
#include "crypto/encoding.h"
#include "crypto/note.h"
#include "crypto/primitives.h"

// Notes of a sample log and a sample witness.
namespace entente::fuzz {

inline constexpr ByteView kNoteOrigin = "entente.example/log";

inline crypto::SigningKey NoteSigner(char seed) {
  return *crypto::SigningKey::FromSeed(crypto::SecretBytes::CopyOf(Bytes(crypto::kKeySize, seed)));
}
// The log's key, then the witness's.
inline const std::vector<crypto::NoteKey>& NoteKeys() {
  static const std::vector<crypto::NoteKey> keys = {
      {Bytes(kNoteOrigin), crypto::NoteKeyType::kLog, NoteSigner('l').public_key()},
      {"entente.example/witness/w", crypto::NoteKeyType::kWitness, NoteSigner('w').public_key()}};
  return keys;
}

inline Bytes NoteSignatureOf(char seed, const Bytes& message) {
  const crypto::SigningKey key = NoteSigner(seed);
  return crypto::SignMessage(
      crypto::SecretBytes::CopyOf(Bytes(crypto::AsView(key.seed().ExposeSecret())) + key.public_key()), message);
}

// `text` with the log's line, and one of the witness at `seconds` where it is not 0.
inline Bytes SignedNote(const Bytes& text, uint64_t seconds) {
  const crypto::NoteKey &log = NoteKeys()[0], &witness = NoteKeys()[1];
  crypto::Note note{text, {{log.name, crypto::NoteHint(log), NoteSignatureOf('l', text)}}};
  if (seconds != 0) {
    Bytes signature;
    AppendBigEndian(signature, seconds);
    signature += NoteSignatureOf('w', "cosignature/v1\ntime " + std::to_string(seconds) + "\n" + text);
    note.lines.push_back({witness.name, crypto::NoteHint(witness), signature});
  }
  return crypto::EncodeNote(note);
}

inline Bytes CheckpointText(uint64_t size, const Digest& root) {
  return Bytes(kNoteOrigin) + "\n" + std::to_string(size) + "\n" + crypto::ToBase64(root.view()) + "\n";
}

// Of a consistency proof from the first `old_size` of `size` leaves "a", "b" ..., as the target reads it.
inline Bytes SampleConsistency(size_t old_size, size_t size) {
  std::vector<Bytes> leaves;
  for (size_t i = 0; i < size; ++i) leaves.emplace_back(1, static_cast<char>('a' + i));
  Bytes out;
  AppendBigEndian(out, uint64_t{old_size});
  AppendBigEndian(out, uint64_t{size});
  for (const Digest& hash : crypto::ConsistencyProof({leaves.begin(), leaves.end()}, old_size)) out += hash.str();
  return out;
}

}  // namespace entente::fuzz
