#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "crypto/encoding.h"
#include "crypto/keystore.h"
#include "crypto/testing/hashed_once.h"
#include "tests/vectors/vector_file.h"
#include "trust/directory.h"
#include "trust/prekey.h"

// Who reads what another implementation made (tests/oracle/golden_*.py): whom it has on file, and its one prekey. For
// tests.
namespace entente::trust {

// All versions of the party of a record with `identity_chain`. Throws where one of them is refused.
inline IdentityHistory GoldenHistory(const test::VectorRecord& v, absl::Time now) {
  const auto chain = test::MessageOf<v1::IdentityChain>(v.at("identity_chain"));
  IdentityHistory history = *IdentityHistory::Begin(chain.documents(0));
  for (int i = 1; i < chain.documents_size(); ++i) {
    const absl::Status status = history.Extend(chain.documents(i), now);
    if (!status.ok()) throw std::runtime_error(v.at("party") + ": " + status.ToString());
  }
  return history;
}

// The keystore of a record's owner, with the prekey that the record has, in a folder of its own while this lives.
class GoldenKeystore {
 public:
  explicit GoldenKeystore(const test::VectorRecord& v) {
    std::string pattern = std::filesystem::temp_directory_path().string() + "/entente-golden-XXXXXX";
    folder_ = mkdtemp(pattern.data());
    Bytes entry = v.at("prekey_seed") + v.at("prekey_public");
    for (const char* end : {"prekey_not_before_us", "prekey_not_after_us"}) {
      AppendBigEndian(entry, static_cast<uint64_t>(test::NumberOf(v.at(end))));
    }
    std::map<std::string, crypto::SecretBytes> secrets;
    secrets.emplace("prekey/" + crypto::ToHex(v.at("prekey_id")), crypto::SecretBytes::CopyOf(entry));
    keystore_ = std::make_unique<crypto::Keystore>(
        test::HashedOnce::MakeKeystore(folder_ + "/keystore", std::move(secrets)));
  }
  GoldenKeystore(const GoldenKeystore&) = delete;
  GoldenKeystore& operator=(const GoldenKeystore&) = delete;
  ~GoldenKeystore() { std::filesystem::remove_all(folder_); }
  crypto::Keystore& operator*() const { return *keystore_; }

 private:
  std::string folder_;
  std::unique_ptr<crypto::Keystore> keystore_;
};

// This organisation as a record with `statement_seed` has it.
inline Self GoldenSelf(const test::VectorRecord& v, const IdentityHistory& history) {
  auto key = std::make_shared<const crypto::SigningKey>(
      *crypto::SigningKey::FromSeed(crypto::SecretBytes::CopyOf(v.at("statement_seed"))));
  const KeyId key_id = MakeKeyId(v1::KEY_USAGE_STATEMENT, key->public_key());
  return {history.newest(), key_id, std::move(key), std::make_shared<const IdentityHistory>(history)};
}

// The organisation that a file's first record names, with everybody on file whose chain the file has.
class GoldenReader {
 public:
  explicit GoldenReader(const std::string& file)
      : ready_(crypto::Initialise().ok()), records_(test::ReadVectors(file)) {
    const test::VectorRecord& first = records_.at(0);
    now_ = test::MomentOf(first.at("now_us"));
    std::vector<Accepted> others;
    for (const test::VectorRecord& v : records_) {
      if (!v.contains("party")) continue;
      const auto history = std::make_shared<const IdentityHistory>(GoldenHistory(v, now_));
      model::Party party;
      party.org = history->org();
      party.name = v.at("party");
      if (party.org.view() != v.at("org_id")) throw std::runtime_error(party.name + ": another organisation");
      if (party.org.view() != first.at("org_id")) {
        others.push_back({party, history->newest(), history});
        continue;
      }
      self_ = std::make_unique<Self>(GoldenSelf(first, *history));
      directory_ = std::make_unique<Directory>(party, history);
    }
    for (Accepted& other : others) {
      if (!directory_->Accept(std::move(other)).ok()) throw std::runtime_error(file + ": a party is refused");
    }
    keystore_ = std::make_unique<GoldenKeystore>(first);
    ring_ = std::make_unique<PrekeyRing>(*self_, **keystore_);
  }

  const std::vector<test::VectorRecord>& records() const { return records_; }
  absl::Time now() const { return now_; }
  OrgId org() const { return self_->org(); }
  const Directory& directory() const { return *directory_; }
  const PrekeyRing& ring() const { return *ring_; }
  crypto::Keystore& keystore() const { return **keystore_; }

 private:
  const bool ready_;  // before the first secret
  std::vector<test::VectorRecord> records_;
  absl::Time now_;
  std::unique_ptr<Self> self_;
  std::unique_ptr<Directory> directory_;
  std::unique_ptr<GoldenKeystore> keystore_;
  std::unique_ptr<PrekeyRing> ring_;
};

}  // namespace entente::trust
