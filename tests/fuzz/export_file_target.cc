#include "crypto/crypto.h"
#include "envelope/export_file.h"
#include "tests/fuzz/fuzz.h"

namespace entente::fuzz {
namespace {

using enum RejectReason;
using envelope::ExportEntry;
using envelope::ExportReader;
using envelope::ExportWriter;

struct Reading {
  absl::Status status;
  std::vector<ExportEntry> given;
  uint64_t entries = 0;
  OrgId from, to;
};

Reading Read(ByteView file, size_t step) {
  Reading out;
  ExportReader reader;
  const auto keep = [&](ExportEntry entry) {
    out.given.push_back(std::move(entry));
    return absl::OkStatus();
  };
  for (size_t at = 0; at < file.size() && out.status.ok(); at += step) out.status = reader.Take(file.substr(at, step), keep);
  if (out.status.ok()) out.status = reader.Finish();
  out.entries = reader.entries();
  out.from = reader.from(), out.to = reader.to();
  return out;
}

// The end that belongs to whatever whole entries stand in `file`, so that what is fuzzed gets past the digest.
Bytes Ended(ByteView file) {
  const uint64_t entries = Read(file, file.size() + 1).entries;
  Bytes out = Bytes(file) + Bytes("\0\0\0\0\x28", 5);
  AppendBigEndian(out, entries);
  return out + crypto::Sha256(out).str();
}

bool ReadsAndWritesBack(ByteView file, size_t step) {
  const Reading read = Read(file, step);
  const Reading whole = Read(file, file.size() + 1);
  FUZZ_CHECK(ReasonOf(read.status) == ReasonOf(whole.status) && read.given.size() == whole.given.size());
  if (!read.status.ok()) {
    CheckRefused(read.status, {kParse, kLimit, kAead, kTrailing, kTruncated});
    return false;
  }
  if (read.entries != read.given.size()) return true;  // kinds that are passed over are gone
  ExportWriter writer;
  Bytes again = writer.Begin(read.from, read.to);
  for (const ExportEntry& entry : read.given) again += *writer.Add(entry.kind, entry.bytes);
  FUZZ_CHECK(again + writer.End() == file);
  return true;
}

}  // namespace

// A byte that is the size of the pieces, then the file, as it is and with the end that belongs to it.
bool FuzzExportFile(ByteView input) {
  if (input.empty()) return false;
  const size_t step = static_cast<uint8_t>(input[0]) + size_t{1};
  const ByteView file = input.substr(1);
  const bool taken = ReadsAndWritesBack(file, step);
  return ReadsAndWritesBack(Ended(file), step) || taken;
}

}  // namespace entente::fuzz
