#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

#include "crypto/keystore.h"
#include "crypto/keystore_file.h"

namespace entente::test {

// New keystores for the parties of a test program, which makes hundreds: files as Keystore::Create writes them, all under one
// passphrase, salt and derived key, so that Argon2id runs once. keystore_test.cc holds what Create itself promises.
class HashedOnce {
 public:
  static constexpr std::string_view kPassphrase = "test passphrase";
  // Ends the program with the reason on failure.
  static crypto::Keystore MakeKeystore(const std::string& path, crypto::Secrets secrets = {}) {
    static const HashedOnce once;
    crypto::Keystore out;
    out.path_ = path;
    out.cost_ = crypto::kDaemon;
    out.salt_ = once.salt_;
    out.key_ = once.key_.Clone();
    out.secrets_ = std::move(secrets);
    Demand(out.Save());
    return out;
  }

 private:
  HashedOnce() {
    absl::StatusOr<crypto::KeystoreHeader> header = crypto::MakeKeystoreHeader(crypto::kDaemon, crypto::KeyFile::kKeystore);
    Demand(header.status());
    absl::StatusOr<crypto::SecretBytes> key = crypto::DeriveFileKey(crypto::SecretBytes::CopyOf(kPassphrase), *header);
    Demand(key.status());
    salt_ = std::move(header->salt);
    key_ = *std::move(key);
  }
  static void Demand(const absl::Status& status) {
    if (status.ok()) return;
    std::fprintf(stderr, "a test keystore cannot be made: %s\n", std::string(status.message()).c_str());
    std::abort();
  }

  Bytes salt_;
  crypto::SecretBytes key_;
};

}  // namespace entente::test
