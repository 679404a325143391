#include "envelope/export_file.h"

#include <gtest/gtest.h>

#include "base/reject.h"
#include "crypto/crypto.h"

namespace entente::envelope {
namespace {

using enum RejectReason;

const OrgId kFrom = *OrgId::From(Bytes(32, 'f')), kTo = *OrgId::From(Bytes(32, 't'));

Bytes FileOf(const std::vector<ExportEntry>& entries) {
  ExportWriter writer;
  Bytes file = writer.Begin(kFrom, kTo);
  for (const ExportEntry& entry : entries) file += *writer.Add(entry.kind, entry.bytes);
  return file + writer.End();
}

// A file with any entries, whatever its writer would say to them.
Bytes RawFile(const Bytes& entries, uint64_t count) {
  Bytes file = Bytes("ENTX\x01") + kFrom.str() + kTo.str() + entries + Bytes("\0\0\0\0\x28", 5);
  AppendBigEndian(file, count);
  return file + crypto::Sha256(file).str();
}

struct Outcome {
  absl::Status status;
  std::vector<ExportEntry> entries;
};

Outcome Read(ByteView file, size_t step = 1 << 20) {
  ExportReader reader;
  Outcome outcome;
  for (size_t at = 0; at < file.size() && outcome.status.ok(); at += step) {
    outcome.status = reader.Take(file.substr(at, step), [&](ExportEntry entry) {
      outcome.entries.push_back(std::move(entry));
      return absl::OkStatus();
    });
  }
  if (outcome.status.ok()) outcome.status = reader.Finish();
  return outcome;
}

RejectReason ReasonFor(ByteView file) {
  return ReasonOf(Read(file).status);
}

const std::vector<ExportEntry>& Sample() {
  static const std::vector<ExportEntry> entries = {{ExportKind::kIdentity, "who"},
                                                   {ExportKind::kEnvelope, Bytes(3000, 'e')},
                                                   {ExportKind::kEnvelope, ""},
                                                   {ExportKind::kStatement, "proof"}};
  return entries;
}

class ExportFile : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(crypto::Initialise().ok()); }
};

// By hand from the page's grammar.
TEST_F(ExportFile, HasTheBytesOfThePage) {
  const Bytes written = FileOf({{ExportKind::kPrekey, "abc"}});
  Bytes expected = Bytes("ENTX\x01") + Bytes(32, 'f') + Bytes(32, 't') +
                   Bytes(
                       "\x03\0\0\0\x03"
                       "abc",
                       8) +
                   Bytes("\0\0\0\0\x28", 5) + Bytes("\0\0\0\0\0\0\0\x01", 8);
  EXPECT_EQ(written, expected + crypto::Sha256(expected).str());
}

TEST_F(ExportFile, GivesBackWhatWasWrittenWhateverThePieces) {
  const Bytes file = FileOf(Sample());
  for (const size_t step : {size_t{1}, size_t{4}, size_t{69}, size_t{70}, size_t{1000}, file.size()}) {
    const Outcome outcome = Read(file, step);
    ASSERT_TRUE(outcome.status.ok()) << outcome.status;
    ASSERT_EQ(outcome.entries.size(), Sample().size());
    for (size_t i = 0; i < Sample().size(); ++i) {
      EXPECT_EQ(outcome.entries[i].kind, Sample()[i].kind);
      EXPECT_EQ(outcome.entries[i].bytes, Sample()[i].bytes);
    }
  }
}

TEST_F(ExportFile, SaysWhoWroteItForWhom) {
  ExportReader reader;
  const Bytes file = FileOf({});
  const auto none = [](ExportEntry) { return absl::OkStatus(); };
  EXPECT_TRUE(reader.Take(file.substr(0, 68), none).ok());
  EXPECT_FALSE(reader.begun());
  EXPECT_TRUE(reader.Take(file.substr(68), none).ok());
  EXPECT_TRUE(reader.begun());
  EXPECT_EQ(reader.from(), kFrom);
  EXPECT_EQ(reader.to(), kTo);
  EXPECT_TRUE(reader.Finish().ok());
}

TEST_F(ExportFile, EveryCutIsTruncatedAndGivesWhatWasWhole) {
  const Bytes file = FileOf(Sample());
  for (size_t size = 0; size < file.size(); ++size) {
    const Outcome outcome = Read(ByteView(file).substr(0, size));
    EXPECT_EQ(ReasonOf(outcome.status), kTruncated) << size;
    for (size_t i = 0; i < outcome.entries.size(); ++i) EXPECT_EQ(outcome.entries[i].bytes, Sample()[i].bytes);
  }
}

TEST_F(ExportFile, EveryBentByteIsSeen) {
  const Bytes file = FileOf({{ExportKind::kEnvelope, "abc"}, {ExportKind::kIdentity, "de"}});
  for (size_t at = 0; at < file.size(); ++at) {
    for (const int bit : {0, 7}) {
      Bytes bent = file;
      bent[at] = static_cast<char>(bent[at] ^ (1 << bit));
      EXPECT_FALSE(Read(bent).status.ok()) << at;
    }
  }
}

TEST_F(ExportFile, EachFaultHasItsReason) {
  const Bytes file = FileOf(Sample());
  EXPECT_EQ(ReasonFor("ENT1" + file.substr(4)), kParse);
  EXPECT_EQ(ReasonFor("X"), kParse);  // at once: what is no export file is not waited for
  EXPECT_EQ(ReasonFor(Bytes("ENTX\x02") + file.substr(5)), kParse);
  EXPECT_EQ(ReasonFor(file + "x"), kTrailing);
  EXPECT_EQ(ReasonFor(RawFile(Bytes("\x0a\0\0\0\0", 5), 1)), kParse);  // an unknown kind
  EXPECT_EQ(ReasonFor(RawFile(Bytes("\x7f\0\0\0\0", 5), 1)), kParse);
  EXPECT_EQ(ReasonFor(RawFile("", 1)), kAead);  // another number of entries
  Bytes digest = file;
  digest.back() = static_cast<char>(digest.back() ^ 1);
  EXPECT_EQ(ReasonFor(digest), kAead);
  const Bytes begin = file.substr(0, 69);
  EXPECT_EQ(ReasonFor(begin + Bytes("\0\0\0\0\x27", 5)), kParse);  // an end of another length
}

TEST_F(ExportFile, KindsFrom128OnArePassedOver) {
  const Outcome outcome = Read(RawFile(Bytes("\x80\0\0\0\x02zz\x01\0\0\0\x01"
                                             "e\xff\0\0\0\0",
                                             18),
                                       3));
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  ASSERT_EQ(outcome.entries.size(), 1u);
  EXPECT_EQ(outcome.entries[0].bytes, "e");
}

TEST_F(ExportFile, ALengthOverTheBoundIsRefusedBeforeItsBytes) {
  const Bytes begin = FileOf({}).substr(0, 69);
  EXPECT_EQ(ReasonFor(begin + Bytes("\x01\x04\0\0\x01", 5)), kLimit);    // 64 MiB and one byte
  EXPECT_EQ(ReasonFor(begin + Bytes("\x01\x04\0\0\0", 5)), kTruncated);  // 64 MiB are waited for
  ExportWriter writer;
  EXPECT_EQ(ReasonOf(writer.Add(ExportKind::kEnvelope, Bytes(kMaxExportEntry + 1, 'e')).status()), kLimit);
}

TEST_F(ExportFile, ADocumentHasTheBoundOfItsKind) {
  const Bytes begin = FileOf({}).substr(0, 69);
  for (uint8_t kind = 2; kind <= 9; ++kind) {
    const size_t most = MostOf(static_cast<ExportKind>(kind));
    EXPECT_EQ(most, kind == 2 ? 128u << 10 : kind == 4 ? 512u << 10 : kind == 8 ? 64u << 20 : 8u << 10);
    for (const size_t length : {most, most + 1}) {
      Bytes head(1, static_cast<char>(kind));
      AppendBigEndian(head, static_cast<uint32_t>(length));
      EXPECT_EQ(ReasonFor(begin + head), length == most ? kTruncated : kLimit) << int{kind};
    }
    ExportWriter writer;
    writer.Begin(OrgId(), OrgId());
    EXPECT_TRUE(writer.Add(static_cast<ExportKind>(kind), Bytes(most, 'd')).ok());
    EXPECT_EQ(ReasonOf(writer.Add(static_cast<ExportKind>(kind), Bytes(most + 1, 'd')).status()), kLimit);
  }
}

TEST_F(ExportFile, OneEntryTooManyIsRefused) {
  ExportWriter writer;
  ExportReader reader;
  uint64_t given = 0;
  const auto count = [&](ExportEntry) { return ++given, absl::OkStatus(); };
  ASSERT_TRUE(reader.Take(writer.Begin(kFrom, kTo), count).ok());
  for (uint64_t i = 0; i < kMaxExportEntries; ++i) {
    ASSERT_TRUE(reader.Take(*writer.Add(ExportKind::kEnvelope, ""), count).ok());
  }
  EXPECT_EQ(given, kMaxExportEntries);
  EXPECT_EQ(ReasonOf(writer.Add(ExportKind::kEnvelope, "").status()), kLimit);
  EXPECT_EQ(ReasonOf(reader.Take(Bytes("\x01\0\0\0\0", 5), count)), kLimit);
}

TEST_F(ExportFile, WhoTakesTheEntriesMayEndTheReading) {
  ExportReader reader;
  const auto refuse = [](ExportEntry) { return Reject(kDiskFull, "no room"); };
  EXPECT_EQ(ReasonOf(reader.Take(FileOf(Sample()), refuse)), kDiskFull);
}

}  // namespace
}  // namespace entente::envelope
