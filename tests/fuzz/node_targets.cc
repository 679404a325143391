#include "crypto/at_rest.h"
#include "crypto/crypto.h"
#include "entente/v1/record.pb.h"
#include "services/entented/config.h"
#include "storage/head.h"
#include "storage/statement_check.h"
#include "storage/view_rows.h"
#include "tests/fuzz/fuzz.h"
#include "trust/sample_organisation.h"

namespace entente::fuzz {
namespace {

using enum RejectReason;
using storage::Family;

// A store's journal rows as they come out of their seal, and no others.
class PlainRows final : public storage::Rows {
 public:
  explicit PlainRows(std::vector<ByteView> records) : records_(std::move(records)) {}
  absl::StatusOr<std::optional<Bytes>> Get(Family family, ByteView key) const override {
    const uint64_t seq = key.size() == storage::kSeqSize ? storage::SeqAtEnd(key) : 0;
    if (family != Family::kJournal || seq == 0 || seq > records_.size()) return std::nullopt;
    return Bytes(records_[seq - 1]);
  }
  absl::Status Scan(Family, ByteView, ByteView, Visit) const override { return absl::OkStatus(); }

 private:
  std::vector<ByteView> records_;
};

// A view's row reads as what writes it again, or is damaged.
template <typename Row>
void RowReadsBack(const absl::StatusOr<Row>& row, ByteView bytes) {
  if (row.ok()) {
    FUZZ_CHECK(storage::Encode(*row) == bytes);
  } else {
    CheckRefused(row.status(), {kStoreCorrupt});
  }
}

void CheckRows(ByteView bytes) {
  RowReadsBack(storage::DecodeNewest(bytes), bytes);
  RowReadsBack(storage::DecodeStream(bytes), bytes);
  RowReadsBack(storage::DecodeSlot(bytes), bytes);
  RowReadsBack(storage::DecodeTally(bytes), bytes);
  RowReadsBack(storage::DecodeCounters(bytes), bytes);
  if (const auto number = storage::DecodeNumber(bytes); !number.ok()) CheckRefused(number.status(), {kStoreCorrupt});
  v1::VersionRow version;
  if (version.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) storage::ToEntry(version, 1);
}

// A slot of the head file whose checksum fits, whatever it holds.
Bytes SlotOf(ByteView rest) {
  Bytes slot = Bytes("ENTHEAD1").append(rest);
  slot.resize(storage::HeadFile::kSlotBytes - Digest::kSize);
  return slot.append(crypto::Sha256(slot).view());
}

bool ReadHead(ByteView content) {
  const MemoryFile file(content);
  const auto found = storage::HeadFile::Read(file.path());
  if (!found.ok()) {
    CheckRefused(found.status(), {kStoreCorrupt});
    return false;
  }
  FUZZ_CHECK(found->has_value());
  const v1::SignedBody head = (*found)->head;
  auto writer = storage::HeadFile::Open(file.path());
  FUZZ_CHECK(writer.ok() && writer->Write(head).ok());
  const auto again = storage::HeadFile::Read(file.path());
  FUZZ_CHECK(again.ok() && (*again)->head.body() == head.body() && (*again)->head.signature() == head.signature());
  return true;
}

}  // namespace

bool FuzzConfig(ByteView input) {
  const auto config = node::LoadConfig(MemoryFile(input).path());
  if (!config.ok()) {
    CheckRefused(config.status(), {kConfig});
    return false;
  }
  const std::string text = node::WriteConfig(*config);
  const auto again = node::LoadConfig(MemoryFile(text).path());
  FUZZ_CHECK(again.ok() && node::WriteConfig(*again) == text);
  return true;
}

// The first byte says whether the rest is the file, or what stands in a slot whose checksum fits.
bool FuzzHead(ByteView input) {
  if (input.empty()) return false;
  const ByteView rest = input.substr(1);
  if (input[0] % 2 == 0) return ReadHead(rest);
  const size_t half = rest.size() / 2;
  const bool both = ReadHead(SlotOf(rest.substr(0, half)) + SlotOf(rest.substr(half)));
  return ReadHead(SlotOf(rest)) || both;
}

// A journal as pieces, one a record: fsck's look at each. The last piece is also read as rows of views.
bool FuzzRecord(ByteView input) {
  static const trust::Self self = trust::SampleSelf("cert.norlandia", 'a');
  static const crypto::AtRest at_rest(crypto::SecretBytes::CopyOf(Bytes(32, 'r')));
  const std::vector<ByteView> pieces = Pieces(input, 8);
  if (!pieces.empty()) CheckRows(pieces.back());
  const PlainRows rows(pieces);
  const storage::ViewReader reader(rows, storage::Keys(at_rest));
  storage::StatementCheck check(trust::HistoryOf(self));
  bool sound = !pieces.empty();
  for (uint64_t seq = 1; seq <= pieces.size(); ++seq) {
    const auto record = reader.FindRecord(seq);
    absl::Status status = record.status();
    if (record.ok()) {
      FUZZ_CHECK(record->has_value());
      v1::Record again;
      FUZZ_CHECK(again.ParseFromString((*record)->SerializeAsString()));
      FUZZ_CHECK(again.SerializeAsString() == (*record)->SerializeAsString());
      status = check.Check(**record, reader);
    }
    if (!status.ok()) CheckRefused(status, {kStoreCorrupt});
    sound = sound && status.ok();
  }
  return sound;
}

}  // namespace entente::fuzz
