#include <gtest/gtest.h>

#include "envelope/testing/bend.h"

// What a peer with real keys can do to a payload, its seal and its batch.
namespace entente::envelope {
namespace {

using namespace testing;
using enum RejectReason;

class HostilePayload : public ::testing::TestWithParam<Case> {};
TEST_P(HostilePayload, IsRefusedWithItsReason) {
  const auto verified = AcceptAtEstovia(GetParam().make());
  EXPECT_EQ(ReasonFor(verified), GetParam().reason) << verified.status();
}

INSTANTIATE_TEST_SUITE_P(
    Plaintext, HostilePayload,
    ::testing::Values(Case{"Empty", kHeader, [] { return Of(""); }},
                      Case{"NoLength", kTruncated, [] { return Of("abc"); }},
                      Case{"LengthBeyondTheEnd", kTruncated, [] { return WithPlaintext([](Bytes& p) { p[0] = 1; }); }},
                      Case{"PaddingNotZero", kTrailing, [] { return WithPlaintext([](Bytes& p) { p.back() = 1; }); }},
                      Case{"PaddedByMore", kTrailing,
                           [] { return WithPlaintext([](Bytes& p) { p.append(1, '\0'); }); }},
                      Case{"NotPadded", kTrailing, [] { return Of(Bytes("\0\0\0\1\x1a", 5) + Bytes(300, '\0')); }},
                      Case{"SizeClassLies", kHeader,
                           [] {
                             HostileSeal sealer = Sealer();
                             sealer.header = [](Header& header) { ++header.size_class; };
                             return sealer.Make(Honest());
                           }},
                      Case{"NoMessage", kParse, [] { return Of(Pad("\xff\xff\xff\xff\xff\xff")); }},
                      Case{"NothingInside", kParse, [] { return Of(Pad("")); }}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Payload, HostilePayload,
    ::testing::Values(
        Case{"NoSeal", kSeal, [] { return WithPayload([](v1::Payload& p) { p.clear_seal(); }); }},
        Case{"NoBatch", kParse, [] { return WithPayload([](v1::Payload& p) { p.clear_batch(); }); }},
        Case{"NoStatements", kParse, [] { return WithPayload([](v1::Payload& p) { p.clear_statements(); }); }},
        Case{"AnEmptyForward", kSignature, [] { return WithPayload([](v1::Payload& p) { p.add_forwards(); }); }},
        Case{"CosignaturesWithoutJointTerms", kParse, [] { return WithPayload([](v1::Payload& p) { p.add_cosignatures(); }); }},
        Case{"PermissionsThatNoForwardNames", kChain, [] { return WithPayload([](v1::Payload& p) { p.add_permissions(); }); }},
        Case{"RecallsBesideStatements", kParse, [] { return WithPayload([](v1::Payload& p) { p.add_recalls(); }); }},
        Case{"ReceiptsBesideStatements", kParse, [] { return WithPayload([](v1::Payload& p) { p.add_receipts(); }); }},
        Case{"StatementsSwapped", kParse,
             [] { return WithPayload([](v1::Payload& p) { p.mutable_statements()->SwapElements(0, 1); }); }},
        Case{"IndexLies", kParse,
             [] { return WithPayload([](v1::Payload& p) { p.mutable_statements(0)->set_index(1); }); }},
        Case{"PathOnWholeBatch", kParse,
             [] { return WithPayload([](v1::Payload& p) { p.mutable_statements(0)->add_path(Bytes(32, 'p')); }); }},
        Case{"PathHashShort", kParse,
             [] { return WithPayload([](v1::Payload& p) { p.mutable_statements(0)->add_path("p"); }); }},
        Case{"StatementLeftOut", kSignature,
             [] { return WithPayload([](v1::Payload& p) { p.mutable_statements()->RemoveLast(); }); }},
        Case{"StatementTwice", kParse,
             [] { return WithPayload([](v1::Payload& p) { *p.add_statements() = p.statements(1); }); }},
        Case{"BodyReordered", kSignature,
             [] {
               return WithPayload(
                   [](v1::Payload& p) { p.mutable_statements(0)->set_body(Reordered(p.statements(0).body())); });
             }},
        Case{"BatchReordered", kSignature,
             [] {
               return WithPayload([](v1::Payload& p) { p.mutable_batch()->set_body(Reordered(p.batch().body())); });
             }},
        Case{
            "SealReordered", kSignature,
            [] { return WithPayload([](v1::Payload& p) { p.mutable_seal()->set_body(Reordered(p.seal().body())); }); }},
        Case{"SealUnreadable", kSignature,
             [] { return WithPayload([](v1::Payload& p) { p.mutable_seal()->set_body("\xff"); }); }},
        Case{"BatchSignatureShort", kSignature,
             [] { return WithPayload([](v1::Payload& p) { p.mutable_batch()->mutable_signature()->pop_back(); }); }},
        Case{"BatchSignatureLong", kSignature,
             [] {
               return WithPayload([](v1::Payload& p) { p.mutable_batch()->mutable_signature()->push_back('\0'); });
             }},
        Case{"SealSignatureMissing", kSignature,
             [] { return WithPayload([](v1::Payload& p) { p.mutable_seal()->clear_signature(); }); }},
        Case{"ContentChanged", kContent,
             [] { return WithPayload([](v1::Payload& p) { (*p.mutable_statements(1)->mutable_content())[3] ^= 1; }); }},
        Case{"ContentLonger", kContent,
             [] {
               return WithPayload([](v1::Payload& p) { p.mutable_statements(1)->mutable_content()->push_back(' '); });
             }},
        Case{"ContentMissing", kContent,
             [] { return WithPayload([](v1::Payload& p) { p.mutable_statements(0)->clear_content(); }); }},
        Case{"SaltChanged", kContent,
             [] { return WithPayload([](v1::Payload& p) { (*p.mutable_statements(0)->mutable_salt())[31] ^= 1; }); }},
        Case{"SaltShort", kContent,
             [] { return WithPayload([](v1::Payload& p) { p.mutable_statements(0)->mutable_salt()->pop_back(); }); }}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Seal, HostilePayload,
    ::testing::Values(
        Case{"OtherCore", kSeal, [] { return WithSeal([](v1::SealBody& s) { (*s.mutable_h_core())[0] ^= 1; }); }},
        Case{"OtherCommitment", kSeal,
             [] { return WithSeal([](v1::SealBody& s) { (*s.mutable_key_commitment())[0] ^= 1; }); }},
        Case{"OtherStatements", kSeal,
             [] { return WithSeal([](v1::SealBody& s) { (*s.mutable_statements_hash())[0] ^= 1; }); }},
        Case{"OtherAudience", kSeal,
             [] { return WithSeal([](v1::SealBody& s) { (*s.mutable_audience_hash())[0] ^= 1; }); }},
        Case{"StatementsHashShort", kParse,
             [] { return WithSeal([](v1::SealBody& s) { s.mutable_statements_hash()->pop_back(); }); }},
        Case{"AudienceHashLong", kParse,
             [] { return WithSeal([](v1::SealBody& s) { s.mutable_audience_hash()->push_back('a'); }); }},
        Case{"ForwardsHashShort", kParse,
             [] { return WithSeal([](v1::SealBody& s) { s.set_forwards_hash("short"); }); }},
        Case{"NoticesHashShort", kParse,
             [] { return WithSeal([](v1::SealBody& s) { s.set_notices_hash("short"); }); }},
        Case{"CoreMissing", kParse, [] { return WithSeal([](v1::SealBody& s) { s.clear_h_core(); }); }},
        Case{"CommitmentMissing", kParse, [] { return WithSeal([](v1::SealBody& s) { s.clear_key_commitment(); }); }},
        Case{"ForwardsThatAreNot", kSeal,
             [] { return WithSeal([](v1::SealBody& s) { s.set_forwards_hash(Bytes(32, 'f')); }); }},
        Case{"NoticesThatAreNot", kSeal,
             [] { return WithSeal([](v1::SealBody& s) { s.set_notices_hash(Bytes(32, 'n')); }); }},
        Case{"OtherOrganisation", kSeal,
             [] { return WithSeal([](v1::SealBody& s) { s.set_org_id(World().volt.org().str()); }); }},
        Case{"UnknownKey", kNoKey,
             [] { return WithSeal([](v1::SealBody& s) { s.set_key_id(World().volt.self().key_id.str()); }); }},
        Case{"RootKey", kKeyUse,
             [] { return WithSeal([](v1::SealBody& s) { s.set_key_id(RootKeyOf(World().norlandia.self()).str()); }); }},
        Case{"FromTheFuture", kTime,
             [] {
               return WithSeal([](v1::SealBody& s) { s.set_time_us(absl::ToUnixMicros(kNow + absl::Minutes(11))); });
             }},
        Case{
            "BeforeItsKey", kTime,
            [] { return WithSeal([](v1::SealBody& s) { s.set_time_us(absl::ToUnixMicros(kNow - absl::Hours(1))); }); }},
        Case{"UnknownField", kParse, [] { return WithSealBytes([](Bytes& b) { b += Field(99, "x"); }); }},
        Case{"FieldTwice", kParse,
             [] { return WithSealBytes([](Bytes& b) { b += Field(1, World().norlandia.org().view()); }); }},
        Case{"SignedAsAnotherType", kSignature,
             [] {
               return WithPayload([](v1::Payload& p) {
                 *p.mutable_seal() = SignBytes(*World().norlandia.self().statement_key, kBatchType, p.seal().body());
               });
             }},
        Case{"SealedWithAnothersKey", kSignature,
             [] {
               return WithPayload([](v1::Payload& p) {
                 *p.mutable_seal() = SignBytes(*World().volt.self().statement_key, kSealType, p.seal().body());
               });
             }}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Batch, HostilePayload,
    ::testing::Values(
        Case{"UnknownOrigin", kUnknownParty,
             [] { return WithBatch([](v1::BatchBody& b) { b.set_origin(Bytes(32, 'o')); }); }},
        Case{"UnknownKey", kNoKey, [] { return WithBatch([](v1::BatchBody& b) { b.set_key_id(Bytes(32, 'k')); }); }},
        Case{"RootKey", kKeyUse,
             [] {
               return WithBatch([](v1::BatchBody& b) { b.set_key_id(RootKeyOf(World().norlandia.self()).str()); });
             }},
        Case{"OriginShort", kSignature, [] { return WithBatch([](v1::BatchBody& b) { b.set_origin("short"); }); }},
        Case{"OtherRoot", kSignature, [] { return WithBatch([](v1::BatchBody& b) { (*b.mutable_root())[0] ^= 1; }); }},
        Case{"SizeLies", kSignature, [] { return WithBatch([](v1::BatchBody& b) { b.set_size(3); }); }},
        Case{"SizeZero", kParse, [] { return WithBatch([](v1::BatchBody& b) { b.set_size(0); }); }},
        Case{"LeafTypeUnknown", kParse,
             [] { return WithBatch([](v1::BatchBody& b) { b.set_leaf_type("application/vnd.entente.forward.v1"); }); }},
        Case{"UnknownField", kParse, [] { return WithBatchBytes([](Bytes& b) { b += Field(6, "x"); }); }},
        Case{"FieldTwice", kParse,
             [] { return WithBatchBytes([](Bytes& b) { b += Field(1, World().norlandia.org().view()); }); }},
        Case{"SignedAsAnotherType", kSignature,
             [] {
               v1::Payload payload = Honest();
               *payload.mutable_batch() =
                   SignBytes(*World().norlandia.self().statement_key, kSealType, payload.batch().body());
               return Sealer().Make(payload);
             }},
        Case{"SignedWithAnothersKey", kSignature,
             [] {
               v1::Payload payload = Honest();
               *payload.mutable_batch() =
                   SignBytes(*World().volt.self().statement_key, kBatchType, payload.batch().body());
               return Sealer().Make(payload);
             }}),
    NameOf);

}  // namespace
}  // namespace entente::envelope
