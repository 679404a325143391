#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "trust/identity_chain.h"

namespace entente::trust {

inline constexpr size_t kMaxCardBytes = 128 * 1024;

// The armoured text of a card: "-----BEGIN ENTENTE CARD-----", base64 lines of 64, "-----END ENTENTE CARD-----".
std::string ArmourCard(const v1::Card& card);
// Strict: one card, nothing but white space around it, version 1, address "" or host:port. Refuses with kIdentity.
// Does not check signatures: HistoryOfCard does.
absl::StatusOr<v1::Card> ReadCard(const std::string& text);
// The documents that a card holds, from version 1 on. Refuses as IdentityHistory::Begin and TakeIn do, but for documents that
// have expired: see CheckFresh.
absl::StatusOr<IdentityHistory> HistoryOfCard(const v1::Card& card, absl::Time now);
// The card of who owns `history`, with as many versions as fit into kMaxCardBytes.
v1::Card MakeCard(const IdentityHistory& history, const std::string& address);

// All documents of an organisation as armoured text, "-----BEGIN ENTENTE IDENTITY-----": what a card has no room for.
inline constexpr size_t kMaxChainText = 2 * kMaxIdentityChainBytes;  // base64 of as many bytes, in lines
std::string ArmourChain(const IdentityHistory& history);
// Strict, from version 1 on; documents that have expired too. Refuses with kLimit (over 1 MiB) and kParse, and as
// HistoryOfCard.
absl::StatusOr<IdentityHistory> ReadChain(std::string_view text, absl::Time now);

}  // namespace entente::trust
