// The corpus files that no editor writes: real documents of the project's own makers. Each but the "no-" ones is accepted
// by its target, so that fuzzing starts behind the first check. ENTENTE_REFRESH=1 writes them anew, for a changed format.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "crypto/encoding.h"
#include "crypto/keystore_file.h"
#include "crypto/token_reference.h"
#include "crypto/transport_certificate.h"
#include "entente/v1/peer.pb.h"
#include "entente/v1/record.pb.h"
#include "envelope/export_file.h"
#include "envelope/header.h"
#include "envelope/testing/hostile.h"
#include "services/peer/inbound.h"
#include "storage/head.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/sample_agreements.h"
#include "tests/fuzz/sample_group_bytes.h"
#include "tests/fuzz/sample_notes.h"
#include "tests/fuzz/sample_proofs.h"
#include "trust/card.h"
#include "trust/prekey.h"
#include "trust/sample_document.h"

namespace entente::fuzz {
namespace {


Bytes Piece(const Bytes& bytes) {
  Bytes out;
  AppendBigEndian(out, static_cast<uint16_t>(bytes.size()));
  return out + bytes;
}
Bytes First(uint8_t byte, ByteView rest) { return Bytes(1, static_cast<char>(byte)).append(rest); }

policy::Constraints EveryConstraint() {
  policy::Constraints constraints = envelope::testing::Green();
  constraints.rel_to = {"XE", "XN"};
  constraints.not_rel_to = {"XR"};
  constraints.orcon = true;
  constraints.sector_to = {"energy"};
  constraints.hop_limit = 1;
  constraints.addressees = {Estovia()};
  return constraints;
}

v1::Payload SamplePayload() {
  v1::Payload payload = envelope::testing::HonestPayload(Norlandia(), envelope::testing::Green(), {Estovia()},
                                                         {"{\"a\":1}", "{}"}, SampleNow());
  *payload.mutable_seal() = payload.batch();
  return payload;
}

v1::PrekeyBody SamplePrekey() {
  v1::PrekeyBody body;
  const trust::Self self = Norlandia();
  body.set_org_id(self.org().str());
  body.set_key_id(self.key_id.str());
  body.set_prekey_id(Bytes(16, 'p'));
  body.set_suite(crypto::kSuite);
  body.set_public_key(crypto::GenerateKemKeyPair().public_key);
  body.set_not_before_us(absl::ToUnixMicros(SampleNow()));
  body.set_not_after_us(absl::ToUnixMicros(SampleNow() + trust::kPrekeyUse));
  body.set_identity_hash(self.identity.hash().str());
  return body;
}

// A statement key that begins only after its document has ended.
Bytes LateKeyDocument() {
  v1::IdentityDocument document;
  EXPECT_TRUE(document.ParseFromString(Norlandia().identity.wire().document()));
  document.mutable_keys(0)->set_not_before_us(document.expires_us() + 1);
  document.mutable_keys(0)->set_not_after_us(document.expires_us() + 2);
  return document.SerializeAsString();
}

// Versions 1 and 2 of the chain's sample organisation, and what may follow.
Bytes SampleChain() {
  v1::IdentityChain chain;
  *chain.add_documents() = trust::FirstDraft().Signed();
  *chain.add_documents() = trust::SampleHistory().newest().wire();
  return chain.SerializeAsString();
}
trust::Draft ThirdVersion() { return trust::NextDraft(trust::SampleHistory(), trust::Day(2), "AB"); }
Bytes RotatedDocument() {
  trust::Draft draft = ThirdVersion();
  draft.Revoke(v1::KEY_USAGE_STATEMENT, 'b', trust::Day(16));
  draft.Add(v1::KEY_USAGE_STATEMENT, 'n', trust::Day(2));
  return draft.document.SerializeAsString();
}
Bytes StolenKeyDocument() {
  trust::Draft draft = ThirdVersion();
  draft.Drop(v1::KEY_USAGE_GROUP_ADMIN, 'g');
  v1::LogCutoff& log = *draft.Revoke(v1::KEY_USAGE_GROUP_ADMIN, 'g', trust::Day(1), v1::REVOCATION_REASON_COMPROMISED).mutable_cutoff();
  log.set_origin(trust::LogOrigin(OrgId()));
  log.set_size(7);
  log.set_root(Bytes(32, 'r'));
  draft.document.mutable_offline()->set_ceiling(v1::LABEL_AMBER);
  return draft.document.SerializeAsString();
}
Bytes VanishedKeyDocument() {
  trust::Draft draft = ThirdVersion();
  draft.Drop(v1::KEY_USAGE_GROUP_ADMIN, 'g');
  return draft.document.SerializeAsString();
}

v1::Card SampleCard() {
  v1::Card card;
  card.set_version(1);
  *card.mutable_identity() = Norlandia().identity.wire();
  card.set_address("cert.example:7443");
  return card;
}

Bytes CardWithChain() { return trust::ArmourCard(trust::MakeCard(trust::SampleHistory(), "")); }

Bytes SampleFrames() {
  v1::Frame credit, ack, bye, hello;
  credit.mutable_credit()->set_bytes(1 << 20);
  ack.mutable_ack()->set_position(3);
  bye.mutable_bye()->set_reason("stopping");
  hello.mutable_hello()->set_protocol(1);
  *hello.mutable_hello()->mutable_head() = *trust::MakeHead(Norlandia(), 1, Digest(), SampleNow());
  Bytes out = Piece(hello.SerializeAsString()) + Piece(credit.SerializeAsString());
  out += Piece(peer::MakePiece(9, "an envelope", 0).SerializeAsString()) + Piece("");
  return out + Piece(ack.SerializeAsString()) + Piece(bye.SerializeAsString());
}

Bytes SampleHeadFile() {
  const std::string path = ::testing::TempDir() + "/fuzz-head";
  std::filesystem::remove(path);
  EXPECT_TRUE(storage::HeadFile::Create(path, *trust::MakeHead(Norlandia(), 7, Digest(), SampleNow())).ok());
  std::ifstream file(path, std::ios::binary);
  return Bytes(std::istreambuf_iterator<char>(file), {});
}
Bytes SampleSlot() {
  const v1::SignedBody head = *trust::MakeHead(Norlandia(), 8, Digest(), SampleNow());
  Bytes out;
  AppendBigEndian(out, static_cast<uint16_t>(head.body().size()));
  return out + head.body() + head.signature();
}

// A party, a batch and an object of it, as a journal holds them.
Bytes SampleJournal() {
  const trust::Self self = Norlandia();
  const auto batch = envelope::SignBatch(self, envelope::testing::Green(), {Estovia()}, {"{\"type\":\"x\"}"},
                                         {*StreamId::From(Bytes(16, 's')), 0, {}}, SampleNow());
  const envelope::Statement& statement = batch->statements()[0];
  v1::Record party, signed_batch, object;
  *party.mutable_party()->mutable_identity() = self.identity.wire();
  v1::BatchAccepted& accepted = *signed_batch.mutable_batch();
  *accepted.mutable_batch() = batch->signed_body();
  accepted.set_statement_ids(statement.id().str());
  accepted.set_origin(self.org().str());
  v1::ObjectAccepted& row = *object.mutable_object();
  row.set_batch_seq(2);
  row.set_statement_id(statement.id().str());
  row.set_statement(statement.body());
  row.set_salt(statement.salt());
  row.set_content(statement.content());
  row.set_content_digest(crypto::Sha256(statement.content()).str());
  return Piece(party.SerializeAsString()) + Piece(signed_batch.SerializeAsString()) + Piece(object.SerializeAsString());
}

// A party and version 2 of its document, as `org`'s.
Bytes StoredChain(const OrgId& org) {
  const trust::IdentityHistory history = trust::SampleHistory();
  v1::Record party, later;
  party.mutable_party()->set_org_id(history.org().str());
  *party.mutable_party()->mutable_identity() = history.versions()[0]->wire();
  later.mutable_identity()->set_org_id(org.str());
  *later.mutable_identity()->mutable_identity() = history.newest().wire();
  return Piece(party.SerializeAsString()) + Piece(later.SerializeAsString());
}

// The DER inside a PEM text.
Bytes Der(const std::string& pem) {
  const size_t begin = pem.find('\n') + 1, end = pem.find("-----END");
  return *crypto::FromBase64(ByteView(pem).substr(begin, end - begin));
}

Bytes SampleHeader() {
  envelope::Header header;
  header.id = *EnvelopeId::From(Bytes(16, 'i'));
  header.created_hour = 497222;
  header.expires_hour = 497223;
  header.slots = 1;
  return envelope::EncodeHeader(header) + Bytes(envelope::kSlotSize + 32 + 256 + crypto::kTagSize, 'x');
}

Bytes SampleExport() {
  envelope::ExportWriter writer;
  Bytes file = writer.Begin(Norlandia().org(), Estovia());
  file += *writer.Add(envelope::ExportKind::kIdentity, Norlandia().identity.wire().SerializeAsString());
  file += *writer.Add(envelope::ExportKind::kEnvelope, SampleHeader());
  return file + writer.End();
}

struct Seed {
  const char* target;
  const char* name;
  Bytes bytes;
};

std::vector<Seed> Seeds() {
  EXPECT_TRUE(crypto::Initialise().ok());
  const trust::Self self = Norlandia();
  const GroupSeeds group;
  const v1::Payload payload = SamplePayload();
  const auto certificate = crypto::MakeTransportCertificate(self.org(), self.key_id, *self.statement_key, SampleNow());
  const crypto::SecretBytes file_key = crypto::SecretBytes::CopyOf(Bytes(crypto::kKeySize, 'k'));
  const auto file = crypto::SealKeystore({crypto::kDaemon, Bytes(crypto::kSaltSize, 's')}, file_key, {});
  const auto backup = crypto::SealKeystore(
      {crypto::kDaemon, Bytes(crypto::kSaltSize, 's'), crypto::KeyFile::kBackup}, file_key, {});
  const auto token = crypto::EncodeTokenReference({self.key_id, Bytes(crypto::kPublicKeySize, 'p'), "pkcs11:token=t;id=%0a"});
  const Bytes entries("\3one\0\1x\3two\0\0", 13);
  const Bytes head = trust::MakeHead(self, 1, Digest(), SampleNow())->body();
  const Bytes constraints = envelope::ToWire(EveryConstraint()).SerializeAsString();
  const Bytes document = self.identity.wire().document();
  const Bytes checkpoint = CheckpointText(7, crypto::Sha256("root"));
  return {
      {"card", "ok-sample", trust::ArmourCard(SampleCard())},
      {"card", "ok-later", CardWithChain()},
      {"identity", "ok-signed", First(0, self.identity.wire().SerializeAsString())},
      {"identity", "ok-document", First(1, document)},
      {"identity", "no-key-after-the-end", First(1, LateKeyDocument())},
      {"identity", "ok-prekey", First(2, SamplePrekey().SerializeAsString())},
      {"identity", "ok-head", First(3, head)},
      {"identity_chain", "ok-two", First(0, SampleChain())},
      {"identity_chain", "ok-rotation", First(1, RotatedDocument())},
      {"identity_chain", "ok-stolen-key", First(1, StolenKeyDocument())},
      {"identity_chain", "no-vanished-key", First(1, VanishedKeyDocument())},
      {"agreement", "ok-both", First(0, SampleAgreement(3).SerializeAsString())},
      {"agreement", "no-signature", First(0, Forged(SampleAgreement(3)).SerializeAsString())},
      {"agreement", "ok-story", First(1, AgreementStory())},
      {"membership", "ok-first", First(0, group.founders.First().SerializeAsString())},
      {"membership", "ok-heartbeat", First(1, group.Next())},
      {"membership", "ok-removal", First(1, group.Next(3))},
      {"membership", "ok-entry", First(2, group.Entry(1))},
      {"membership", "no-entry-ahead", First(2, group.Entry(2))},
      {"epoch", "ok-body", First(0, group.Issued().epoch().body())},
      {"epoch", "ok-delivery", First(1, trust::DeliveryFor(group.Issued(), 1)->SerializeAsString())},
      {"epoch", "no-slot-of-another", First(1, trust::DeliveryFor(group.Issued(), 2)->SerializeAsString())},
      {"epoch", "ok-rewrap", First(2, group.Rewrap(1))},
      {"epoch", "no-rewrap-of-another", First(2, group.Rewrap(2))},
      {"epoch", "ok-leave", First(3, group.Leave(1))},
      {"epoch", "no-leave-of-tomorrow", First(3, group.Leave(2))},
      {"certificate", "ok-pem", First(0, certificate->certificate_pem)},
      {"certificate", "ok-der", First(1, Der(certificate->certificate_pem))},
      {"keystore", "ok-file", First(0, *file)},
      {"keystore", "ok-plaintext", First(1, entries)},
      {"keystore", "ok-backup", First(0, *backup)},
      {"keystore", "ok-token", First(2, *token)},
      {"wire", "ok-document", First(0, document)},
      {"wire", "ok-identity", First(1, self.identity.wire().SerializeAsString())},
      {"wire", "ok-prekey", First(2, SamplePrekey().SerializeAsString())},
      {"wire", "ok-card", First(3, SampleCard().SerializeAsString())},
      {"wire", "ok-statement", First(4, payload.statements(0).body())},
      {"wire", "ok-payload", First(5, payload.SerializeAsString())},
      {"wire", "ok-constraints", First(7, constraints)},
      {"statement", "ok-constraints", First(0xff, constraints)},
      {"statement", "ok-two", Piece(payload.batch().body()) + Piece(payload.statements(0).body()) +
                                  Piece(payload.statements(1).body())},
      {"payload", "ok-two", payload.SerializeAsString()},
      {"frame", "ok-session", SampleFrames()},
      {"export_file", "ok-two", First(0xff, SampleExport())},
      {"export_file", "ok-no-end", First(2, SampleExport().substr(0, SampleExport().size() - 45) + Bytes("\x80\0\0\0\1x", 6))},
      {"export_file", "no-cut", First(9, SampleExport().substr(0, 80))},
      {"head", "ok-file", First(0, SampleHeadFile())},
      {"head", "ok-slot", First(1, SampleSlot())},
      {"record", "ok-journal", SampleJournal()},
      {"record", "ok-later-identity", StoredChain(trust::SampleHistory().org())},
      {"record", "no-owner-of-a-document", StoredChain(Estovia())},
      {"proof", "ok-as-it-stands", First(0, ForwardedProof(false, model::Label::kGreen))},
      {"proof", "ok-joint", First(1, JointProof(1))},
      {"proof", "no-threshold", First(1, JointProof(0))},
      {"proof", "ok-forwarded", First(1, ForwardedProof(false, model::Label::kAmber))},
      {"proof", "no-opened-label", First(1, ForwardedProof(false, model::Label::kClear))},
      {"proof", "ok-permitted", First(1, ForwardedProof(true, model::Label::kRed))},
      {"note", "ok-cosigned", First(0, SignedNote(checkpoint, 1767225600))},
      {"note", "ok-text", First(1 + 3 * 5, checkpoint + "an extension\n")},
      {"note", "ok-empty-log", First(1, CheckpointText(0, crypto::TreeHash({})))},
      {"note", "no-other-log", First(1, "entente.example/other" + checkpoint.substr(kNoteOrigin.size()))},
      {"note", "no-known-key", First(0, checkpoint + "\n\xE2\x80\x94 x.example AAAAAAA=\n")},
      {"note", "ok-proof", First(2, SampleConsistency(1, 7))},
      {"note", "no-proof-of-it", First(2, SampleConsistency(3, 7))},
      {"notice", "ok-recall", First(0, SampleRecall(v1::RECALL_ACTION_DELETE, v1::RECALL_AUTHORITY_ORIGIN).SerializeAsString())},
      {"notice", "ok-correction", First(1, SampleRecall(v1::RECALL_ACTION_CORRECT, v1::RECALL_AUTHORITY_ORIGIN).body())},
      {"notice", "ok-cosigners", First(1 | 16, SampleRecall(v1::RECALL_ACTION_SUPERSEDE, v1::RECALL_AUTHORITY_COSIGNERS).body())},
      {"notice", "no-other-signer", First(1 | 4 | 16, SampleRecall(v1::RECALL_ACTION_DELETE, v1::RECALL_AUTHORITY_ORIGIN).body())},
      {"notice", "ok-receipt", First(2, SampleReceipt(v1::RECEIPT_KIND_STORED).SerializeAsString())},
      {"notice", "ok-recalled", First(3, SampleReceipt(v1::RECEIPT_KIND_RECALLED).body())},
      {"envelope", "ok-header", First(0, SampleHeader())},
      {"envelope", "ok-undamaged", First(1, "")},
      {"envelope", "ok-signed", First(3, payload.SerializeAsString())},
      {"group_envelope", "ok-undamaged", First(0, "")},
      {"group_envelope", "no-damaged", First(0, "abc")},
      {"group_envelope", "no-plaintext", First(1, payload.SerializeAsString())},
      {"group_envelope", "ok-signed", First(2, payload.SerializeAsString())},
      {"group_envelope", "no-for-organisations-too", First(2 + 3 * 1, payload.SerializeAsString())},
      {"group_envelope", "no-for-no-group", First(2 + 3 * 2, payload.SerializeAsString())},
  };
}

TEST(Seeds, AreReadAsTheirNamesSay) {
  for (const Seed& seed : Seeds()) {
    NameInput(seed.name);
    const Target* target = FindTarget(seed.target);
    ASSERT_NE(target, nullptr) << seed.target;
    EXPECT_EQ(target->run(seed.bytes), !std::string_view(seed.name).starts_with("no-")) << seed.target << "/" << seed.name;
    EXPECT_LE(seed.bytes.size(), target->max_bytes) << seed.target << "/" << seed.name;
    if (std::getenv("ENTENTE_REFRESH") == nullptr) continue;
    const std::filesystem::path folder = std::string(ENTENTE_SOURCE_DIR "/tests/fuzz/corpus/") + seed.target;
    std::filesystem::create_directories(folder);
    std::ofstream(folder / seed.name, std::ios::binary) << seed.bytes;
  }
}

}  // namespace
}  // namespace entente::fuzz
