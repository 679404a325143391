#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "crypto/keystore.h"
#include "trust/group_directory.h"
#include "trust/sample_group.h"

// Nodes with keystores on disk that follow groups, for the trust tests.
namespace entente::trust {

// A keystore in a folder of its own. Making one is slow on purpose, so that tests hand them on, emptied.
struct SampleKeystore {
  static crypto::SecretBytes Passphrase() { return crypto::SecretBytes::CopyOf("correct horse battery staple"); }
  static std::vector<std::unique_ptr<SampleKeystore>>& Spare() {
    static std::vector<std::unique_ptr<SampleKeystore>> spare;
    return spare;
  }
  static std::unique_ptr<SampleKeystore> Take() {
    static const bool ready = crypto::Initialise().ok();
    if (!ready) std::abort();
    if (Spare().empty()) return std::make_unique<SampleKeystore>();
    std::unique_ptr<SampleKeystore> out = std::move(Spare().back());
    Spare().pop_back();
    return out;
  }
  static void GiveBack(std::unique_ptr<SampleKeystore> used) {
    while (!used->keystore->secrets().empty()) used->keystore->Remove(std::string(used->keystore->secrets().begin()->first));
    if (used->keystore->Save().ok()) Spare().push_back(std::move(used));
  }
  SampleKeystore() {
    std::string pattern = std::filesystem::temp_directory_path().string() + "/entente-group-XXXXXX";
    folder = mkdtemp(pattern.data());
    keystore.emplace(*crypto::Keystore::Create(path(), Passphrase(), crypto::kDaemon, {}));
  }
  SampleKeystore(const SampleKeystore&) = delete;
  SampleKeystore& operator=(const SampleKeystore&) = delete;
  ~SampleKeystore() { std::filesystem::remove_all(folder); }
  std::string path() const { return folder + "/keystore"; }

  std::string folder;
  std::optional<crypto::Keystore> keystore;
};

class SampleNode {
 public:
  SampleNode(const SampleOrg& sample, const Parties& parties) : org(sample), parties_(parties) { Begin(); }
  SampleNode(const SampleNode&) = delete;
  SampleNode& operator=(const SampleNode&) = delete;
  ~SampleNode() {
    groups.reset();
    SampleKeystore::GiveBack(std::move(keystore));
  }

  // What is on disk stays; the directory begins empty, as before its journal is read.
  void Restart() {
    groups.reset();
    prekeys.reset();
    keystore->keystore.emplace(*crypto::Keystore::Open(keystore->path(), SampleKeystore::Passphrase()));
    Begin();
  }
  Prekey FreshPrekey(absl::Time now) {
    if (!prekeys->Rotate(now).ok()) std::abort();
    return *CheckPrekey(org.history, prekeys->Offer(), now);
  }
  size_t SecretsOnDisk() const {
    const crypto::Keystore on_disk = *crypto::Keystore::Open(keystore->path(), SampleKeystore::Passphrase());
    size_t count = 0;
    for (const auto& [name, secret] : on_disk.secrets()) count += name.starts_with("epoch/") ? 1 : 0;
    return count;
  }
  absl::Status TakeEpoch(const v1::EpochDelivery& delivery, const Arrival& arrival) {
    return groups->TakeEpoch(delivery, arrival, Kept);
  }
  absl::Status TakeDocuments(const GroupId& group, const std::vector<GroupDocument>& run, const Arrival& arrival) {
    return groups->TakeDocuments(group, run, arrival, [](const GroupDocument&) { return absl::OkStatus(); });
  }

  SampleOrg org;
  std::unique_ptr<SampleKeystore> keystore = SampleKeystore::Take();
  std::optional<PrekeyRing> prekeys;
  std::optional<GroupDirectory> groups;

 private:
  void Begin() {
    prekeys.emplace(org.self, *keystore->keystore);
    groups.emplace(parties_, org.org(), *prekeys, *keystore->keystore);
  }

  const Parties& parties_;
};

}  // namespace entente::trust
