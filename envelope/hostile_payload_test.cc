#include <gtest/gtest.h>

#include "envelope/testing/bend.h"

// What a peer with real keys can do to a payload, its seal and its batch.
namespace entente::envelope {
namespace {

using namespace testing;
using enum RejectReason;

const Damage kPlaintextRows[] = {
    {0, "Empty", kHeader, ToEstovia([] { return Of(""); })},
    {0, "NoLength", kTruncated, ToEstovia([] { return Of("abc"); })},
    {0, "LengthBeyondTheEnd", kTruncated, WithPlaintext([](Bytes& p) { p[0] = 1; })},
    {0, "PaddingNotZero", kTrailing, WithPlaintext([](Bytes& p) { p.back() = 1; })},
    {0, "PaddedByMore", kTrailing, WithPlaintext([](Bytes& p) { p.append(1, '\0'); })},
    {0, "NotPadded", kTrailing, ToEstovia([] { return Of(Bytes("\0\0\0\1\x1a", 5) + Bytes(300, '\0')); })},
    {0, "SizeClassLies", kHeader, ToEstovia([] {
       HostileSeal sealer = Sealer();
       sealer.header = [](Header& header) { ++header.size_class; };
       return sealer.Make(Honest());
     })},
    {0, "NoMessage", kParse, ToEstovia([] { return Of(Pad("\xff\xff\xff\xff\xff\xff")); })},
    {0, "NothingInside", kParse, ToEstovia([] { return Of(Pad("")); })},
};
const DamageTable kPlaintextTable("Plaintext", kPlaintextRows);

// Adds the order of the base point to the scalar of a signature: the same scalar, written otherwise.
void AddOrder(Bytes& signature) {
  constexpr uint8_t kOrder[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
                                  0xa2, 0xde, 0xf9, 0xde, 0x14, 0,    0,    0,    0,    0,    0,
                                  0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};
  unsigned carry = 0;
  for (size_t i = 0; i < 32; ++i) {
    carry += static_cast<uint8_t>(signature[32 + i]) + kOrder[i];
    signature[32 + i] = static_cast<char>(carry);
    carry >>= 8;
  }
}

const Damage kPayloadRows[] = {
    {19, "NoSeal", kSeal, WithPayload([](v1::Payload& p) { p.clear_seal(); })},
    {0, "NoBatch", kParse, WithPayload([](v1::Payload& p) { p.clear_batch(); })},
    {0, "NoStatements", kParse, WithPayload([](v1::Payload& p) { p.clear_statements(); })},
    {0, "AnEmptyForward", kSignature, WithPayload([](v1::Payload& p) { p.add_forwards(); })},
    {0, "CosignaturesWithoutJointTerms", kParse, WithPayload([](v1::Payload& p) { p.add_cosignatures(); })},
    {0, "PermissionsThatNoForwardNames", kChain, WithPayload([](v1::Payload& p) { p.add_permissions(); })},
    {0, "RecallsBesideStatements", kParse, WithPayload([](v1::Payload& p) { p.add_recalls(); })},
    {0, "ReceiptsBesideStatements", kParse, WithPayload([](v1::Payload& p) { p.add_receipts(); })},
    {0, "StatementsSwapped", kParse, WithPayload([](v1::Payload& p) { p.mutable_statements()->SwapElements(0, 1); })},
    {0, "IndexLies", kParse, WithPayload([](v1::Payload& p) { p.mutable_statements(0)->set_index(1); })},
    {0, "PathOnWholeBatch", kParse,
     WithPayload([](v1::Payload& p) { p.mutable_statements(0)->add_path(Bytes(32, 'p')); })},
    {0, "PathHashShort", kParse, WithPayload([](v1::Payload& p) { p.mutable_statements(0)->add_path("p"); })},
    {0, "StatementLeftOut", kSignature, WithPayload([](v1::Payload& p) { p.mutable_statements()->RemoveLast(); })},
    {0, "StatementTwice", kParse, WithPayload([](v1::Payload& p) { *p.add_statements() = p.statements(1); })},
    {16, "BodyReordered", kSignature,
     WithPayload([](v1::Payload& p) { p.mutable_statements(0)->set_body(Reordered(p.statements(0).body())); })},
    {16, "BatchReordered", kSignature,
     WithPayload([](v1::Payload& p) { p.mutable_batch()->set_body(Reordered(p.batch().body())); })},
    {16, "SealReordered", kSignature,
     WithPayload([](v1::Payload& p) { p.mutable_seal()->set_body(Reordered(p.seal().body())); })},
    {0, "SealUnreadable", kSignature, WithPayload([](v1::Payload& p) { p.mutable_seal()->set_body("\xff"); })},
    {14, "BatchSignatureShort", kSignature,
     WithPayload([](v1::Payload& p) { p.mutable_batch()->mutable_signature()->pop_back(); })},
    {14, "BatchSignatureLong", kSignature,
     WithPayload([](v1::Payload& p) { p.mutable_batch()->mutable_signature()->push_back('\0'); })},
    {14, "BatchSignatureBeyondTheOrder", kSignature,
     WithPayload([](v1::Payload& p) { AddOrder(*p.mutable_batch()->mutable_signature()); })},
    {14, "SealSignatureBeyondTheOrder", kSignature,
     WithPayload([](v1::Payload& p) { AddOrder(*p.mutable_seal()->mutable_signature()); })},
    {14, "SealSignatureMissing", kSignature, WithPayload([](v1::Payload& p) { p.mutable_seal()->clear_signature(); })},
    {20, "ContentChanged", kContent,
     WithPayload([](v1::Payload& p) { (*p.mutable_statements(1)->mutable_content())[3] ^= 1; })},
    {20, "ContentLonger", kContent,
     WithPayload([](v1::Payload& p) { p.mutable_statements(1)->mutable_content()->push_back(' '); })},
    {20, "ContentMissing", kContent, WithPayload([](v1::Payload& p) { p.mutable_statements(0)->clear_content(); })},
    {20, "SaltChanged", kContent,
     WithPayload([](v1::Payload& p) { (*p.mutable_statements(0)->mutable_salt())[31] ^= 1; })},
    {20, "SaltShort", kContent,
     WithPayload([](v1::Payload& p) { p.mutable_statements(0)->mutable_salt()->pop_back(); })},
};
const DamageTable kPayloadTable("Payload", kPayloadRows);

const Damage kSealRows[] = {
    {19, "OtherCore", kSeal, WithSeal([](v1::SealBody& s) { (*s.mutable_h_core())[0] ^= 1; })},
    {19, "OtherCommitment", kSeal, WithSeal([](v1::SealBody& s) { (*s.mutable_key_commitment())[0] ^= 1; })},
    {0, "OtherStatements", kSeal, WithSeal([](v1::SealBody& s) { (*s.mutable_statements_hash())[0] ^= 1; })},
    {0, "OtherAudience", kSeal, WithSeal([](v1::SealBody& s) { (*s.mutable_audience_hash())[0] ^= 1; })},
    {0, "StatementsHashShort", kParse, WithSeal([](v1::SealBody& s) { s.mutable_statements_hash()->pop_back(); })},
    {0, "AudienceHashLong", kParse, WithSeal([](v1::SealBody& s) { s.mutable_audience_hash()->push_back('a'); })},
    {0, "ForwardsHashShort", kParse, WithSeal([](v1::SealBody& s) { s.set_forwards_hash("short"); })},
    {0, "NoticesHashShort", kParse, WithSeal([](v1::SealBody& s) { s.set_notices_hash("short"); })},
    {0, "CoreMissing", kParse, WithSeal([](v1::SealBody& s) { s.clear_h_core(); })},
    {0, "CommitmentMissing", kParse, WithSeal([](v1::SealBody& s) { s.clear_key_commitment(); })},
    {0, "ForwardsThatAreNot", kSeal, WithSeal([](v1::SealBody& s) { s.set_forwards_hash(Bytes(32, 'f')); })},
    {0, "NoticesThatAreNot", kSeal, WithSeal([](v1::SealBody& s) { s.set_notices_hash(Bytes(32, 'n')); })},
    {0, "OtherOrganisation", kSeal, WithSeal([](v1::SealBody& s) { s.set_org_id(World().volt.org().str()); })},
    {15, "UnknownKey", kNoKey, WithSeal([](v1::SealBody& s) { s.set_key_id(World().volt.self().key_id.str()); })},
    {13, "RootKey", kKeyUse,
     WithSeal([](v1::SealBody& s) { s.set_key_id(RootKeyOf(World().norlandia.self()).str()); })},
    {24, "FromTheFuture", kTime,
     WithSeal([](v1::SealBody& s) { s.set_time_us(absl::ToUnixMicros(kNow + absl::Minutes(11))); })},
    {0, "BeforeItsKey", kTime,
     WithSeal([](v1::SealBody& s) { s.set_time_us(absl::ToUnixMicros(kNow - absl::Hours(1))); })},
    {17, "UnknownField", kParse, WithSealBytes([](Bytes& b) { b += Field(99, "x"); })},
    {17, "FieldTwice", kParse, WithSealBytes([](Bytes& b) { b += Field(1, World().norlandia.org().view()); })},
    {13, "SignedAsAnotherType", kSignature, WithPayload([](v1::Payload& p) {
       *p.mutable_seal() = SignBytes(*World().norlandia.self().statement_key, kBatchType, p.seal().body());
     })},
    {15, "SealedWithAnothersKey", kSignature, WithPayload([](v1::Payload& p) {
       *p.mutable_seal() = SignBytes(*World().volt.self().statement_key, kSealType, p.seal().body());
     })},
};
const DamageTable kSealTable("Seal", kSealRows);

const Damage kBatchRows[] = {
    {0, "UnknownOrigin", kUnknownParty, WithBatch([](v1::BatchBody& b) { b.set_origin(Bytes(32, 'o')); })},
    {15, "UnknownKey", kNoKey, WithBatch([](v1::BatchBody& b) { b.set_key_id(Bytes(32, 'k')); })},
    {13, "RootKey", kKeyUse,
     WithBatch([](v1::BatchBody& b) { b.set_key_id(RootKeyOf(World().norlandia.self()).str()); })},
    {0, "OriginShort", kSignature, WithBatch([](v1::BatchBody& b) { b.set_origin("short"); })},
    {0, "OtherRoot", kSignature, WithBatch([](v1::BatchBody& b) { (*b.mutable_root())[0] ^= 1; })},
    {0, "SizeLies", kSignature, WithBatch([](v1::BatchBody& b) { b.set_size(3); })},
    {0, "SizeZero", kParse, WithBatch([](v1::BatchBody& b) { b.set_size(0); })},
    {0, "LeafTypeUnknown", kParse,
     WithBatch([](v1::BatchBody& b) { b.set_leaf_type("application/vnd.entente.forward.v1"); })},
    {17, "UnknownField", kParse, WithBatchBytes([](Bytes& b) { b += Field(6, "x"); })},
    {17, "FieldTwice", kParse, WithBatchBytes([](Bytes& b) { b += Field(1, World().norlandia.org().view()); })},
    {13, "SignedAsAnotherType", kSignature, ToEstovia([] {
       v1::Payload payload = Honest();
       *payload.mutable_batch() = SignBytes(*World().norlandia.self().statement_key, kSealType, payload.batch().body());
       return Sealer().Make(payload);
     })},
    {15, "SignedWithAnothersKey", kSignature, ToEstovia([] {
       v1::Payload payload = Honest();
       *payload.mutable_batch() = SignBytes(*World().volt.self().statement_key, kBatchType, payload.batch().body());
       return Sealer().Make(payload);
     })},
};
const DamageTable kBatchTable("Batch", kBatchRows);

}  // namespace
}  // namespace entente::envelope
