#include "envelope/export_file.h"

#include <algorithm>

#include "base/reject.h"

namespace entente::envelope {
namespace {

constexpr ByteView kBegin{"ENTX\x01", 5};  // magic and version
constexpr size_t kHeadSize = 5, kEndSize = 40;
constexpr uint8_t kEndKind = 0, kLastKind = static_cast<uint8_t>(ExportKind::kLeave), kFirstIgnored = 128;
constexpr size_t kFirstReserve = 1 << 20;  // a length alone does not buy more memory

Bytes Head(uint8_t kind, size_t length) {
  Bytes head(1, static_cast<char>(kind));
  AppendBigEndian(head, static_cast<uint32_t>(length));
  return head;
}

}  // namespace

Bytes ExportWriter::Hashed(Bytes bytes) {
  hash_.Add(bytes);
  return bytes;
}

Bytes ExportWriter::Begin(const OrgId& from, const OrgId& to) {
  return Hashed(Bytes(kBegin) + from.str() + to.str());
}

absl::StatusOr<Bytes> ExportWriter::Add(ExportKind kind, ByteView bytes) {
  if (bytes.size() > MostOf(kind)) {
    return Reject(RejectReason::kLimit, "an entry of an export file is longer than one of its kind may be");
  }
  if (entries_ == kMaxExportEntries) {
    return Reject(RejectReason::kLimit,
                  "an export file has at most 1,000,000 entries; import this one and export the rest");
  }
  ++entries_;
  return Hashed(Head(static_cast<uint8_t>(kind), bytes.size()).append(bytes));
}

Bytes ExportWriter::End() {
  Bytes end = Head(kEndKind, kEndSize);
  AppendBigEndian(end, entries_);
  end = Hashed(std::move(end));
  return end + hash_.Finish().str();
}

void ExportReader::Await(Step step, size_t bytes) {
  step_ = step;
  awaited_ = bytes;
  part_.clear();
  if (part_.capacity() > kFirstReserve) Bytes().swap(part_);
}

absl::Status ExportReader::Take(ByteView bytes, Each each) {
  while (step_ != Step::kOver) {
    const size_t taken = std::min(awaited_ - part_.size(), bytes.size());
    part_.append(bytes.substr(0, taken));
    bytes.remove_prefix(taken);
    // What is no export file at all is not waited for.
    if (step_ == Step::kBegin && !kBegin.starts_with(ByteView(part_).substr(0, kBegin.size()))) {
      return Reject(RejectReason::kParse,
                    "this is no export file of a version that is read here; give what `entente export` wrote");
    }
    if (part_.size() < awaited_) return absl::OkStatus();
    if (absl::Status status = Next(each); !status.ok()) return status;
  }
  return bytes.empty() ? absl::OkStatus() : Reject(RejectReason::kTrailing, "the export file has bytes behind its end");
}

size_t MostOf(ExportKind kind) {
  switch (kind) {
    case ExportKind::kIdentity:
      return kMaxIdentityEntry;
    case ExportKind::kMembership:
      return kMaxMembershipEntry;
    case ExportKind::kPrekey:
    case ExportKind::kGroupLog:
    case ExportKind::kEpoch:
    case ExportKind::kRewrap:
    case ExportKind::kLeave:
      return kMaxSignedEntry;
    default:
      return kMaxExportEntry;
  }
}

absl::Status ExportReader::Next(Each each) {
  switch (step_) {
    case Step::kBegin:
      return ReadBegin();
    case Step::kHead:
      return ReadHead();
    case Step::kBody:
      return ReadBody(each);
    default:
      return ReadEnd();
  }
}

absl::Status ExportReader::ReadBegin() {
  hash_.Add(part_);
  from_ = *OrgId::From(ByteView(part_).substr(kBegin.size(), OrgId::kSize));
  to_ = *OrgId::From(ByteView(part_).substr(kBegin.size() + OrgId::kSize));
  Await(Step::kHead, kHeadSize);
  return absl::OkStatus();
}

absl::Status ExportReader::ReadHead() {
  hash_.Add(part_);
  kind_ = static_cast<uint8_t>(part_[0]);
  const size_t length = ReadBigEndian<uint32_t>(ByteView(part_).substr(1));
  if (kind_ == kEndKind) {
    if (length != kEndSize)
      return Reject(RejectReason::kParse, "the end of the export file has another length than 40");
    Await(Step::kEnd, kEndSize);
    return absl::OkStatus();
  }
  if (kind_ > kLastKind && kind_ < kFirstIgnored) {
    return Reject(RejectReason::kParse, "the export file has an entry of an unknown kind; update this node");
  }
  if (length > MostOf(static_cast<ExportKind>(kind_))) {
    return Reject(RejectReason::kLimit, "an entry of the export file is longer than one of its kind may be; ask its writer for a new file");
  }
  if (entries_ == kMaxExportEntries) return Reject(RejectReason::kLimit, "the export file has over 1,000,000 entries");
  Await(Step::kBody, length);
  return absl::OkStatus();
}

absl::Status ExportReader::ReadBody(Each each) {
  hash_.Add(part_);
  ++entries_;
  ExportEntry entry{static_cast<ExportKind>(kind_), std::move(part_)};
  Await(Step::kHead, kHeadSize);
  return kind_ >= kFirstIgnored ? absl::OkStatus() : each(std::move(entry));
}

absl::Status ExportReader::ReadEnd() {
  constexpr size_t kCountSize = 8;
  const ByteView end = part_;
  hash_.Add(end.substr(0, kCountSize));
  if (ReadBigEndian<uint64_t>(end) != entries_ || end.substr(kCountSize) != hash_.Finish().view()) {
    return Reject(RejectReason::kAead,
                  "the export file is not what was written: its digest differs; have it copied again");
  }
  Await(Step::kOver, 0);
  return absl::OkStatus();
}

absl::Status ExportReader::Finish() const {
  if (step_ == Step::kOver) return absl::OkStatus();
  return Reject(RejectReason::kTruncated, "the export file ends too early; have it copied again");
}

}  // namespace entente::envelope
