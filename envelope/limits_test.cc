#include "envelope/limits.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "envelope/claims.h"
#include "envelope/commitments.h"
#include "envelope/payload_reader.h"
#include "envelope/proof.h"
#include "envelope/testing/federation.h"

namespace entente::envelope {
namespace {

using namespace testing;
using enum RejectReason;

v1::Payload Sealed(size_t statements = 1) {
  v1::Payload payload;
  payload.mutable_batch()->set_body("b");
  payload.mutable_seal()->set_body("s");
  for (size_t i = 0; i < statements; ++i) payload.add_statements();
  return payload;
}
Bytes Repeated(ByteView bytes, int times) {
  Bytes out;
  for (int i = 0; i < times; ++i) out.append(bytes);
  return out;
}
RejectReason Read(const v1::Payload& payload) {
  return ReasonFor(ReadPayload(payload.SerializeAsString()));
}

TEST(PayloadLimits, Statements) {
  EXPECT_EQ(Read(Sealed(1024)), kNone);
  EXPECT_EQ(Read(Sealed(1025)), kLimit);
  EXPECT_EQ(Read(Sealed(0)), kParse);
}
TEST(PayloadLimits, OneBody) {
  v1::Payload payload = Sealed();
  payload.mutable_statements(0)->set_body(Bytes(kMaxBodyBytes, 'b'));
  EXPECT_EQ(Read(payload), kNone);
  payload.mutable_statements(0)->mutable_body()->push_back('b');
  EXPECT_EQ(Read(payload), kLimit);
}
TEST(PayloadLimits, BodiesTogether) {
  v1::Payload payload = Sealed(kMaxStatementBytes / kMaxBodyBytes);
  for (auto& entry : *payload.mutable_statements()) entry.set_body(Bytes(kMaxBodyBytes, 'b'));
  EXPECT_EQ(Read(payload), kNone);
  payload.add_statements()->set_body("b");
  EXPECT_EQ(Read(payload), kLimit);
}
TEST(PayloadLimits, Content) {
  v1::Payload payload = Sealed();
  payload.mutable_statements(0)->set_content(Bytes(kMaxContentBytes, 'c'));
  EXPECT_EQ(Read(payload), kNone);
  payload.mutable_statements(0)->mutable_content()->push_back('c');
  EXPECT_EQ(Read(payload), kLimit);
}
TEST(PayloadLimits, Path) {
  v1::Payload payload = Sealed();
  for (size_t i = 0; i < kMaxPath; ++i) payload.mutable_statements(0)->add_path(Bytes(32, 'p'));
  EXPECT_EQ(Read(payload), kNone);
  payload.mutable_statements(0)->add_path("");
  EXPECT_EQ(Read(payload), kLimit);
}
TEST(PayloadLimits, BatchAndSeal) {
  v1::Payload payload = Sealed();
  payload.mutable_batch()->set_body(Bytes(kMaxSignedBytes - 4, 'b'));
  EXPECT_EQ(Read(payload), kNone);
  payload.mutable_batch()->set_body(Bytes(kMaxSignedBytes, 'b'));
  EXPECT_EQ(Read(payload), kLimit);
  payload = Sealed();
  payload.mutable_seal()->set_body(Bytes(kMaxSignedBytes, 's'));
  EXPECT_EQ(Read(payload), kLimit);
}
TEST(PayloadLimits, WhatGoesBesideStatements) {
  v1::Payload payload = Sealed();
  for (size_t i = 0; i < kMaxCosignatures; ++i) payload.add_cosignatures();
  for (size_t i = 0; i < kMaxForwards; ++i) payload.add_forwards();
  for (size_t i = 0; i < kMaxForwards; ++i) payload.add_permissions();
  EXPECT_EQ(Read(payload), kNone);
  v1::Payload more = payload;
  more.add_cosignatures();
  EXPECT_EQ(Read(more), kLimit);
  more = payload;
  more.add_forwards();
  EXPECT_EQ(Read(more), kChain);
  more = payload;
  more.add_permissions();
  EXPECT_EQ(Read(more), kChain);
  more = payload;
  more.mutable_cosignatures(0)->set_body(Bytes(kMaxSignedBytes, 'c'));
  EXPECT_EQ(Read(more), kLimit);
  more = payload;
  more.mutable_forwards(0)->set_body(Bytes(kMaxBodyBytes + kMaxSignedBytes, 'f'));
  EXPECT_EQ(Read(more), kLimit);
}
v1::Payload OfNotices(int recalls, int receipts) {
  v1::Payload payload;
  payload.mutable_seal()->set_body("s");
  for (int i = 0; i < recalls; ++i) payload.add_recalls();
  for (int i = 0; i < receipts; ++i) payload.add_receipts();
  return payload;
}
TEST(PayloadLimits, Notices) {
  EXPECT_EQ(Read(OfNotices(256, 256)), kNone);
  EXPECT_EQ(Read(OfNotices(257, 0)), kLimit);
  EXPECT_EQ(Read(OfNotices(0, 257)), kLimit);
  v1::Payload payload = OfNotices(32, 0);
  for (auto& recall : *payload.mutable_recalls()) recall.set_body(Bytes(kMaxBodyBytes - 4, 'r'));
  EXPECT_EQ(Read(payload), kNone);
  payload.add_receipts()->set_body("r");
  EXPECT_EQ(Read(payload), kLimit);
  payload = OfNotices(0, 1);
  payload.mutable_receipts(0)->set_body(Bytes(kMaxBodyBytes + kMaxSignedBytes, 'r'));
  EXPECT_EQ(Read(payload), kLimit);
}
TEST(PayloadLimits, NoticesTravelAlone) {
  v1::Payload payload = OfNotices(1, 0);
  payload.mutable_batch();
  EXPECT_EQ(Read(payload), kParse);
  for (const auto& add : {&v1::Payload::add_forwards, &v1::Payload::add_cosignatures, &v1::Payload::add_permissions}) {
    payload = OfNotices(1, 0);
    (payload.*add)();
    EXPECT_EQ(Read(payload), kParse);
  }
  payload = OfNotices(1, 0);
  payload.clear_seal();
  EXPECT_EQ(Read(payload), kSeal);
}
// Two bytes each on the wire, hundreds once they are messages: counted before they are.
TEST(PayloadLimits, P57EmptyElementsAreCountedBeforeTheyAreBuilt) {
  Bytes bomb;
  for (int i = 0; i < 8'000'000; ++i) bomb.append("\x12\0", 2);
  EXPECT_EQ(ReasonFor(ReadPayload(bomb)), kLimit);
}
TEST(PayloadLimits, P57MalformedIsRefused) {
  const Bytes whole = Sealed().SerializeAsString();
  EXPECT_EQ(ReasonFor(ReadPayload(whole.substr(0, whole.size() - 1))), kParse);
  EXPECT_EQ(ReasonFor(ReadPayload(whole + '\0')), kParse);
  EXPECT_EQ(ReasonFor(ReadPayload(whole + "\x0b\x0c")), kParse);                     // a group
  EXPECT_EQ(ReasonFor(ReadPayload(whole + "\x12\xff\xff\xff\xff\x0f")), kParse);     // 4 GiB long
  EXPECT_EQ(ReasonFor(ReadPayload(whole + "\x22\x01x")), kParse);                    // a forward that is no message
  EXPECT_EQ(ReasonFor(ReadPayload(whole + "\x4a\x01x")), kParse);                    // field 9
  EXPECT_EQ(ReasonFor(ReadPayload(whole + Sealed(0).SerializeAsString())), kParse);  // batch and seal twice
}

v1::BatchBody WireBatch() {
  v1::BatchBody wire;
  wire.set_origin(Bytes(32, 'o'));
  wire.set_key_id(Bytes(32, 'k'));
  wire.set_size(1024);
  wire.set_root(Bytes(32, 'r'));
  wire.set_leaf_type(std::string(kStatementType));
  return wire;
}
TEST(BatchLimits, Size) {
  v1::BatchBody wire = WireBatch();
  EXPECT_TRUE(ReadBatch(wire.SerializeAsString()).ok());
  wire.set_size(1025);
  EXPECT_EQ(ReasonFor(ReadBatch(wire.SerializeAsString())), kLimit);
  wire.set_size(0);
  EXPECT_EQ(ReasonFor(ReadBatch(wire.SerializeAsString())), kParse);
}
TEST(BatchLimits, Widths) {
  for (const auto& shorten :
       {&v1::BatchBody::mutable_origin, &v1::BatchBody::mutable_key_id, &v1::BatchBody::mutable_root}) {
    v1::BatchBody wire = WireBatch();
    (wire.*shorten)()->pop_back();
    EXPECT_EQ(ReasonFor(ReadBatch(wire.SerializeAsString())), kParse);
  }
}

long PeakKibibytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}
// `wire` repeated to 24 MiB; an empty element of a list is two bytes of wire and over fifty of memory.
template <typename Read>
void ExpectRefusedWithoutBuilding(ByteView wire, RejectReason reason, const Read& read) {
  Bytes bytes;
  while (bytes.size() < 24u << 20) bytes.append(wire);
  const long before = PeakKibibytes();
  EXPECT_EQ(ReasonFor(read(bytes)), reason);
  EXPECT_LT(PeakKibibytes() - before, 64 << 10);
}
TEST(PayloadLimits, EmptyElementsAreCountedBeforeTheyAreBuilt) {
  const auto read = [](ByteView bytes) { return ReadPayload(bytes); };
  ExpectRefusedWithoutBuilding(ByteView("\x12\0", 2), kLimit, read);
  for (const char* list : {"\x22", "\x32"}) ExpectRefusedWithoutBuilding(Bytes(list) + '\0', kChain, read);
  for (const char* list : {"\x2a", "\x3a", "\x42"}) ExpectRefusedWithoutBuilding(Bytes(list) + '\0', kLimit, read);
  ExpectRefusedWithoutBuilding(Bytes("\x3a\x82\1") + Repeated(ByteView("\x12\0", 2), 65), kParse, read);  // signatures of a recall
}
TEST(ProofLimits, EmptyElementsAreCountedBeforeTheyAreBuilt) {
  const auto read = [](ByteView bytes) { return ReadProof(bytes); };
  ExpectRefusedWithoutBuilding(ByteView("\x1a\0", 2), kLimit, read);
  ExpectRefusedWithoutBuilding(ByteView("\x22\0", 2), kChain, read);
  ExpectRefusedWithoutBuilding(ByteView("\x2a\0", 2), kChain, read);
  ExpectRefusedWithoutBuilding(ByteView("\x12\2\x2a\0", 4), kParse, read);  // the statement twice, an empty path hash in each
}

Claims At(std::vector<uint64_t> sequences) {
  Claims claims;
  for (const uint64_t sequence : sequences) {
    claims.each.push_back({sequence, {}, 0, 0, 0, {}, 1, {}, {}});
    if (sequence != 1) claims.each.back().previous = *StatementId::From(Bytes(32, 'p'));
  }
  return claims;
}
TEST(StreamLimits, IndexesAndSequencesKeepStep) {
  const std::vector<StatementId> ids(2, *StatementId::From(Bytes(32, 'p')));
  EXPECT_EQ(ReasonFor(CheckStream(At({4, 6}), {1, 3}, ids)), kNone);
  EXPECT_EQ(ReasonFor(CheckStream(At({4, 7}), {1, 3}, ids)), kGap);
  EXPECT_EQ(ReasonFor(CheckStream(At({1, 3}), {1, 3}, ids)), kGap);  // index 0 would stand at 0
  EXPECT_EQ(ReasonFor(CheckStream(At({4, 5}), {1, 2}, ids)), kNone);
  EXPECT_EQ(ReasonFor(CheckStream(At({UINT64_MAX, 0}), {0, 1}, ids)), kGap);  // no way round to the start
}

}  // namespace
}  // namespace entente::envelope
