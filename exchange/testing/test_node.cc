#include "exchange/testing/test_node.h"

#include <stdlib.h>

#include <cstdio>

#include "crypto/testing/hashed_once.h"
#include "trust/key_maker.h"

namespace entente::exchange::testing {
namespace {

// Stops the test program with the reason: a fixture that cannot be built proves nothing.
template <typename T>
T Must(absl::StatusOr<T> value) {
  if (!value.ok()) {
    std::fprintf(stderr, "fixture: %s\n", std::string(value.status().message()).c_str());
    abort();
  }
  return *std::move(value);
}
void Must(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "fixture: %s\n", std::string(status.message()).c_str());
  abort();
}

const char* MarkingId(model::Label label) {
  switch (label) {
    case model::Label::kUnlabelled:
      return "";
    case model::Label::kClear:
      return "94868c89-83c2-464b-929b-a1a8aa3c8487";
    case model::Label::kGreen:
      return "bab4a63c-aed9-4cf5-a766-dfca5abac2bb";
    case model::Label::kAmber:
      return "55d920b0-5e8b-4f79-9ee9-91f868d9b421";
    case model::Label::kAmberStrict:
      return "939a9414-2ddd-4d32-a0cd-375ea402b003";
    case model::Label::kRed:
      return "e828b379-4e03-4974-9ac4-e53a884c97c1";
  }
  return "";
}

}  // namespace

TestNode::TestNode(const std::string& name, const std::string& nation, model::PartyKind kind)
    : root((Must(crypto::Initialise()), crypto::SigningKey::Generate())) {
  std::string pattern = (std::filesystem::temp_directory_path() / "entente-test-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) abort();
  folder = pattern;
  auto statement = std::make_shared<crypto::SigningKey>(crypto::SigningKey::Generate());
  trust::Identity identity =
      Must(trust::Identity::Check(Must(trust::MakeIdentity(name, root, *statement, clock.now)), clock.now));
  const KeyId key_id = trust::MakeKeyId(v1::KEY_USAGE_STATEMENT, statement->public_key());
  self = std::make_unique<trust::Self>(trust::Self{identity, key_id, statement});
  keystore = std::make_unique<crypto::Keystore>(test::HashedOnce::MakeKeystore((folder / "keystore").string()));
  at_rest = std::make_unique<crypto::AtRest>(crypto::SecretBytes::Random(crypto::kKeySize));
  prekeys = std::make_unique<trust::PrekeyRing>(*self, *keystore);
  Must(prekeys->Rotate(clock.now));
  model::Party own;
  own.org = identity.org();
  own.name = name;
  own.nation = nation;
  own.kind = kind;
  own.ceiling = model::Label::kRed;
  directory = std::make_unique<trust::Directory>(own, identity);
  OpenJournal();
}

void TestNode::OpenJournal() {
  storage::JournalOptions options;
  options.path = (folder / "store").string();
  options.create = true;
  options.space_floor_bytes = 0;
  journal = Must(storage::Journal::Open(options, *at_rest, *self, clock));
  group_directory = std::make_unique<trust::GroupDirectory>(*directory, org(), *prekeys, *keystore);
  groups = std::make_unique<Groups>(room(), admin);
  Must(Must(groups->Load()));
  admission = std::make_unique<Admission>(room(), 2);
  publication = std::make_unique<Publication>(room());
  reading = std::make_unique<Reading>(room());
}

TestNode::~TestNode() {
  admission.reset();
  if (journal) journal->Stop();
  groups.reset();
  journal.reset();
  std::filesystem::remove_all(folder);
}

Room TestNode::room() {
  return {*self, *directory, *prekeys, *group_directory, *journal, rules, clock, counters, group_envelopes,
          warning_lists};
}

trust::Accepted TestNode::AsParty(model::Label ceiling) const {
  trust::Accepted accepted{directory->self().party, self->identity};
  accepted.party.ceiling = ceiling;
  return accepted;
}

void TestNode::Accept(const TestNode& other, model::Label ceiling) {
  trust::Accepted accepted = other.AsParty(ceiling);
  const trust::IdentityHistory history = trust::HistoryOf(*other.self);
  accepted.identity = *history.versions().front();
  v1::PartyAccepted wire;
  wire.set_org_id(accepted.party.org.str());
  *wire.mutable_identity() = accepted.identity.wire();
  wire.set_name(accepted.party.name);
  wire.set_nation(accepted.party.nation);
  wire.set_kind(std::string(model::Name(accepted.party.kind)));
  wire.set_ceiling(static_cast<v1::Label>(ceiling));
  Must(journal->CommitAndWait(
      [&](storage::Transaction& transaction) { return transaction.AppendParty(wire).status(); }));
  Must(directory->Accept(accepted));
  if (history.versions().size() > 1) Learn(*other.self);
}

trust::Prekey TestNode::OfferedPrekey() const {
  return Must(trust::CheckPrekey(trust::HistoryOf(*self), prekeys->Offer(), clock.now));
}

trust::Self TestNode::Next(bool stolen) const {
  auto fresh = std::make_shared<const crypto::SigningKey>(crypto::SigningKey::Generate());
  trust::IdentityHistory history = trust::HistoryOf(*self);
  trust::IdentityChange change = trust::Rotation(history, *fresh, clock.now);
  if (stolen) change.revoke = {trust::Compromise(self->key_id, clock.now)};
  const crypto::SigningKey* roots[] = {&root};
  Must(history.Extend(Must(trust::MakeNext(history, change, roots, clock.now)), clock.now));
  const KeyId key_id = trust::MakeKeyId(v1::KEY_USAGE_STATEMENT, fresh->public_key());
  return {history.newest(), key_id, std::move(fresh), std::make_shared<const trust::IdentityHistory>(history)};
}

void TestNode::BecomeAdmin() {
  admin = std::make_shared<crypto::SigningKey>(crypto::SigningKey::Generate());
  trust::IdentityHistory history = trust::HistoryOf(*self);
  trust::IdentityChange change;
  change.add.push_back({v1::KEY_USAGE_GROUP_ADMIN, admin.get()});
  const crypto::SigningKey* roots[] = {&root};
  Must(history.Extend(Must(trust::MakeNext(history, change, roots, clock.now)), clock.now));
  trust::Self next{history.newest(), self->key_id, self->statement_key,
                   std::make_shared<const trust::IdentityHistory>(history)};
  model::Party own = directory->self().party;
  directory = std::make_unique<trust::Directory>(own, next.history);
  Become(next);
}

void TestNode::Become(const trust::Self& next) {
  admission.reset();
  journal->Stop();
  groups.reset();
  group_directory.reset();
  journal.reset();
  *self = next;
  if (!prekeys->SignAnew(next).ok()) std::abort();
  OpenJournal();
}

void TestNode::Learn(const trust::Self& other) {
  const v1::IdentityChain chain = trust::ChainOf(trust::HistoryOf(other));
  Must(directory->Extend(other.org(), chain, clock.now, [&](const v1::SignedIdentity& wire) {
    return journal->CommitAndWait(
        [&](storage::Transaction& transaction) { return transaction.AppendIdentity(other.org(), wire).status(); });
  }));
}

v1::PublishProgress TestNode::Publish(const std::vector<std::string>& objects, const PublishTerms& terms) {
  std::vector<PublishItem> items;
  for (const std::string& object : objects) items.push_back({object, absl::OkStatus()});
  std::promise<absl::StatusOr<v1::PublishProgress>> finished;
  publication->Publish(std::move(items), terms, 0,
                       [&](absl::StatusOr<v1::PublishProgress> progress) { finished.set_value(std::move(progress)); });
  return Must(finished.get_future().get());
}

absl::Status TestNode::Admit(const OrgId& from, const Bytes& envelope) {
  std::promise<absl::Status> finished;
  admission->Submit(from, envelope, std::nullopt, [&](absl::Status status) { finished.set_value(std::move(status)); });
  return finished.get_future().get();
}

size_t DeliverAll(TestNode& from, TestNode& to) {
  Delivery delivery(from.room(), to.org());
  size_t envelopes = 0;
  for (;;) {
    std::optional<Outgoing> next = Must(delivery.Next(to.OfferedPrekey()));
    if (!next) break;
    const absl::Status status = to.Admit(from.org(), next->envelope);
    delivery.Acknowledge(next->position, !status.ok(), std::nullopt);
    ++envelopes;
  }
  Must(from.journal->CommitAndWait([](storage::Transaction&) { return absl::OkStatus(); }));  // cursors are behind this
  return envelopes;
}

std::string IdOf(const std::string& uuid_tail) {
  return "indicator--00000000-0000-4000-8000-" + std::string(12 - uuid_tail.size(), '0') + uuid_tail;
}

std::string Indicator(const std::string& uuid_tail, const std::string& value, model::Label label,
                      const std::string& modified, const std::string& extra) {
  std::string text = R"({"type":"indicator","spec_version":"2.1","id":")" + IdOf(uuid_tail);
  text += R"(","created":"2026-01-02T03:04:05.678Z","modified":")" + modified;
  text += R"(","pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z","pattern":"[domain-name:value = ')" + value +
          "']\"";
  if (label != model::Label::kUnlabelled) {
    text += R"(,"object_marking_refs":["marking-definition--)" + std::string(MarkingId(label)) + "\"]";
  }
  return text + extra + "}";
}

}  // namespace entente::exchange::testing
