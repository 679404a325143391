#include "crypto/note.h"

#include <gtest/gtest.h>

#include "base/reject.h"
#include "crypto/crypto.h"
#include "crypto/encoding.h"
#include "crypto/primitives.h"
#include "tests/vectors/vector_file.h"

namespace entente::crypto {
namespace {

using enum RejectReason;
using test::AnswerOf;
using test::NumberOf;
using test::VectorRecord;

// The keys and the notes of note.txt.
struct Figures {
  std::vector<NoteKey> keys;
  std::vector<VectorRecord> notes;
};
const Figures& File() {
  static const Figures figures = [] {
    Figures out;
    for (const VectorRecord& v : test::ReadVectors("note.txt")) {
      if (v.contains("note"))
        out.notes.push_back(v);
      else
        out.keys.push_back({v.at("key_name"), static_cast<NoteKeyType>(NumberOf(v.at("key_type"))), v.at("key")});
    }
    return out;
  }();
  return figures;
}
const Bytes& Named(ByteView what) {
  for (const VectorRecord& v : File().notes) {
    if (v.at("what") == what) return v.at("note");
  }
  throw std::runtime_error("no such note");
}

absl::StatusOr<std::vector<NoteSignature>> Verify(ByteView bytes) {
  const absl::StatusOr<Note> note = ReadNote(bytes);
  if (!note.ok()) return note.status();
  return VerifyNote(*note, File().keys);
}

// A note by the test's own key, whose line holds whatever the text is.
const SecretBytes& Seed() {
  static const SecretBytes seed = SecretBytes::CopyOf(Bytes(kKeySize, 'n'));
  return seed;
}
NoteKey OwnKey() {
  return {"own.example", NoteKeyType::kLog, SigningKey::FromSeed(Seed())->public_key()};
}
Bytes Signed(const Bytes& text) {
  const NoteKey key = OwnKey();
  const SecretBytes secret = SecretBytes::CopyOf(Bytes(AsView(Seed().ExposeSecret())) + key.public_key);
  return EncodeNote({text, {{key.name, NoteHint(key), SignMessage(secret, text)}}});
}
absl::Status CheckOwn(const Bytes& text) {
  const absl::StatusOr<Note> note = ReadNote(Signed(text));
  return note.ok() ? VerifyNote(*note, {OwnKey()}).status() : note.status();
}

TEST(Note, HintsOfKnownKeys) {
  size_t keys = 0;
  for (const VectorRecord& v : test::ReadVectors("note.txt")) {
    if (!v.contains("hint")) continue;
    EXPECT_EQ(NoteHint(File().keys[keys++]), v.at("hint")) << v.at("key_name");
  }
  EXPECT_EQ(keys, 4u);
}

TEST(Note, KnownAnswers) {
  size_t admitted = 0;
  for (const VectorRecord& v : File().notes) {
    SCOPED_TRACE(v.at("what"));
    const auto signatures = Verify(v.at("note"));
    EXPECT_EQ(AnswerOf(signatures.status()), v.at("answer"));
    if (!signatures.ok()) continue;
    ++admitted;
    EXPECT_EQ(signatures->size(), static_cast<size_t>(NumberOf(v.at("by"))));
    if (v.contains("time")) {
      EXPECT_EQ(signatures->back().time, absl::FromUnixSeconds(NumberOf(v.at("time"))));
    }
    for (const NoteSignature& signature : *signatures) {
      EXPECT_EQ(signature.time.has_value(), File().keys[signature.key].type == NoteKeyType::kWitness);
    }
  }
  EXPECT_EQ(admitted, 33u);
}

TEST(Note, WhatIsReadIsWrittenAsItWas) {
  size_t read = 0;
  for (const VectorRecord& v : File().notes) {
    const absl::StatusOr<Note> note = ReadNote(v.at("note"));
    EXPECT_EQ(note.ok(), v.at("answer") != "E_NOTE") << v.at("what");
    if (!note.ok()) continue;
    EXPECT_EQ(EncodeNote(*note), v.at("note")) << v.at("what");
    ++read;
  }
  EXPECT_GE(read, 45u);
}

TEST(Note, CheckpointsOfKnownNotes) {
  size_t checkpoints = 0, others = 0;
  for (const VectorRecord& v : File().notes) {
    if (!v.contains("origin")) continue;
    SCOPED_TRACE(v.at("what"));
    const absl::StatusOr<Checkpoint> checkpoint = ReadCheckpoint(*ReadNote(v.at("note")), v.at("origin"));
    if (v.at("size") == "E_NOTE") {
      EXPECT_EQ(ReasonOf(checkpoint.status()), kNote);
      ++others;
      continue;
    }
    ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
    EXPECT_EQ(checkpoint->size, static_cast<uint64_t>(NumberOf(v.at("size"))));
    EXPECT_EQ(checkpoint->root.view(), v.at("root"));
    EXPECT_EQ(ReasonOf(ReadCheckpoint(*ReadNote(v.at("note")), v.at("origin") + "/2").status()), kNote);
    EXPECT_EQ(ReasonOf(ReadCheckpoint(*ReadNote(v.at("note")), "").status()), kNote);
    ++checkpoints;
  }
  EXPECT_EQ(checkpoints, 16u);
  EXPECT_EQ(others, 22u);
}

// A bent name or hint makes a line one of nobody's; the other line then still holds, for the same text.
TEST(Note, EveryBitOfANoteWithTwoSignaturesCounts) {
  const Bytes whole = Named("a checkpoint with a cosignature");
  const size_t text_end = whole.rfind("\n\n") + 1;
  size_t passed = 0;
  for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
    Bytes bent = whole;
    bent[bit / 8] = static_cast<char>(bent[bit / 8] ^ (1 << (bit % 8)));
    const auto signatures = Verify(bent);
    SCOPED_TRACE(bit);
    if (signatures.ok()) {
      EXPECT_GT(bit / 8, text_end);
      EXPECT_EQ(signatures->size(), 1u);
      EXPECT_EQ(ReadNote(bent)->text, whole.substr(0, text_end));
      ++passed;
      continue;
    }
    const RejectReason reason = ReasonOf(signatures.status());
    EXPECT_TRUE(reason == kNote || reason == kSignature || reason == kNoKey) << signatures.status();
  }
  EXPECT_GT(passed, 0u);
}

TEST(Note, EveryBitOfANoteWithOneSignatureCounts) {
  const Bytes whole = Named("a checkpoint");
  for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
    Bytes bent = whole;
    bent[bit / 8] = static_cast<char>(bent[bit / 8] ^ (1 << (bit % 8)));
    const RejectReason reason = ReasonOf(Verify(bent).status());
    EXPECT_TRUE(reason == kNote || reason == kSignature || reason == kNoKey) << bit << " " << Describe(reason).name;
  }
}

TEST(Note, EveryLineAndLengthCounts) {
  const Bytes whole = Named("a checkpoint");
  for (size_t size = 0; size < whole.size(); ++size)
    EXPECT_EQ(ReasonOf(Verify(whole.substr(0, size)).status()), kNote) << size;
  EXPECT_EQ(ReasonOf(Verify(whole + whole).status()), kSignature);
  EXPECT_EQ(ReasonOf(Verify(whole + '\0').status()), kNote);
  EXPECT_EQ(ReasonOf(Verify(whole + '\n').status()), kNote);
  for (size_t at = 0; at < whole.size();) {  // each line left out, and each twice
    const size_t end = whole.find('\n', at) + 1;
    const RejectReason without = ReasonOf(Verify(whole.substr(0, at) + whole.substr(end)).status());
    EXPECT_TRUE(without == kNote || without == kSignature) << at << " " << Describe(without).name;
    if (end == whole.size()) break;  // the same signature twice holds
    const RejectReason twice = ReasonOf(Verify(whole.substr(0, end) + whole.substr(at)).status());
    EXPECT_EQ(twice, kSignature) << at;
    at = end;
  }
}

TEST(Note, SizeUpToTheLimit) {
  const auto text_for = [](size_t note) { return Bytes(note - Signed("").size() - 1, 'x') + '\n'; };
  EXPECT_EQ(Signed(text_for(kMaxNoteBytes)).size(), kMaxNoteBytes);
  EXPECT_TRUE(CheckOwn(text_for(kMaxNoteBytes)).ok());
  const absl::Status over = CheckOwn(text_for(kMaxNoteBytes + 1));
  EXPECT_EQ(ReasonOf(over), kNote);
  EXPECT_NE(over.message().find("64 KiB"), absl::string_view::npos) << over;
  // Before anything else is looked at.
  EXPECT_EQ(ReadNote(Bytes(kMaxNoteBytes + 1, '\xff')).status(), over);
}

TEST(Note, LinesUpToTheLimit) {
  const auto text_of = [](size_t lines) {
    Bytes text;
    for (size_t i = 0; i < lines; ++i) text += "x\n";
    return text;
  };
  EXPECT_TRUE(CheckOwn(text_of(kMaxNoteLines - 2)).ok());  // the empty line and the signature are lines, too
  const absl::Status over = CheckOwn(text_of(kMaxNoteLines - 1));
  EXPECT_EQ(ReasonOf(over), kNote);
  EXPECT_NE(over.message().find("64 lines"), absl::string_view::npos) << over;
  EXPECT_EQ(ReadNote(Bytes(kMaxNoteLines + 1, '\n') + '\xff').status(), over);
}

TEST(Note, ManySignaturesAreAllRead) {
  const NoteKey key = OwnKey();
  Note note = *ReadNote(Signed("x\n"));
  for (size_t i = note.lines.size(); i < kMaxNoteLines - 2; ++i) note.lines.push_back(note.lines.front());
  EXPECT_EQ(VerifyNote(*ReadNote(EncodeNote(note)), {key})->size(), kMaxNoteLines - 2);
  note.lines.back().signature.back() ^= 1;
  EXPECT_EQ(ReasonOf(VerifyNote(*ReadNote(EncodeNote(note)), {key}).status()), kSignature);
}

// Two keys of one name and hint are as good as never; each line counts for the one that it holds by.
TEST(Note, AKeyOfNobodyIsNotTaken) {
  const Note note = *ReadNote(Signed("x\n"));
  const NoteKey key = OwnKey();
  EXPECT_EQ(ReasonOf(VerifyNote(note, {}).status()), kNoKey);
  NoteKey other = key;
  other.name += "/2";
  EXPECT_EQ(ReasonOf(VerifyNote(note, {other}).status()), kNoKey);
  other = key;
  other.type = NoteKeyType::kWitness;
  EXPECT_EQ(ReasonOf(VerifyNote(note, {other}).status()), kNoKey);
  const auto signatures = VerifyNote(note, {other, key});
  ASSERT_TRUE(signatures.ok());
  EXPECT_EQ(signatures->front().key, 1u);
}

}  // namespace
}  // namespace entente::crypto
