#include "storage/testing/test_store.h"

#include <stdlib.h>

#include <algorithm>
#include <cstdio>

#include "base/reject.h"
#include "trust/key_maker.h"

namespace entente::storage::testing {
namespace {

namespace fs = std::filesystem;

// Stops the test program with the reason: a fixture that cannot be built proves nothing.
template <typename T>
T Must(absl::StatusOr<T> value) {
  if (value.ok()) return *std::move(value);
  std::fprintf(stderr, "fixture: %s\n", std::string(value.status().message()).c_str());
  abort();
}

fs::path MakeFolder() {
  std::string pattern = (fs::temp_directory_path() / "entente-store-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) abort();
  return pattern;
}

}  // namespace

policy::Constraints Labelled(model::Label label) {
  policy::Constraints constraints;
  constraints.label = label;
  return constraints;
}

trust::Self MakeSelf(const std::string& name, absl::Time now) {
  if (!crypto::Initialise().ok()) abort();
  const crypto::SigningKey root = crypto::SigningKey::Generate();
  auto statement = std::make_shared<crypto::SigningKey>(crypto::SigningKey::Generate());
  trust::Identity identity = Must(trust::Identity::Check(Must(trust::MakeIdentity(name, root, *statement, now)), now));
  const KeyId key_id = trust::MakeKeyId(v1::KEY_USAGE_STATEMENT, statement->public_key());
  return {std::move(identity), key_id, std::move(statement)};
}

v1::PartyAccepted PartyOf(const trust::Self& org, const std::string& name) {
  v1::PartyAccepted party;
  party.set_org_id(org.org().str());
  *party.mutable_identity() = org.identity.wire();
  party.set_name(name);
  party.set_nation("XE");
  party.set_kind("cert");
  party.set_ceiling(v1::LABEL_AMBER_STRICT);
  return party;
}

policy::Permit PermitFor(const OrgId& recipient, model::Label label) {
  policy::Question question;
  question.constraints.label = label;
  question.integrity = question.agreement = true;
  question.sender.org = question.recipient.org = recipient;
  question.sender.nation = question.recipient.nation = "XN";
  question.sender.kind = question.recipient.kind = model::PartyKind::kCert;
  question.sender.ceiling = question.recipient.ceiling = model::Label::kRed;
  question.now = absl::FromUnixSeconds(1'790'000'000);
  const policy::Decision decision = policy::Evaluate({}, question);
  if (!decision.permitted()) abort();
  return *decision.permit();
}

TestObject Indicator(const std::string& tail, const std::string& value, int64_t version_ns, const std::string& extra) {
  TestObject object;
  object.facts.id = "indicator--00000000-0000-4000-8000-" + std::string(12 - tail.size(), '0') + tail;
  object.facts.type = "indicator";
  object.facts.version = "2026-01-02T03:04:05Z";
  object.facts.version_ns = version_ns;
  object.facts.values = {value};
  object.content = "{\"id\":\"" + object.facts.id + "\",\"value\":\"" + value +
                   "\",\"n\":" + std::to_string(version_ns) + extra + "}";
  return object;
}

TestStore::TestStore()
    : folder(MakeFolder()),
      self(MakeSelf("cert.norlandia", clock.now)),
      at_rest(crypto::SecretBytes::Random(crypto::kKeySize)) {
  options.path = store();
  options.create = true;
  options.space_floor_bytes = 0;
  Open();
}

TestStore::~TestStore() {
  journal.reset();
  fs::remove_all(folder);
}

absl::StatusOr<std::unique_ptr<Journal>> TestStore::TryOpen() {
  return Journal::Open(options, at_rest, self, clock);
}
void TestStore::Open() {
  journal.reset();
  journal = Must(TryOpen());
}

std::vector<fs::path> TestStore::Files(const std::string& extension) const {
  std::vector<fs::path> out;
  for (const auto& entry : fs::directory_iterator(store())) {
    if (entry.path().extension() == extension) out.push_back(entry.path());
  }
  std::sort(out.begin(), out.end());
  return out;
}

void TestStore::Keep(const std::string& name) {
  fs::remove_all(folder / name);
  fs::create_directory(folder / name);
  fs::copy(store(), folder / name / "store", fs::copy_options::recursive);
  fs::copy_file(head_file(), folder / name / "store.head");
}

void TestStore::Restore(const std::string& name) {
  fs::remove_all(store());
  fs::remove(head_file());
  fs::copy(folder / name / "store", store(), fs::copy_options::recursive);
  if (fs::exists(folder / name / "store.head")) fs::copy_file(folder / name / "store.head", head_file());
}

absl::Status TestStore::Publish(const std::vector<TestObject>& objects, const std::vector<OrgId>& audience,
                                const Later& later) {
  return journal->CommitAndWait([&](Transaction& transaction) { return Store(transaction, objects, audience, later); });
}

absl::Status TestStore::Store(Transaction& transaction, const std::vector<TestObject>& objects,
                              const std::vector<OrgId>& audience, const Later& later) const {
  std::vector<Bytes> contents;
  for (const TestObject& object : objects) contents.push_back(object.content);
  std::vector<OrgId> sorted = audience;
  std::sort(sorted.begin(), sorted.end());
  const auto stream = transaction.OutboundStream(sorted, std::nullopt);
  if (!stream.ok()) return stream.status();
  const auto position = stream->value_or(envelope::StreamPosition{crypto::RandomId<StreamId>(), 0, StatementId()});
  const auto batch =
      envelope::SignBatch(self, Labelled(model::Label::kGreen), sorted, std::move(contents), position, clock.now);
  if (!batch.ok()) return batch.status();
  std::vector<PartyDecision> decisions;
  for (const OrgId& org : sorted) decisions.push_back({org, PermitFor(org)});
  for (const auto& [org, until] : later) decisions.push_back({org, RejectReason::kPolicyEmbargo, until});
  const absl::StatusOr<uint64_t> batch_seq = transaction.AppendOwnBatch(*batch, decisions);
  if (!batch_seq.ok()) return batch_seq.status();
  for (size_t i = 0; i < objects.size(); ++i) {
    const auto stored =
        transaction.AppendObject(*batch_seq, batch->statements()[i], objects[i].facts, PermitFor(self.org()));
    if (!stored.ok()) return stored.status();
  }
  return absl::OkStatus();
}

absl::Status TestStore::Accept(const trust::Self& org, const std::string& name) {
  return journal->CommitAndWait(
      [&](Transaction& transaction) { return transaction.AppendParty(PartyOf(org, name)).status(); });
}

envelope::Batch Sent(const trust::Self& origin, const OrgId& to, const std::vector<TestObject>& objects,
                     envelope::StreamPosition& position, absl::Time now) {
  std::vector<Bytes> contents;
  for (const TestObject& object : objects) contents.push_back(object.content);
  envelope::Batch batch =
      Must(envelope::SignBatch(origin, Labelled(model::Label::kGreen), {to}, std::move(contents), position, now));
  position = batch.After();
  return batch;
}

}  // namespace entente::storage::testing
