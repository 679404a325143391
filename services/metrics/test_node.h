#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "crypto/crypto.h"
#include "services/metrics/metrics_server.h"

namespace entente::metrics {

// What a metrics surface needs of a node, for tests: real keys, a real store in a temporary folder, one accepted party.
class TestNode : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(crypto::Initialise().ok());
    std::string pattern = testing::TempDir() + "entente-XXXXXX";
    folder_ = mkdtemp(pattern.data());
    const auto identity = MakeParty("cert.norlandia");
    self_ = std::make_unique<trust::Self>(identity);
    model::Party own;
    own.org = self_->org();
    own.name = "cert.norlandia";
    directory_ = std::make_unique<trust::Directory>(own, self_->identity);
    const auto peer = MakeParty("cert.estovia");
    peer_.org = peer.org();
    peer_.name = "cert.estovia";
    ASSERT_TRUE(directory_->Accept({peer_, peer.identity}).ok());
    storage::JournalOptions options;
    options.path = folder_ + "/store";
    options.create = true;
    at_rest_ = std::make_unique<crypto::AtRest>(crypto::SecretBytes::Random(crypto::kKeySize));
    auto journal = storage::Journal::Open(options, *at_rest_, *self_, clock_);
    ASSERT_TRUE(journal.ok()) << journal.status();
    journal_ = *std::move(journal);
  }
  void TearDown() override {
    journal_.reset();
    std::filesystem::remove_all(folder_);
  }

  MetricsSources Sources() {
    return {counters_,   *journal_,
            *directory_, [this] { return std::vector<Check>{{"store", store_}, {"serving", absl::OkStatus()}}; },
            "9.8.7",     clock_.Now()};
  }

  static trust::Self MakeParty(const std::string& name) {
    const auto root = crypto::SigningKey::Generate();
    auto statement = std::make_shared<crypto::SigningKey>(crypto::SigningKey::Generate());
    const auto wire = trust::MakeIdentity(name, root, *statement, absl::Now());
    const auto identity = trust::Identity::Check(*wire, absl::Now());
    const KeyId id = trust::MakeKeyId(v1::KEY_USAGE_STATEMENT, statement->public_key());
    return {*identity, id, statement};
  }

  SystemClock clock_;
  std::unique_ptr<crypto::AtRest> at_rest_;
  std::string folder_;
  std::unique_ptr<trust::Self> self_;
  std::unique_ptr<trust::Directory> directory_;
  std::unique_ptr<storage::Journal> journal_;
  exchange::Counters counters_;
  model::Party peer_;
  absl::Status store_;
};

}  // namespace entente::metrics
