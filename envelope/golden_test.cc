#include <gtest/gtest.h>

#include <filesystem>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "crypto/encoding.h"
#include "envelope/export_file.h"
#include "envelope/testing/federation.h"
#include "tests/vectors/vector_file.h"

// Envelopes and export files that another implementation made from docs/formats (tests/oracle/golden.py, golden_export.py), and each of
// its damages.
namespace entente::envelope {
namespace {

using test::VectorRecord;

int64_t Number(const Bytes& text) {
  int64_t value = 0;
  EXPECT_TRUE(absl::SimpleAtoi(text, &value)) << text;
  return value;
}

template <typename Message>
Message Parsed(const Bytes& bytes) {
  Message message;
  EXPECT_TRUE(message.ParseFromString(bytes));
  return message;
}

// An organisation of the file, with its one prekey in a keystore.
class Organisation {
 public:
  explicit Organisation(const VectorRecord& v)
      : now_(absl::FromUnixMicros(Number(v.at("now_us")))),
        self_{*trust::Identity::Check(Parsed<v1::SignedIdentity>(v.at("signed_identity")), now_), {}, KeyOf(v)},
        folder_(::testing::TempDir() + "entente-golden-" + v.at("name")) {
    self_.key_id = trust::MakeKeyId(v1::KEY_USAGE_STATEMENT, self_.statement_key->public_key());
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directory(folder_);
    std::map<std::string, crypto::SecretBytes> secrets;
    secrets.emplace("prekey/" + crypto::ToHex(v.at("prekey_id")), Entry(v));
    keystore_ = std::make_unique<crypto::Keystore>(*crypto::Keystore::Create(
        folder_ + "/keystore", crypto::SecretBytes::CopyOf("golden"), crypto::kDaemon, std::move(secrets)));
    ring_ = std::make_unique<trust::PrekeyRing>(self_, *keystore_);
  }
  ~Organisation() { std::filesystem::remove_all(folder_); }

  const trust::Identity& identity() const { return self_.identity; }
  absl::Time now() const { return now_; }
  const trust::PrekeyRing& ring() const { return *ring_; }
  trust::Accepted AsParty() const {
    model::Party party;
    party.org = identity().org();
    party.name = identity().name();
    return {party, identity()};
  }

 private:
  static std::shared_ptr<const crypto::SigningKey> KeyOf(const VectorRecord& v) {
    return std::make_shared<const crypto::SigningKey>(
        *crypto::SigningKey::FromSeed(crypto::SecretBytes::CopyOf(v.at("statement_seed"))));
  }
  static crypto::SecretBytes Entry(const VectorRecord& v) {
    Bytes entry = v.at("prekey_seed") + v.at("prekey_public");
    for (const char* end : {"prekey_not_before_us", "prekey_not_after_us"}) {
      AppendBigEndian(entry, static_cast<uint64_t>(Number(v.at(end))));
    }
    return crypto::SecretBytes::CopyOf(entry);
  }

  absl::Time now_;
  trust::Self self_;
  std::string folder_;
  std::unique_ptr<crypto::Keystore> keystore_;
  std::unique_ptr<trust::PrekeyRing> ring_;
};

struct Golden {
  const bool ready = crypto::Initialise().ok();  // before the first secret
  std::vector<VectorRecord> records = test::ReadVectors("direct_envelope.txt");
  Organisation author{records.at(0)}, first{records.at(1)}, second{records.at(2)};

  absl::StatusOr<VerifiedEnvelope> At(const Organisation& receiver, ByteView wire) const {
    auto opened = Open(wire, receiver.identity().org(), receiver.ring(), receiver.now(), testing::NeverSeen);
    if (!opened.ok()) return opened.status();
    trust::Directory directory(receiver.AsParty().party, receiver.identity());
    EXPECT_TRUE(directory.Accept(author.AsParty()).ok());
    return Verify(*std::move(opened), directory, author.identity().org(), receiver.now());
  }
};
const Golden& Vectors() {
  static const Golden golden;
  return golden;
}

std::string Answer(const absl::StatusOr<VerifiedEnvelope>& verified) {
  return verified.ok() ? "ADMITTED" : std::string(Describe(ReasonOf(verified.status())).name);
}

Bytes Damaged(Bytes wire, const Bytes& damage, const Bytes& value) {
  const auto at = static_cast<size_t>(Number(value.substr(0, value.find(' '))));
  if (damage == "cut") return wire.substr(0, at);
  if (damage == "append") return wire + '\0';
  if (damage == "twice") return wire + wire;
  EXPECT_EQ(damage, "flip");
  wire.at(at) ^= static_cast<char>(1 << Number(value.substr(value.find(' ') + 1)));
  return wire;
}

TEST(Golden, EachPrekeyIsOneThatMayBeSealedTo) {
  const Golden& golden = Vectors();
  for (size_t i = 0; i < 3; ++i) {
    const VectorRecord& v = golden.records[i];
    const Organisation& owner = i == 0 ? golden.author : i == 1 ? golden.first : golden.second;
    EXPECT_EQ(owner.identity().org().view(), v.at("org_id"));
    const auto prekey =
        trust::CheckPrekey(trust::IdentityHistory(owner.identity()), Parsed<v1::SignedBody>(v.at("signed_prekey")), owner.now());
    ASSERT_TRUE(prekey.ok()) << prekey.status();
    EXPECT_EQ(prekey->public_key, v.at("prekey_public"));
  }
}

TEST(Golden, EveryEnvelopeIsAdmittedByBothRecipientsWithTheSameIdsAndContents) {
  const Golden& golden = Vectors();
  int seen = 0;
  for (const VectorRecord& v : golden.records) {
    if (!v.contains("envelope")) continue;
    ++seen;
    for (const Organisation* receiver : {&golden.first, &golden.second}) {
      const auto verified = golden.At(*receiver, v.at("envelope"));
      ASSERT_TRUE(verified.ok()) << v.at("kind") << ": " << verified.status();
      EXPECT_EQ(verified->id.view(), v.at("random_env_id"));
      Bytes ids, contents;
      for (const Statement& statement : verified->batch->statements()) {
        ids.append(statement.id().view());
        contents.append(contents.empty() ? "" : "\n").append(statement.content());
      }
      EXPECT_EQ(ids, v.at("statement_ids"));
      EXPECT_EQ(contents, v.at("contents"));
    }
  }
  EXPECT_EQ(seen, 3);
}

TEST(Golden, EveryDamageIsRefusedForTheReasonThatTheOtherImplementationGives) {
  const Golden& golden = Vectors();
  Bytes wire;
  int replayed = 0;
  for (const VectorRecord& v : golden.records) {
    if (v.contains("envelope")) wire = v.at("envelope");
    if (!v.contains("damage")) continue;
    ++replayed;
    const Bytes bent = Damaged(wire, v.at("damage"), v.at("value"));
    EXPECT_EQ(Answer(golden.At(golden.first, bent)), v.at("first")) << v.at("damage") << " " << v.at("value");
    EXPECT_EQ(Answer(golden.At(golden.second, bent)), v.at("second")) << v.at("damage") << " " << v.at("value");
  }
  EXPECT_GT(replayed, 200);
}

// What reading `file` in pieces of `step` bytes says, gives out and counts, as the records have it.
VectorRecord ReadExport(const Bytes& file, size_t step) {
  ExportReader reader;
  Bytes given;
  absl::Status status;
  for (size_t at = 0; at < file.size() && status.ok(); at += step) {
    status = reader.Take(ByteView(file).substr(at, step), [&](const ExportEntry& entry) {
      given += static_cast<char>(entry.kind);
      AppendBigEndian(given, static_cast<uint32_t>(entry.bytes.size()));
      given += entry.bytes;
      return absl::OkStatus();
    });
  }
  if (status.ok()) status = reader.Finish();
  return {{"answer", status.ok() ? "ADMITTED" : Bytes(Describe(ReasonOf(status)).name)},
          {"entries", absl::StrCat(reader.entries())},
          {"given_sha256", crypto::Sha256(given).str()}};
}

TEST(GoldenExport, EachFileAndEachDamageIsAnsweredAsTheOtherImplementationAnswersIt) {
  ASSERT_TRUE(crypto::Initialise().ok());
  Bytes whole;
  int replayed = 0;
  for (const VectorRecord& v : test::ReadVectors("export_file.txt")) {
    if (whole.empty()) whole = v.at("file");
    const Bytes file = v.contains("file") ? v.at("file") : Damaged(whole, v.at("damage"), v.at("value"));
    const Bytes name = v.contains("name") ? v.at("name") : v.at("damage") + " " + v.at("value");
    for (const size_t step : {size_t{1}, size_t{7}, size_t{1} << 20}) {
      const VectorRecord read = ReadExport(file, step);
      for (const char* field : {"answer", "entries", "given_sha256"}) {
        EXPECT_EQ(crypto::ToHex(read.at(field)), crypto::ToHex(v.at(field))) << name << ": " << field << " " << read.at("answer");
      }
    }
    ++replayed;
  }
  EXPECT_GT(replayed, 500);
}

}  // namespace
}  // namespace entente::envelope
