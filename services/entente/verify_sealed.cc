#include "services/entente/verify_sealed.h"

#include <utility>

#include "crypto/encoding.h"
#include "envelope/envelope.h"
#include "envelope/export_file.h"
#include "envelope/header.h"
#include "policy/constraints.h"
#include "proto/strict_parse.h"
#include "services/entente/verify_group.h"
#include "services/entented/own_identity.h"
#include "services/entented/unlock.h"

namespace entente::cli {
namespace {

constexpr size_t kStep = 256 * 1024;
constexpr auto kNoKeys = "no keystore was named with --node";

model::Party PartyOf(const trust::Identity& identity) {
  model::Party party;
  party.org = identity.org();
  party.name = identity.name();
  return party;
}

absl::Time EndOf(const envelope::Header& header) {
  return absl::FromUnixSeconds(int64_t{header.expires_hour} * 3600);
}

// Form and hours, which anybody can read.
absl::Status CheckClear(ByteView wire, absl::Time at) {
  const auto frame = envelope::ParseFrame(wire);
  return frame.ok() ? envelope::CheckHours(frame->header, at) : frame.status();
}

// Opened and checked as a node does with what `from` hands over; replay and the journal's part left out.
absl::StatusOr<envelope::VerifiedEnvelope> CheckSealed(ByteView wire, NodeKeys& keys, const OrgId& from,
                                                       absl::Time at, const trust::Memberships* groups) {
  const OrgId& self = keys.parties().self().party.org;
  auto opened = envelope::Open(wire, self, keys.prekeys(), at, [](const EnvelopeId&) { return false; }, nullptr);
  if (!opened.ok()) return opened.status();
  return envelope::Verify(*std::move(opened), keys.parties(), from, at, groups);
}

// Who sealed it stands inside. Under another one's documents the seal's key is unknown (E_NOKEY); any other refusal is
// about the envelope itself.
absl::StatusOr<envelope::VerifiedEnvelope> CheckSealedByAny(ByteView wire, const Cards& cards, NodeKeys& keys,
                                                            absl::Time at) {
  absl::StatusOr<envelope::VerifiedEnvelope> told =
      Reject(RejectReason::kUnknownParty, "no card was given of who could have sealed it");
  for (const auto& [org, party] : cards.all()) {
    auto verified = CheckSealed(wire, keys, org, at, nullptr);
    if (verified.ok()) return verified;
    const bool first = ReasonOf(told.status()) == RejectReason::kUnknownParty;
    if (first || ReasonOf(verified.status()) != RejectReason::kNoKey) told = std::move(verified);
  }
  return told;
}

void AddContents(const envelope::VerifiedEnvelope& verified, const Cards& cards, absl::Time at, Report& report) {
  report.Add("sealed", kHolds, "to this node, by who is named by its seal");
  if (!verified.batch) {
    report.Add("notices", kHolds,
               std::to_string(verified.recalls.size()) + " recalls, " + std::to_string(verified.receipts.size()) +
                   " receipts");
    return;
  }
  const envelope::Batch& batch = *verified.batch;
  model::Label label = policy::EffectiveLabel(batch.constraints(), at);
  if (!verified.hops.empty()) label = std::max(label, verified.hops.back().label);
  report.tlp = std::string(model::Name(label));
  report.exercise = batch.constraints().exercise_id;
  report.Add("statements", kHolds,
             std::to_string(batch.statements().size()) + " by " + cards.NameOf(batch.origin()) + ", for " +
                 cards.Listed(batch.audience()));
  report.Add("forward chain", kHolds,
             verified.hops.empty() ? "none: sealed by their origin or for its own recipients"
                                   : std::to_string(verified.hops.size()) + " hops");
}

// What became of the entries of one kind.
class Tally {
 public:
  void Count(std::string kind, const absl::Status& outcome, bool sealed_unread = false) {
    if (!outcome.ok() && first_.ok()) first_ = outcome;
    const std::string reason = outcome.ok() ? "" : std::string(Describe(ReasonOf(outcome)).name);
    ++counts_[{std::move(kind), sealed_unread && outcome.ok() ? kNotChecked : outcome.ok() ? kHolds : kFails, reason}];
  }
  void Tell(Report& report) const {
    for (const auto& [what, count] : counts_) {
      const auto& [kind, result, reason] = what;
      std::string detail = std::to_string(count);
      if (!reason.empty()) detail += " " + reason;
      if (result == kNotChecked) detail += ", form and hours alone: " + std::string(kNoKeys);
      report.rows.push_back({kind, result, detail});
    }
    if (report.status.ok()) report.status = first_;
  }

 private:
  std::map<std::tuple<std::string, std::string, std::string>, uint64_t> counts_;
  absl::Status first_;
};

absl::Status NoCard() {
  return Reject(RejectReason::kUnknownParty, "no card was given of who wrote the file");
}

// The writer's next document; with a node's keys what follows in the file is checked under it.
absl::Status CheckIdentity(ByteView bytes, const trust::Accepted* writer, NodeKeys* keys, absl::Time at) {
  v1::IdentityChain chain;
  if (absl::Status status = StrictParse(bytes, *chain.add_documents()); !status.ok()) return status;
  if (writer == nullptr) return NoCard();
  const OrgId& org = writer->party.org;
  const auto known = keys != nullptr ? keys->parties().Find(org)->history : writer->history;
  if (known->WithHash(trust::IdentityHash(chain.documents(0).document())) != nullptr) return absl::OkStatus();
  const auto forget = [](const v1::SignedIdentity&) { return absl::OkStatus(); };
  absl::Status taken;
  if (keys != nullptr) {
    taken = keys->parties().Extend(org, chain, at, forget);
  } else {
    trust::IdentityHistory history = *writer->history;
    taken = history.TakeIn(chain, at, forget);
  }
  // One in front of the newest may have expired by now.
  return ReasonOf(taken) == RejectReason::kFreeze ? absl::OkStatus() : taken;
}

absl::Status CheckOfflinePrekey(ByteView bytes, const trust::Accepted* writer, absl::Time at) {
  v1::SignedBody prekey;
  if (absl::Status status = StrictParse(bytes, prekey); !status.ok()) return status;
  if (writer == nullptr) return NoCard();
  return trust::CheckPrekey(*writer->history, prekey, at, v1::PREKEY_CLASS_OFFLINE).status();
}

void CheckEntry(const envelope::ExportEntry& entry, const envelope::ExportReader& reader, const Cards& cards,
                NodeKeys* keys, absl::Time at, FileGroups& groups, Tally& tally) {
  const auto writer = cards.Find(reader.from());
  switch (entry.kind) {
    case envelope::ExportKind::kEnvelope: {
      absl::Status outcome = CheckClear(entry.bytes, at);
      if (outcome.ok() && keys != nullptr) outcome = CheckSealed(entry.bytes, *keys, reader.from(), at, &groups).status();
      return tally.Count("envelopes", outcome, keys == nullptr);
    }
    case envelope::ExportKind::kIdentity:
      return tally.Count("identity documents", CheckIdentity(entry.bytes, writer.get(), keys, at));
    case envelope::ExportKind::kPrekey:
      return tally.Count("prekeys", CheckOfflinePrekey(entry.bytes, writer.get(), at));
    case envelope::ExportKind::kStatement:
      return tally.Count("other entries",
                         Reject(RejectReason::kParse, "a proof in an export file is not read in this version"));
    default:
      return tally.Count(
          FileGroups::NameOf(entry.kind),
          groups.Check(entry, keys != nullptr ? static_cast<const trust::Parties&>(keys->parties()) : cards, at));
  }
}

}  // namespace

NodeKeys::NodeKeys(std::unique_ptr<crypto::Keystore> keystore, const trust::Self& self, trust::IdentityHistory history)
    : keystore_(std::move(keystore)),
      parties_(PartyOf(history.newest()), std::make_shared<const trust::IdentityHistory>(history)),
      prekeys_(self, *keystore_) {}

absl::StatusOr<std::unique_ptr<NodeKeys>> NodeKeys::Open(const std::string& folder, const std::string& passphrase_file,
                                                         const Cards& cards, absl::Time at) {
  if (absl::Status status = crypto::Initialise(); !status.ok()) return status;
  const node::NodePaths paths(folder);
  auto history = node::ReadOwnHistory(paths);
  if (!history.ok()) return history.status();
  auto unlocked = node::Unlock(paths, passphrase_file, at);
  if (!unlocked.ok()) return unlocked.status();
  std::unique_ptr<NodeKeys> keys(new NodeKeys(std::move(unlocked->keystore), *unlocked->self, *std::move(history)));
  for (const auto& [org, party] : cards.all()) {
    if (org == keys->parties_.self().party.org) continue;
    if (absl::Status status = keys->parties_.Accept(*party); !status.ok()) return status;
  }
  return keys;
}

Report CheckEnvelope(ByteView wire, const Cards& cards, NodeKeys* keys, absl::Time at) {
  Report report{"envelope", "", "", "", {}, absl::OkStatus()};
  const auto frame = envelope::ParseFrame(wire);
  if (!frame.ok()) return report.AddFailed("form", frame.status()), report;
  report.id = crypto::ToHex(frame->header.id.view());
  const bool group = frame->header.mode == envelope::kGroupMode;
  report.Add("form", kHolds,
             group ? "to the members of a group"
                   : "to individual organisations, " + std::to_string(frame->header.slots) + " slots");
  if (const absl::Status hours = envelope::CheckHours(frame->header, at); hours.ok()) {
    report.Add("hours", kHolds, "until " + UtcOf(EndOf(frame->header)));
  } else {
    return report.AddFailed("hours", hours), report;
  }
  if (group) {
    report.Add("sealed", kNotChecked, "this command has no group's secrets");
  } else if (keys == nullptr) {
    report.Add("sealed", kNotChecked, kNoKeys);
  } else if (const auto verified = CheckSealedByAny(wire, cards, *keys, at); verified.ok()) {
    AddContents(*verified, cards, at, report);
  } else if (ReasonOf(verified.status()) == RejectReason::kMemberHash) {
    report.Add("sealed", kNotChecked, "its statements are for a group, whose documents no envelope has; an export file does");
  } else {
    report.AddFailed("sealed", verified.status());
  }
  report.Add("revocation", kNotChecked, "newer documents of who signed are not known here");
  report.Add("replay, stream, recall", kNotChecked, "a node's journal knows them");
  return report;
}

Report CheckExportFile(InputFile& file, const Cards& cards, NodeKeys* keys, absl::Time at) {
  Report report{"export file", "", "", "", {}, absl::OkStatus()};
  envelope::ExportReader reader;
  Tally tally;
  FileGroups groups;
  const auto each = [&](envelope::ExportEntry entry) {
    CheckEntry(entry, reader, cards, keys, at, groups, tally);
    return absl::OkStatus();
  };
  std::string buffer(kStep, '\0');
  absl::Status form;
  for (absl::StatusOr<size_t> size = file.Read(buffer.data(), buffer.size()); form.ok();
       size = file.Read(buffer.data(), buffer.size())) {
    if (!size.ok()) form = size.status();
    if (!size.ok() || *size == 0) break;
    form = reader.Take(ByteView(buffer).substr(0, *size), each);
  }
  if (form.ok()) form = reader.Finish();
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
  report.Add("revocation", kNotChecked, "newer documents of who signed are not known here");
  report.Add("replay, stream, recall", kNotChecked, "a node's journal knows them");
  return report;
}

}  // namespace entente::cli
