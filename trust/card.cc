#include "trust/card.h"

#include <algorithm>
#include <charconv>

#include "base/reject.h"
#include "proto/strict_parse.h"
#include "trust/armour.h"

namespace entente::trust {
namespace {

constexpr size_t kMaxHostBytes = 253;

absl::Status RefuseCard(absl::string_view what) {
  return Reject(RejectReason::kIdentity, "card refused: " + std::string(what) +
                                             "; copy the whole card again, from its BEGIN line to its END line");
}

bool IsHost(std::string_view host) {
  if (host.empty() || host.size() > kMaxHostBytes) return false;
  const bool bracketed = host.front() == '[' && host.back() == ']' && host.size() > 2;
  if (bracketed) host = host.substr(1, host.size() - 2);
  return std::all_of(host.begin(), host.end(), [&](char c) {
    const bool digit = c >= '0' && c <= '9', letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return bracketed ? digit || c == ':' || c == '.' || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')
                     : digit || letter || c == '.' || c == '-';
  });
}

// What has expired counts as any other: see CheckFresh.
absl::StatusOr<IdentityHistory> HistoryOf(const v1::SignedIdentity& first, const v1::IdentityChain& later,
                                          absl::Time now) {
  absl::StatusOr<IdentityHistory> history = IdentityHistory::Begin(first);
  if (!history.ok() || later.documents().empty()) return history;
  const absl::Status taken = history->TakeIn(later, now, [](const v1::SignedIdentity&) { return absl::OkStatus(); });
  if (!taken.ok() && ReasonOf(taken) != RejectReason::kFreeze) return taken;
  return history;
}

bool IsAddress(std::string_view address) {
  if (address.empty()) return true;
  const size_t colon = address.rfind(':');
  if (colon == std::string_view::npos || !IsHost(address.substr(0, colon))) return false;
  const std::string_view port = address.substr(colon + 1);
  uint16_t number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  return error == std::errc() && end == port.data() + port.size() && number != 0 && port.front() != '0';
}

}  // namespace

std::string ArmourCard(const v1::Card& card) { return Armour(kCardArmour, card.SerializeAsString()); }

absl::StatusOr<v1::Card> ReadCard(const std::string& text) {
  if (text.size() > kMaxCardBytes) return RefuseCard("it is over 128 KiB");
  absl::StatusOr<Bytes> bytes = Unarmour(kCardArmour, text);
  if (!bytes.ok()) return RefuseCard(bytes.status().message());
  v1::Card card;
  if (!StrictParse(*bytes, card).ok()) return RefuseCard("its content is damaged");
  if (card.version() != 1) return RefuseCard("its version is not 1, the only one that this software reads");
  if (!card.has_identity()) return RefuseCard("it holds no identity");
  if (!IsAddress(card.address())) return RefuseCard("its address is not host:port");
  return card;
}

absl::StatusOr<IdentityHistory> HistoryOfCard(const v1::Card& card, absl::Time now) {
  v1::IdentityChain later;
  *later.mutable_documents() = card.later();
  auto history = HistoryOf(card.identity(), later, now);
  if (history.ok() && history->versions().size() != 1 + static_cast<size_t>(card.later_size())) {
    return RefuseCard("version 1 stands in it twice");
  }
  return history;
}

std::string ArmourChain(const IdentityHistory& history) {
  return Armour(kIdentityArmour, ChainOf(history).SerializeAsString());
}

absl::StatusOr<IdentityHistory> ReadChain(std::string_view text, absl::Time now) {
  if (text.size() > kMaxChainText) return Reject(RejectReason::kLimit, "an identity chain has at most 1 MiB");
  const absl::StatusOr<Bytes> bytes = Unarmour(kIdentityArmour, text);
  v1::IdentityChain chain;
  absl::Status parsed = bytes.ok() ? StrictParse(*bytes, chain) : bytes.status();
  if (parsed.ok() && chain.documents().empty()) parsed = Reject(RejectReason::kParse, "it holds no document");
  if (!parsed.ok()) {
    return Reject(RejectReason::kParse, "identity chain refused: " + std::string(parsed.message()) +
                                            "; copy it again, from its BEGIN line to its END line");
  }
  const v1::SignedIdentity first = chain.documents(0);
  const auto size = static_cast<size_t>(chain.documents_size());
  chain.mutable_documents()->DeleteSubrange(0, 1);
  auto history = HistoryOf(first, chain, now);
  if (history.ok() && history->versions().size() != size) {
    return Reject(RejectReason::kIdentityChain, "a version stands in the identity chain twice; ask for a whole one");
  }
  return history;
}

v1::Card MakeCard(const IdentityHistory& history, const std::string& address) {
  v1::Card card;
  card.set_version(1);
  card.set_address(address);
  for (const auto& version : history.versions()) {
    if (version->version() == 1) {
      *card.mutable_identity() = version->wire();
      continue;
    }
    *card.add_later() = version->wire();
    if (ArmourCard(card).size() <= kMaxCardBytes) continue;
    card.mutable_later()->RemoveLast();
    break;
  }
  return card;
}

}  // namespace entente::trust
