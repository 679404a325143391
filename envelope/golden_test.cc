#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "crypto/encoding.h"
#include "envelope/export_file.h"
#include "envelope/testing/federation.h"
#include "trust/golden_reader.h"

// Envelopes and export files that another implementation made from docs/formats (tests/oracle/golden.py,
// golden_export.py), and each of its damages.
namespace entente::envelope {
namespace {

using test::VectorRecord;

using test::AnswerOf;
using test::MessageOf;
using test::NumberOf;

// An organisation of the file, with its one prekey in a keystore.
class Organisation {
 public:
  explicit Organisation(const VectorRecord& v)
      : now_(test::MomentOf(v.at("now_us"))),
        self_(trust::GoldenSelf(v, trust::IdentityHistory(*trust::Identity::Check(
                                       MessageOf<v1::SignedIdentity>(v.at("signed_identity")), now_)))),
        keystore_(v),
        ring_(self_, *keystore_) {}

  const trust::Identity& identity() const { return self_.identity; }
  absl::Time now() const { return now_; }
  const trust::PrekeyRing& ring() const { return ring_; }
  trust::Accepted AsParty() const {
    model::Party party;
    party.org = identity().org();
    party.name = identity().name();
    return {party, identity()};
  }

 private:
  absl::Time now_;
  trust::Self self_;
  trust::GoldenKeystore keystore_;
  trust::PrekeyRing ring_;
};

struct Golden {
  const bool ready = crypto::Initialise().ok();  // before the first secret
  std::vector<VectorRecord> records = test::ReadVectors("direct_envelope.txt");
  Organisation author{records.at(0)}, first{records.at(1)}, second{records.at(2)};

  absl::StatusOr<VerifiedEnvelope> At(const Organisation& receiver, ByteView wire) const {
    auto opened = Open(wire, receiver.identity().org(), receiver.ring(), receiver.now(), testing::NeverSeen, nullptr);
    if (!opened.ok()) return opened.status();
    trust::Directory directory(receiver.AsParty().party, receiver.identity());
    EXPECT_TRUE(directory.Accept(author.AsParty()).ok());
    return Verify(*std::move(opened), directory, author.identity().org(), receiver.now(), nullptr);
  }
};
const Golden& Vectors() {
  static const Golden golden;
  return golden;
}

Bytes Damaged(Bytes wire, const Bytes& damage, const Bytes& value) {
  const auto at = static_cast<size_t>(NumberOf(value.substr(0, value.find(' '))));
  if (damage == "cut") return wire.substr(0, at);
  if (damage == "append") return wire + '\0';
  if (damage == "twice") return wire + wire;
  EXPECT_EQ(damage, "flip");
  wire.at(at) ^= static_cast<char>(1 << NumberOf(value.substr(value.find(' ') + 1)));
  return wire;
}

TEST(Golden, EachPrekeyIsOneThatMayBeSealedTo) {
  const Golden& golden = Vectors();
  for (size_t i = 0; i < 3; ++i) {
    const VectorRecord& v = golden.records[i];
    const Organisation& owner = i == 0 ? golden.author : i == 1 ? golden.first : golden.second;
    EXPECT_EQ(owner.identity().org().view(), v.at("org_id"));
    const auto prekey = trust::CheckPrekey(trust::IdentityHistory(owner.identity()),
                                           MessageOf<v1::SignedBody>(v.at("signed_prekey")), owner.now());
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
    EXPECT_EQ(AnswerOf(golden.At(golden.first, bent).status()), v.at("first"))
        << v.at("damage") << " " << v.at("value");
    EXPECT_EQ(AnswerOf(golden.At(golden.second, bent).status()), v.at("second"))
        << v.at("damage") << " " << v.at("value");
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
  return {{"answer", AnswerOf(status)},
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
        EXPECT_EQ(crypto::ToHex(read.at(field)), crypto::ToHex(v.at(field)))
            << name << ": " << field << " " << read.at("answer");
      }
    }
    ++replayed;
  }
  EXPECT_GT(replayed, 500);
}

}  // namespace
}  // namespace entente::envelope
