#pragma once

#include <algorithm>
#include <cstdlib>
#include <utility>
#include <vector>

#include "trust/identity_chain.h"
#include "trust/sample_organisation.h"

// Identity documents under change, signed again after each, for the trust tests.
namespace entente::trust {

inline absl::Time Day(int day) { return SampleNow() + day * absl::Hours(24); }
inline KeyId SampleKeyId(v1::KeyUsage usage, char seed) { return MakeKeyId(usage, SampleKey(seed).public_key()); }

struct Draft {
  v1::IdentityDocument document;
  std::vector<std::pair<v1::KeyUsage, char>> signers;  // usage, and what its seed repeats

  // A key that signs; of the longest life that version 2 allows but for root keys.
  v1::PublicKey& Add(v1::KeyUsage usage, char seed, absl::Time from = SampleNow()) {
    v1::PublicKey& key = usage == v1::KEY_USAGE_ROOT ? *document.add_root_keys() : *document.add_keys();
    signers.emplace_back(usage, seed);
    key.set_usage(usage);
    key.set_public_key(SampleKey(seed).public_key());
    key.set_key_id(SampleKeyId(usage, seed).str());
    key.set_not_before_us(absl::ToUnixMicros(from));
    key.set_not_after_us(absl::ToUnixMicros(from + std::min(LongestLife(usage, document.version()), kIdentityLifetime)));
    return key;
  }
  v1::Revocation& Revoke(v1::KeyUsage usage, char seed, absl::Time cutoff,
                         v1::RevocationReason reason = v1::REVOCATION_REASON_SUPERSEDED) {
    v1::Revocation& revocation = *document.add_revocations();
    revocation.set_key_id(SampleKeyId(usage, seed).str());
    revocation.set_reason(reason);
    revocation.set_cutoff_us(absl::ToUnixMicros(cutoff));
    return revocation;
  }
  // Takes a key out of the document. Its signature stays.
  void Drop(v1::KeyUsage usage, char seed) {
    auto& keys = usage == v1::KEY_USAGE_ROOT ? *document.mutable_root_keys() : *document.mutable_keys();
    const KeyId id = SampleKeyId(usage, seed);
    keys.erase(std::remove_if(keys.begin(), keys.end(), [&](const auto& key) { return key.key_id() == id.view(); }), keys.end());
  }
  void SignedNoLongerBy(v1::KeyUsage usage, char seed) { std::erase(signers, std::pair(usage, seed)); }
  v1::SignedIdentity Signed() const { return Sign(document.SerializeAsString()); }
  v1::SignedIdentity Sign(const Bytes& bytes) const {
    v1::SignedIdentity out;
    out.set_document(bytes);
    for (const auto& [usage, seed] : signers) {
      v1::KeySignature& signature = *out.add_signatures();
      signature.set_key_id(SampleKeyId(usage, seed).str());
      signature.set_signature(*SampleKey(seed).Sign(kIdentityType, out.document()));
    }
    return out;
  }
};

// Version 1 with the root keys 'A', 'B', ... of which all must sign, and the statement key 'a'.
inline Draft FirstDraft(char roots = 1) {
  Draft draft;
  draft.document.set_version(1);
  draft.document.set_name("norlandia");
  draft.document.set_root_threshold(static_cast<uint32_t>(roots));
  draft.document.add_suites(1);
  draft.document.set_min_suite(1);
  draft.document.set_expires_us(absl::ToUnixMicros(SampleNow() + kIdentityLifetime));
  for (char i = 0; i < roots; ++i) draft.Add(v1::KEY_USAGE_ROOT, static_cast<char>('A' + i));
  draft.Add(v1::KEY_USAGE_STATEMENT, 'a');
  return draft;
}

// The version after history's newest, which it repeats; its root keys sign, by the seeds `roots`.
inline Draft NextDraft(const IdentityHistory& history, absl::Time issued, std::string_view roots) {
  Draft draft{history.newest().document(), {}};
  draft.document.set_version(history.newest().version() + 1);
  draft.document.set_org_id(history.org().str());
  draft.document.set_previous_hash(history.newest().hash().str());
  draft.document.set_issued_us(absl::ToUnixMicros(issued));
  draft.document.clear_revocations();
  for (const char root : roots) draft.signers.emplace_back(v1::KEY_USAGE_ROOT, root);
  return draft;
}

// Version 1, and on day 1 version 2: the roots A, B and C of which two must sign, the statement key a superseded with a
// cut-off on day 15, the statement key b, the admin key g, the log key l.
inline IdentityHistory SampleHistory() {
  IdentityHistory history = *IdentityHistory::Begin(FirstDraft().Signed());
  Draft next = NextDraft(history, Day(1), "A");
  next.Add(v1::KEY_USAGE_ROOT, 'B');
  next.Add(v1::KEY_USAGE_ROOT, 'C');
  next.document.set_root_threshold(2);
  next.Revoke(v1::KEY_USAGE_STATEMENT, 'a', Day(15));
  next.Add(v1::KEY_USAGE_STATEMENT, 'b', Day(1));
  next.Add(v1::KEY_USAGE_GROUP_ADMIN, 'g', Day(1));
  next.Add(v1::KEY_USAGE_LOG, 'l', Day(1));
  const absl::Status extended = history.Extend(next.Signed(), Day(1));
  if (!extended.ok()) std::abort();
  return history;
}

// history's owner, signing with the key whose seed repeats `seed`, whether a document holds it or not.
inline Self SampleSigner(const IdentityHistory& history, char seed) {
  return {history.newest(), SampleKeyId(v1::KEY_USAGE_STATEMENT, seed), std::make_shared<const crypto::SigningKey>(SampleKey(seed)),
          std::make_shared<const IdentityHistory>(history)};
}

}  // namespace entente::trust
