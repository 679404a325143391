#include "services/entente/verify_sealed.h"

#include <optional>
#include <string>
#include <utility>

#include "crypto/encoding.h"
#include "envelope/header.h"
#include "services/entente/verify_contents.h"

namespace entente::cli {
namespace {

absl::Time EndOf(const envelope::Header& header) {
  return absl::FromUnixSeconds(int64_t{header.expires_hour} * 3600);
}

// What came of an envelope whose sealer is not known.
struct Sealed {
  OrgId by;
  absl::StatusOr<envelope::VerifiedEnvelope> verified;
  std::optional<std::string> missing;  // what was not given, where it refused for that
};

// Who sealed it stands inside. Under another one's documents the seal's key is unknown (E_NOKEY); any other refusal is
// about the envelope itself.
Sealed CheckSealedByAny(ByteView wire, const Cards& cards, NodeKeys& keys, GivenGroups& groups, absl::Time at) {
  Sealed told{{}, Reject(RejectReason::kUnknownParty, "no card was given of who could have sealed it"), std::nullopt};
  bool first = true;
  for (const auto& [org, party] : cards.all()) {
    Sealed tried{org, CheckSealed(wire, keys, org, at, groups), std::nullopt};
    if (tried.verified.ok()) return tried;
    tried.missing = groups.WhatIsMissing(tried.verified.status());
    if (std::exchange(first, false) || ReasonOf(tried.verified.status()) != RejectReason::kNoKey) told = std::move(tried);
  }
  return told;
}

void AddSealed(const Sealed& sealed, bool group, const Cards& cards, absl::Time at, Report& report) {
  if (sealed.missing) return report.Add("sealed", kNotChecked, *sealed.missing);
  if (!sealed.verified.ok()) return report.AddFailed("sealed", sealed.verified.status());
  report.Add("sealed", kHolds,
             "by " + cards.NameOf(sealed.by) +
                 (group ? ", to the members of a group, this node among them" : ", to this node"));
  AddContents(*sealed.verified, cards, at, report);
}

}  // namespace

absl::Status CheckClear(ByteView wire, absl::Time at) {
  const auto frame = envelope::ParseFrame(wire);
  return frame.ok() ? envelope::CheckHours(frame->header, at) : frame.status();
}

absl::StatusOr<envelope::VerifiedEnvelope> CheckSealed(ByteView wire, NodeKeys& keys, const OrgId& from, absl::Time at,
                                                       GivenGroups& groups) {
  groups.BeginCheck();
  const auto never = [](const EnvelopeId&) { return false; };
  auto opened = envelope::Open(wire, keys.org(), keys.prekeys(), at, never, groups.ToOpenWith(at));
  if (!opened.ok()) return opened.status();
  return envelope::Verify(*std::move(opened), keys.parties(), from, at, &groups);
}

Report CheckEnvelope(ByteView wire, const Cards& cards, NodeKeys* keys, GivenGroups& groups, absl::Time at) {
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
  groups.TellSecrets(report, at);
  if (keys != nullptr) {
    AddSealed(CheckSealedByAny(wire, cards, *keys, groups, at), group, cards, at, report);
  } else {
    report.Add("sealed", kNotChecked, group ? std::string(kNoKeys) + ", and --documents FILE goes with it" : kNoKeys);
  }
  report.Add("revocation", kNotChecked, "newer documents of who signed are not known here");
  report.Add("replay, stream, recall", kNotChecked, "a node's journal knows them");
  return report;
}

}  // namespace entente::cli
