#include "services/entented/own_identity.h"

#include <tuple>

#include "base/reject.h"
#include "crypto/encoding.h"
#include "proto/strict_parse.h"
#include "services/entented/files.h"
#include "services/entented/token_keys.h"
#include "services/entented/unlock.h"
#include "trust/card.h"

namespace entente::node {
namespace {

bool BelongsTo(const crypto::SecretBytes& seed, const KeyId& id) {
  const auto key = crypto::SigningKey::FromSeed(seed);
  return key.ok() && trust::MakeKeyId(v1::KEY_USAGE_STATEMENT, key->public_key()) == id;
}

}  // namespace

absl::StatusOr<trust::IdentityHistory> ReadOwnHistory(const NodePaths& paths) {
  const auto bytes = ReadWholeFile(paths.identity, kMaxIdentityFileBytes);
  if (!bytes.ok()) return bytes.status();
  return ParseOwnHistory(*bytes, paths.identity);
}

absl::StatusOr<trust::IdentityHistory> ParseOwnHistory(ByteView bytes, const std::string& where) {
  v1::IdentityChain chain;
  v1::SignedIdentity first;
  // In this order: one document inside a chain would pass as a document without signatures, never the other way round.
  if (!StrictParse(bytes, chain).ok() || chain.documents().empty()) {
    chain.Clear();
    if (!StrictParse(bytes, first).ok()) {
      return Reject(RejectReason::kIdentity, where + " holds no identity documents; restore it from a backup");
    }
    *chain.add_documents() = first;
  }
  absl::StatusOr<trust::IdentityHistory> history = trust::IdentityHistory::Begin(chain.documents(0));
  if (!history.ok()) return history;
  for (const v1::SignedIdentity& wire : chain.documents()) {
    // Made here, so a clock that was set back since makes none of them worthless.
    if (absl::Status status = history->Extend(wire, absl::InfiniteFuture()); !status.ok()) return status;
  }
  return history;
}

absl::Status WriteOwnHistory(const NodePaths& paths, const trust::IdentityHistory& history) {
  return ReplaceFile(paths.identity, trust::ChainOf(history).SerializeAsString());
}

absl::Status WriteOwnCard(const Config& config, const trust::IdentityHistory& history, const std::string& path) {
  return ReplaceFile(path, trust::ArmourCard(trust::MakeCard(history, config.peer_address)));
}

std::string StatementSecretName(const KeyId& id) {
  return std::string(kStatementSecret) + "/" + crypto::ToHex(id.view());
}

const crypto::SecretBytes* FindStatementSecret(const Secrets& secrets, const KeyId& id) {
  for (const std::string& name : {StatementSecretName(id), std::string(kStatementSecret)}) {
    const auto found = secrets.find(name);
    if (found != secrets.end() && BelongsTo(found->second, id)) return &found->second;
  }
  return nullptr;
}

bool HoldsStatementKey(const Secrets& secrets, const KeyId& id) {
  return FindStatementSecret(secrets, id) != nullptr || FindTokenKey(secrets, kStatementSecret, id).has_value();
}

absl::StatusOr<KeyId> SigningKeyOf(const trust::IdentityHistory& history, absl::Time now,
                                   absl::FunctionRef<bool(const KeyId&)> has) {
  std::optional<std::tuple<bool, int64_t, KeyId>> best;
  absl::Status why = Reject(RejectReason::kKeystore, "the keystore belongs to another identity than the one in this folder");
  for (const v1::PublicKey& key : history.newest().keys()) {
    const KeyId id = *KeyId::From(key.key_id());
    if (key.usage() != v1::KEY_USAGE_STATEMENT || !has(id)) continue;
    const auto counts = history.KeyFor({id, trust::kHeadType, now, std::nullopt, std::nullopt, std::nullopt});
    if (!counts.ok()) {
      why = Reject(ReasonOf(counts.status()), "this node's statement key does not count now (" +
                                                  std::string(counts.status().message()) +
                                                  "); make the next one with `entente key rotate`");
      continue;
    }
    const std::tuple<bool, int64_t, KeyId> one(!history.keys().Find(key.key_id())->revocation.has_value(), key.not_before_us(), id);
    if (!best || *best < one) best = one;
  }
  if (!best) return why;
  return std::get<KeyId>(*best);
}

model::Party OwnParty(const Config& config, const OrgId& org) {
  model::Party party;
  party.org = org;
  party.name = config.name;
  party.nation = config.nation;
  const auto kind = model::ParsePartyKind(config.kind);  // LoadConfig has checked it
  if (kind.ok()) party.kind = *kind;
  party.ceiling = model::Label::kRed;
  party.address = config.peer_address.empty() ? config.peer_listen : config.peer_address;
  return party;
}

absl::StatusOr<trust::Self> SelfOf(const Secrets& secrets, const trust::IdentityHistory& history, absl::Time now) {
  const auto has = [&](const KeyId& id) { return HoldsStatementKey(secrets, id); };
  const absl::StatusOr<KeyId> id = SigningKeyOf(history, now, has);
  return id.ok() ? SelfWith(secrets, history, *id) : id.status();
}

absl::StatusOr<trust::Self> SelfWith(const Secrets& secrets, const trust::IdentityHistory& history, const KeyId& id) {
  trust::Self self{history.newest(), id, nullptr, std::make_shared<const trust::IdentityHistory>(history)};
  if (const crypto::SecretBytes* seed = FindStatementSecret(secrets, id)) {
    auto key = crypto::SigningKey::FromSeed(*seed);
    if (!key.ok()) return key.status();
    self.statement_key = std::make_shared<const crypto::SigningKey>(*std::move(key));
    return self;
  }
  auto key = OpenTokenKey(secrets, *FindTokenKey(secrets, kStatementSecret, id), v1::KEY_USAGE_STATEMENT);
  if (!key.ok()) return key.status();
  self.statement_key = *std::move(key);
  return self;
}

}  // namespace entente::node
