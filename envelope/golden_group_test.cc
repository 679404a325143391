#include <gtest/gtest.h>

#include <deque>
#include <filesystem>

#include "absl/strings/numbers.h"
#include "crypto/encoding.h"
#include "envelope/proof.h"
#include "envelope/testing/federation.h"
#include "tests/vectors/vector_file.h"
#include "trust/group_directory.h"

// Envelopes of a group's epochs, what is addressed to groups, and proofs of it, that another implementation made from
// docs/formats (tests/oracle/golden_group.py), and each of its damages.
namespace entente::envelope {
namespace {

using test::VectorRecord;

int64_t Number(const Bytes& text) {
  int64_t value = 0;
  EXPECT_TRUE(absl::SimpleAtoi(text, &value)) << text;
  return value;
}
absl::Time Moment(const Bytes& text) {
  return absl::FromUnixMicros(Number(text));
}
OrgId Organisation(const Bytes& bytes) {
  return *OrgId::From(bytes);
}
template <typename Message>
Message Parsed(const Bytes& bytes) {
  Message message;
  EXPECT_TRUE(message.ParseFromString(bytes));
  return message;
}
template <typename T>
std::string Answer(const absl::StatusOr<T>& checked) {
  return checked.ok() ? "ADMITTED" : std::string(Describe(ReasonOf(checked.status())).name);
}

// The member that reads the file: whom it has on file, its one prekey, and its groups behind as many documents as a row
// says.
class Member {
 public:
  Member() : ready_(crypto::Initialise().ok()), records_(test::ReadVectors("group_envelope.txt")) {
    const VectorRecord& first = records_.at(0);
    now_ = Moment(first.at("now_us"));
    org_ = Organisation(first.at("org_id"));
    std::vector<trust::Accepted> others;
    for (const VectorRecord& v : records_) {
      if (v.contains("place")) documents_.push_back(v);
      if (!v.contains("party")) continue;
      trust::Accepted accepted = Party(v);
      if (accepted.party.org == org_) {
        auto key = std::make_shared<const crypto::SigningKey>(
            *crypto::SigningKey::FromSeed(crypto::SecretBytes::CopyOf(first.at("statement_seed"))));
        const KeyId key_id = trust::MakeKeyId(v1::KEY_USAGE_STATEMENT, key->public_key());
        self_ = std::make_unique<trust::Self>(trust::Self{accepted.identity, key_id, std::move(key), accepted.history});
        directory_ = std::make_unique<trust::Directory>(accepted.party, accepted.history);
      } else {
        others.push_back(std::move(accepted));
      }
    }
    for (trust::Accepted& other : others) {
      const absl::Status status = directory_->Accept(std::move(other));
      EXPECT_TRUE(status.ok()) << status;
    }
    OpenRing(first);
  }
  ~Member() { std::filesystem::remove_all(folder_); }
  Member(const Member&) = delete;

  const std::vector<VectorRecord>& records() const { return records_; }
  absl::StatusOr<VerifiedEnvelope> Take(const VectorRecord& v, ByteView wire) {
    const trust::GroupDirectory& groups = Behind(PlaceOf(v));
    const absl::Time at = Moment(v.at("at_us"));
    auto opened = Open(wire, org_, *ring_, at, testing::NeverSeen, &groups);
    if (!opened.ok()) return opened.status();
    return Verify(*std::move(opened), *directory_, Organisation(v.at("peer")), at, &groups);
  }
  absl::StatusOr<ProvenStatement> Prove(const VectorRecord& v, ByteView bytes) {
    const auto proof = ReadProof(bytes);
    if (!proof.ok()) return proof.status();
    return CheckProof(*proof, *directory_, Moment(v.at("at_us")), nullptr, nullptr, &Behind(PlaceOf(v)));
  }

 private:
  static size_t PlaceOf(const VectorRecord& v) { return static_cast<size_t>(Number(v.at("behind"))); }
  trust::Accepted Party(const VectorRecord& v) const {
    const auto chain = Parsed<v1::IdentityChain>(v.at("identity_chain"));
    auto history = std::make_shared<trust::IdentityHistory>(*trust::IdentityHistory::Begin(chain.documents(0)));
    for (int i = 1; i < chain.documents_size(); ++i) {
      const absl::Status status = history->Extend(chain.documents(i), now_);
      EXPECT_TRUE(status.ok()) << v.at("party") << ": " << status;
    }
    model::Party party;
    party.org = Organisation(v.at("org_id"));
    party.name = v.at("party");
    return {party, history->newest(), history};
  }
  void OpenRing(const VectorRecord& v) {
    folder_ = ::testing::TempDir() + "entente-golden-group-envelope";
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directory(folder_);
    Bytes entry = v.at("prekey_seed") + v.at("prekey_public");
    for (const char* end : {"prekey_not_before_us", "prekey_not_after_us"}) {
      AppendBigEndian(entry, static_cast<uint64_t>(Number(v.at(end))));
    }
    std::map<std::string, crypto::SecretBytes> secrets;
    secrets.emplace("prekey/" + crypto::ToHex(v.at("prekey_id")), crypto::SecretBytes::CopyOf(entry));
    keystore_ = std::make_unique<crypto::Keystore>(*crypto::Keystore::Create(
        folder_ + "/keystore", crypto::SecretBytes::CopyOf("golden"), crypto::kDaemon, std::move(secrets)));
    ring_ = std::make_unique<trust::PrekeyRing>(*self_, *keystore_);
  }
  // Runs of documents go in whole, as a peer hands them over: a group begins with the version that has its reader in
  // it.
  const trust::GroupDirectory& Behind(size_t count) {
    auto& groups = behind_[count];
    if (groups != nullptr) return *groups;
    groups = std::make_unique<trust::GroupDirectory>(*directory_, org_, *ring_, *keystore_);
    for (size_t i = 0; i < count;) {
      const auto& v = documents_.at(i);
      if (v.contains("epoch")) {
        const auto kept = [] { return absl::OkStatus(); };
        const absl::Status status = groups->TakeEpoch(Parsed<v1::EpochDelivery>(v.at("epoch")), {now_}, kept);
        EXPECT_TRUE(status.ok()) << v.at("place") << ": " << status;
        ++i;
      } else {
        i = TakeRun(*groups, i, count);
      }
    }
    return *groups;
  }
  // Answers the place behind the run that begins at `begin`.
  size_t TakeRun(trust::GroupDirectory& groups, size_t begin, size_t count) const {
    std::deque<v1::SignedMembership> versions;
    std::deque<v1::SignedBody> entries;
    std::vector<trust::GroupDocument> run;
    size_t end = begin;
    for (; end < count && documents_[end].at("group_id") == documents_[begin].at("group_id"); ++end) {
      const VectorRecord& v = documents_[end];
      if (v.contains("epoch")) break;
      if (v.contains("membership"))
        run.push_back(&versions.emplace_back(Parsed<v1::SignedMembership>(v.at("membership"))));
      if (v.contains("entry")) run.push_back(&entries.emplace_back(Parsed<v1::SignedBody>(v.at("entry"))));
    }
    const auto kept = [](const trust::GroupDocument&) { return absl::OkStatus(); };
    const absl::Status status =
        groups.TakeDocuments(*GroupId::From(documents_[begin].at("group_id")), run, {now_}, kept);
    EXPECT_TRUE(status.ok()) << documents_[begin].at("place") << ": " << status;
    return end;
  }

  const bool ready_;  // before the first secret
  std::vector<VectorRecord> records_, documents_;
  absl::Time now_;
  OrgId org_;
  std::unique_ptr<trust::Self> self_;
  std::unique_ptr<trust::Directory> directory_;
  std::string folder_;
  std::unique_ptr<crypto::Keystore> keystore_;
  std::unique_ptr<trust::PrekeyRing> ring_;
  std::map<size_t, std::unique_ptr<trust::GroupDirectory>> behind_;
};

// What begins like an earlier record of the same kind.
class Whole {
 public:
  explicit Whole(const char* form) : form_(form) {}
  const Bytes& Of(const VectorRecord& v) {
    const auto common = static_cast<size_t>(Number(v.at("common")));
    return before_[v.at("name")] = before_.at(v.at("like")).substr(0, common) + v.at(form_);
  }

 private:
  const char* form_;
  std::map<Bytes, Bytes> before_ = {{"", ""}};
};
Bytes HopsOf(const std::vector<Hop>& hops) {
  Bytes joined;
  for (const Hop& hop : hops) joined.append(hop.id.view());
  return joined;
}

TEST(GoldenGroup, EveryEnvelopeIsAnsweredAsTheOtherImplementationAnswersIt) {
  Member member;
  Whole whole("envelope");
  int seen = 0;
  for (const VectorRecord& v : member.records()) {
    if (!v.contains("envelope")) continue;
    ++seen;
    const auto verified = member.Take(v, whole.Of(v));
    EXPECT_EQ(Answer(verified), v.at("answer")) << v.at("name") << ": " << verified.status();
    if (!verified.ok() || !v.contains("hops")) continue;
    EXPECT_EQ(HopsOf(verified->hops), v.at("hops")) << v.at("name");
  }
  EXPECT_GT(seen, 140);
}

TEST(GoldenGroup, EveryProofIsAnsweredAsTheOtherImplementationAnswersIt) {
  Member member;
  Whole whole("proof");
  int seen = 0;
  for (const VectorRecord& v : member.records()) {
    if (!v.contains("proof")) continue;
    ++seen;
    const auto proven = member.Prove(v, whole.Of(v));
    EXPECT_EQ(Answer(proven), v.at("answer")) << v.at("name") << ": " << proven.status();
    if (!proven.ok() || !v.contains("hops")) continue;
    EXPECT_EQ(HopsOf(proven->hops), v.at("hops")) << v.at("name");
  }
  EXPECT_GE(seen, 30);
}

}  // namespace
}  // namespace entente::envelope
