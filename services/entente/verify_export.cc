#include "services/entente/verify_export.h"

#include "crypto/encoding.h"
#include "envelope/header.h"
#include "proto/strict_parse.h"
#include "services/entente/input_file.h"
#include "services/entente/verify_sealed.h"
#include "trust/armour.h"

namespace entente::cli {
namespace {

using envelope::ExportKind;

constexpr size_t kStep = 256 * 1024;
constexpr size_t kMaxMembershipText = 1 << 20;

absl::Status NoCard() {
  return Reject(RejectReason::kUnknownParty, "no card was given of who wrote the file");
}

// What every entry is checked with, and what came of them.
class Entries {
 public:
  Entries(const Cards& cards, NodeKeys* keys, GivenGroups& groups, absl::Time at, Tally& tally)
      : cards_(cards), keys_(keys), groups_(groups), at_(at), tally_(tally) {}

  // The whole file but `skipped`. Refuses as ExportReader does; what stood before the fault was taken in.
  absl::Status Read(InputFile& file, std::optional<ExportKind> skipped = std::nullopt) {
    const auto each = [&](envelope::ExportEntry entry) {
      if (entry.kind != skipped) Take(entry);
      return absl::OkStatus();
    };
    std::string buffer(kStep, '\0');
    for (;;) {
      const absl::StatusOr<size_t> size = file.Read(buffer.data(), buffer.size());
      if (!size.ok()) return size.status();
      if (*size == 0) return reader_.Finish();
      if (absl::Status form = reader_.Take(ByteView(buffer).substr(0, *size), each); !form.ok()) return form;
    }
  }
  const envelope::ExportReader& reader() const { return reader_; }

 private:
  void Take(const envelope::ExportEntry& entry) {
    switch (entry.kind) {
      case ExportKind::kEnvelope:
        return TakeEnvelope(entry.bytes);
      case ExportKind::kIdentity:
        return tally_.Count("identity documents", CheckIdentity(entry.bytes));
      case ExportKind::kPrekey:
        return tally_.Count("prekeys", CheckOfflinePrekey(entry.bytes));
      case ExportKind::kStatement:
        return tally_.Count("other entries",
                            Reject(RejectReason::kParse, "a proof in an export file is not read in this version"));
      default:
        return tally_.Count(FileGroups::NameOf(entry.kind), groups_.Take(entry, at_));
    }
  }

  void TakeEnvelope(ByteView wire) {
    const absl::Status clear = CheckClear(wire, at_);
    if (!clear.ok()) return tally_.Count("envelopes", clear);
    if (keys_ == nullptr) {
      return tally_.CountUnchecked("envelopes", "form and hours alone, " + std::string(kNoKeys));
    }
    const absl::Status checked = CheckSealed(wire, *keys_, reader_.from(), at_, groups_).status();
    const auto missing = groups_.WhatIsMissing(checked);
    missing ? tally_.CountUnchecked("envelopes", *missing) : tally_.Count("envelopes", checked);
  }

  // The writer's next document; with a node's keys what follows in the file is checked under it.
  absl::Status CheckIdentity(ByteView bytes) {
    v1::IdentityChain chain;
    if (absl::Status status = StrictParse(bytes, *chain.add_documents()); !status.ok()) return status;
    const auto writer = Writer();
    if (writer == nullptr) return NoCard();
    if (writer->history->WithHash(trust::IdentityHash(chain.documents(0).document())) != nullptr)
      return absl::OkStatus();
    const auto forget = [](const v1::SignedIdentity&) { return absl::OkStatus(); };
    absl::Status taken;
    if (keys_ != nullptr) {
      taken = keys_->parties().Extend(reader_.from(), chain, at_, forget);
    } else {
      trust::IdentityHistory history = *writer->history;
      taken = history.TakeIn(chain, at_, forget);
    }
    // One in front of the newest may have expired by now.
    return ReasonOf(taken) == RejectReason::kFreeze ? absl::OkStatus() : taken;
  }

  absl::Status CheckOfflinePrekey(ByteView bytes) const {
    v1::SignedBody prekey;
    if (absl::Status status = StrictParse(bytes, prekey); !status.ok()) return status;
    const auto writer = Writer();
    if (writer == nullptr) return NoCard();
    return trust::CheckPrekey(*writer->history, prekey, at_, v1::PREKEY_CLASS_OFFLINE).status();
  }

  // As the cards or the node's own documents have it.
  std::shared_ptr<const trust::Accepted> Writer() const {
    return keys_ != nullptr ? keys_->parties().Find(reader_.from()) : cards_.Find(reader_.from());
  }

  const Cards& cards_;
  NodeKeys* const keys_;
  GivenGroups& groups_;
  const absl::Time at_;
  Tally& tally_;
  envelope::ExportReader reader_;
};

}  // namespace

std::string MagicOf(InputFile& file) {
  char magic[4];
  const auto size = file.Read(magic, sizeof(magic));
  return size.ok() && *size == sizeof(magic) && file.Rewind().ok() ? std::string(magic, sizeof(magic)) : "";
}

Report CheckExportFile(InputFile& file, const Cards& cards, NodeKeys* keys, GivenGroups& groups, absl::Time at) {
  Report report{"export file", "", "", "", {}, absl::OkStatus()};
  Tally tally;
  Entries entries(cards, keys, groups, at, tally);
  const absl::Status form = entries.Read(file);
  const envelope::ExportReader& reader = entries.reader();
  if (reader.begun()) {
    report.id = crypto::ToFingerprint(reader.from());
    report.Add("writer", kNotChecked,
               "the file says " + cards.NameOf(reader.from()) + ", for " + cards.NameOf(reader.to()));
  }
  if (form.ok()) {
    report.Add("form", kHolds, std::to_string(reader.entries()) + " entries, whole to the last byte");
  } else {
    report.AddFailed("form", form);
  }
  tally.Tell(report);
  groups.TellSecrets(report, at);
  report.Add("revocation", kNotChecked, "newer documents of who signed are not known here");
  report.Add("replay, stream, recall", kNotChecked, "a node's journal knows them");
  return report;
}

absl::Status TakeDocumentFile(const std::string& path, const Cards& cards, NodeKeys* keys, GivenGroups& groups,
                              absl::Time at, Tally& tally) {
  if (absl::Status status = CheckNoPipe(path); !status.ok()) return status;
  const auto file = InputFile::Open(path);
  if (!file.ok()) return file.status();
  if ((*file)->regular() && MagicOf(**file) == kExportMagic) {
    const absl::Status form = Entries(cards, keys, groups, at, tally).Read(**file, ExportKind::kEnvelope);
    tally.Count("documents files", form);
    return absl::OkStatus();
  }
  const auto text = ReadInputFile(path, "documents", kMaxMembershipText);
  if (!text.ok()) return text.status();
  if (trust::ArmourKind(*text) != trust::kMembershipArmour) {
    return Reject(RejectReason::kUsage,
                  "'" + Shown(path) +
                      "' holds no documents of a group; give what `entente export --documents` or "
                      "`entente group show --out` wrote");
  }
  const auto bytes = trust::Unarmour(trust::kMembershipArmour, *text);
  const bool fits = bytes.ok() && bytes->size() <= envelope::kMaxMembershipEntry;
  const absl::Status taken = bytes.ok() && !fits ? Reject(RejectReason::kLimit, "a membership document has at most 512 KiB")
                             : bytes.ok() ? groups.Take({ExportKind::kMembership, *bytes}, at) : bytes.status();
  tally.Count(FileGroups::NameOf(ExportKind::kMembership), taken);
  return absl::OkStatus();
}

}  // namespace entente::cli
