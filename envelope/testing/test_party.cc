#include "envelope/testing/test_party.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "crypto/testing/hashed_once.h"
#include "trust/key_maker.h"

namespace entente::envelope::testing {
namespace {

void Demand(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "a test party cannot be made: %s\n", std::string(status.message()).c_str());
  std::abort();
}

template <typename T>
T Demand(absl::StatusOr<T> value) {
  Demand(value.status());
  return *std::move(value);
}

std::string MakeFolder() {
  std::string path = (std::filesystem::temp_directory_path() / "entente-party-XXXXXX").string();
  Demand(mkdtemp(path.data()) != nullptr ? absl::OkStatus() : absl::InternalError("no temporary folder"));
  return path;
}

trust::Self MakeSelf(const std::string& name, absl::Time now) {
  Demand(crypto::Initialise());
  const auto root = crypto::SigningKey::Generate();
  auto statement = std::make_shared<const crypto::SigningKey>(crypto::SigningKey::Generate());
  const auto wire = Demand(trust::MakeIdentity(name, root, *statement, now));
  const KeyId key_id = trust::MakeKeyId(v1::KEY_USAGE_STATEMENT, statement->public_key());
  return {Demand(trust::Identity::Check(wire, now)), key_id, std::move(statement)};
}

}  // namespace

TestParty::TestParty(const std::string& name, absl::Time now)
    : name_(name), folder_(MakeFolder()), self_(MakeSelf(name, now)) {
  keystore_ = std::make_unique<crypto::Keystore>(test::HashedOnce::MakeKeystore(folder_ + "/keystore"));
  ring_ = std::make_unique<trust::PrekeyRing>(self_, *keystore_);
  Demand(ring_->Rotate(now));
}

TestParty::~TestParty() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

trust::Prekey TestParty::Prekey(absl::Time now) const {
  return Demand(trust::CheckPrekey(trust::IdentityHistory(self_.identity), ring_->Offer(), now));
}

trust::Accepted TestParty::AsParty() const {
  model::Party party;
  party.org = org();
  party.name = name_;
  party.nation = "XA";
  party.kind = model::PartyKind::kCert;
  party.ceiling = model::Label::kAmberStrict;
  return {party, self_.identity};
}

std::unique_ptr<trust::Directory> TestParty::DirectoryWith(const std::vector<const TestParty*>& peers) const {
  trust::Accepted own = AsParty();
  auto directory = std::make_unique<trust::Directory>(own.party, own.identity);
  for (const TestParty* peer : peers) Demand(directory->Accept(peer->AsParty()));
  return directory;
}

}  // namespace entente::envelope::testing
