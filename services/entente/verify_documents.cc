#include "services/entente/verify_documents.h"

#include <algorithm>
#include <utility>

#include "crypto/encoding.h"
#include "proto/strict_parse.h"
#include "trust/epoch_keystore.h"

namespace entente::cli {
namespace {

using enum RejectReason;
using envelope::ExportKind;

constexpr size_t kMaxRun = 1024;  // as MembershipHistory takes in

absl::Status Keep() {
  return absl::OkStatus();
}
absl::Status KeepEach(const trust::GroupDocument&) {
  return absl::OkStatus();
}

// All, and those whose secret is here.
std::pair<size_t, size_t> CountEpochs(const trust::GroupDirectory& groups, absl::Time at) {
  constexpr size_t kOnFile = trust::kMaxEpochsHeld * trust::kMaxIssuers + trust::kMaxTombstones;
  size_t all = 0, open = 0;
  for (const GroupId& group : groups.All()) {
    for (const trust::EpochFacts& one : groups.Epochs(group, 0, kOnFile, at)) {
      ++all;
      open += one.held ? 1 : 0;
    }
  }
  return {all, open};
}

}  // namespace

GivenGroups::GivenGroups(const Cards& cards, NodeKeys* keys) : cards_(cards), keys_(keys) {
  if (keys == nullptr) return;
  directory_ = std::make_unique<trust::GroupDirectory>(keys->parties(), keys->org(), keys->prekeys(), keys->keystore());
}

absl::Status GivenGroups::Take(const envelope::ExportEntry& entry, absl::Time at) {
  bytes_ += entry.bytes.size();
  if (bytes_ > kMaxGivenBytes) {
    return Reject(kLimit,
                  "the files hold over 64 MiB of documents of groups; give those of the groups that are asked about");
  }
  const trust::Parties& parties = keys_ != nullptr ? static_cast<const trust::Parties&>(keys_->parties()) : cards_;
  if (absl::Status checked = files_.Check(entry, parties, at); !checked.ok()) return checked;
  return directory_ == nullptr ? absl::OkStatus() : TakeSecrets(entry, at);
}

absl::Status GivenGroups::TakeSecrets(const envelope::ExportEntry& entry, absl::Time at) {
  if (entry.kind == ExportKind::kMembership || entry.kind == ExportKind::kGroupLog) return Collect(entry, at);
  FlushRun(at);
  if (entry.kind == ExportKind::kEpoch) return QueueEpoch(entry.bytes, at);
  if (entry.kind == ExportKind::kRewrap) return TakeRewrap(entry.bytes, at);
  v1::SignedBody leave;
  if (absl::Status status = StrictParse(entry.bytes, leave); !status.ok()) return status;
  const absl::Status taken = directory_->TakeLeave(leave, {at, std::nullopt, /*asked=*/true}, Keep);
  return ReasonOf(taken) == kUnknownParty ? absl::OkStatus() : taken;
}

absl::Status GivenGroups::QueueEpoch(ByteView bytes, absl::Time at) {
  v1::EpochDelivery delivery;
  if (absl::Status status = StrictParse(bytes, delivery); !status.ok()) return status;
  auto epoch = trust::ReadEpoch(delivery.epoch());
  if (!epoch.ok()) return epoch.status();
  const auto version = directory_->Version(epoch->membership);
  if (version == nullptr) return absl::OkStatus();  // of a group that this node is not in
  const auto place = version->PlaceOf(keys_->org());
  if (place.has_value() && *place == delivery.index() && !delivery.slot().empty()) {
    const absl::Status placed = trust::CheckSlotPlace(*epoch, *version, keys_->org(), delivery);
    if (!placed.ok()) return placed;
    if (absl::Status opened = OpenSlot(*epoch, delivery.slot(), at); !opened.ok()) return opened;
  }
  if (queued_.insert(epoch->id).second) epochs_.push_back({*std::move(epoch), std::move(delivery)});
  return absl::OkStatus();
}

absl::Status GivenGroups::TakeRewrap(ByteView bytes, absl::Time at) {
  v1::SignedBody wire;
  if (absl::Status status = StrictParse(bytes, wire); !status.ok()) return status;
  const auto rewrap = trust::ReadRewrap(wire);
  if (!rewrap.ok()) return rewrap.status();
  if (rewrap->recipient != keys_->org()) return absl::OkStatus();
  const auto of = std::find_if(epochs_.begin(), epochs_.end(),
                               [&](const QueuedEpoch& one) { return one.epoch.id == rewrap->epoch; });
  return of == epochs_.end() ? absl::OkStatus() : OpenSlot(of->epoch, rewrap->slot, at);
}

// A slot whose prekey is not here says nothing against the epoch.
absl::Status GivenGroups::OpenSlot(const trust::Epoch& epoch, ByteView slot, absl::Time at) {
  const auto stored = trust::FindEpochSecret(keys_->keystore(), epoch);
  if (!stored.ok()) return stored.status();
  if (stored->secret != nullptr) return absl::OkStatus();
  const auto secret = trust::OpenEpochSlot(epoch, keys_->org(), slot, keys_->prekeys(), at);
  const RejectReason reason = ReasonOf(secret.status());
  if (reason == kNoSlot || reason == kKeyGone) return absl::OkStatus();
  if (!secret.ok()) return secret.status();
  const absl::Time drained = epoch.not_after + trust::kEpochGrace;
  trust::PutEpochSecret(keys_->keystore(), epoch, *secret, drained, drained);
  opened_.insert(epoch.id);
  return absl::OkStatus();
}

absl::Status GivenGroups::Collect(const envelope::ExportEntry& entry, absl::Time at) {
  std::variant<v1::SignedMembership, v1::SignedBody> document;
  std::optional<GroupId> group;
  if (entry.kind == ExportKind::kMembership) {
    auto& membership = document.emplace<v1::SignedMembership>();
    if (absl::Status status = StrictParse(entry.bytes, membership); !status.ok()) return status;
    const auto read = trust::Membership::Read(membership);
    if (!read.ok()) return read.status();
    group = read->version() == 1 ? trust::GroupOfFirst(membership.document()) : read->group();
  } else {
    auto& body = document.emplace<v1::SignedBody>();
    if (absl::Status status = StrictParse(entry.bytes, body); !status.ok()) return status;
    const auto logged = trust::ReadLogEntry(body);
    if (!logged.ok()) return logged.status();
    group = logged->group;
  }
  if (group_ != group || run_.size() >= kMaxRun) FlushRun(at);
  group_ = group;
  run_.push_back(std::move(document));
  return absl::OkStatus();
}

// Each document has been checked; what the directory has against the run is that this node is not in the group.
void GivenGroups::FlushRun(absl::Time at) {
  if (run_.empty()) return;
  std::vector<trust::GroupDocument> run;
  for (const auto& document : run_) {
    std::visit([&](const auto& one) { run.emplace_back(&one); }, document);
  }
  directory_->TakeDocuments(*group_, run, {at, std::nullopt, /*asked=*/true}, KeepEach).IgnoreError();
  run_.clear();
}

// An epoch counts as one on record: its secret is in the keystore by now, or nowhere. One whose secret was there before
// has drained as at its node; one that was opened just now is a late one.
void GivenGroups::Flush(absl::Time at) {
  if (directory_ == nullptr) return;
  FlushRun(at);
  for (const QueuedEpoch& one : epochs_) {
    const absl::Time since = opened_.contains(one.epoch.id) ? at : std::min(at, one.epoch.not_before);
    const absl::Status taken = directory_->TakeEpoch(one.delivery, {at, since, /*asked=*/true}, Keep);
    if (refused_.ok()) refused_ = taken;
  }
  epochs_.clear();
  queued_.clear();
}

const trust::GroupDirectory* GivenGroups::ToOpenWith(absl::Time at) {
  Flush(at);
  return directory_.get();
}

std::shared_ptr<const trust::Membership> GivenGroups::Version(const trust::MembershipRef& ref) const {
  auto found = files_.Version(ref);
  if (found == nullptr) missing_ = ref;
  return found;
}

std::optional<std::string> GivenGroups::WhatIsMissing(const absl::Status& refusal) const {
  if (ReasonOf(refusal) == kEpoch) {
    return "no file gives the documents of its group with the epoch, or this node has no secret of it: --documents "
           "FILE, "
           "from `entente export --documents` at a member";
  }
  const bool lacks = ReasonOf(refusal) == kMemberHash && missing_.has_value() && !files_.Contradicts(*missing_);
  if (!lacks) return std::nullopt;
  return "no file gives the documents of the group that it is for: --documents FILE, from `entente export --documents` "
         "at a "
         "member";
}

void GivenGroups::TellSecrets(Report& report, absl::Time at) {
  Flush(at);
  if (directory_ == nullptr) return;
  if (!refused_.ok()) return report.AddFailed("epoch secrets", refused_);
  const auto counts = CountEpochs(*directory_, at);
  if (counts.first == 0) return;
  const std::string told = std::to_string(counts.second) + " of " + std::to_string(counts.first) + " epochs";
  if (counts.second > 0)
    return report.Add("epoch secrets", kHolds, told + " are open to this node, each by its commitment");
  report.Add("epoch secrets", kNotChecked, told + ": this node has neither the secrets nor the keys of their slots");
}

}  // namespace entente::cli
