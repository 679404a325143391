#include "proto/strict_parse.h"

#include <gtest/gtest.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/struct.pb.h>

#include <vector>

#include "base/reject.h"
#include "base/testing/peak_memory.h"
#include "entente/v1/envelope.pb.h"
#include "entente/v1/identity.pb.h"
#include "entente/v1/peer.pb.h"

namespace entente {
namespace {

template <typename Message>
RejectReason Parse(const Bytes& wire, Message& out) {
  return ReasonOf(StrictParse(wire, out));
}
template <typename Message>
RejectReason Parse(const Bytes& wire) {
  Message out;
  return Parse(wire, out);
}
Bytes B(std::initializer_list<int> bytes) {
  Bytes out;
  for (int byte : bytes) out.push_back(static_cast<char>(byte));
  return out;
}
// A length-delimited field with a one-byte tag and a one-byte length.
Bytes Field(int number, const Bytes& value) {
  return B({number << 3 | 2, static_cast<int>(value.size())}) + value;
}

v1::IdentityDocument SampleDocument() {
  v1::IdentityDocument document;
  document.set_version(1);
  document.set_root_threshold(1);
  document.set_expires_us(-1);
  document.set_name("norlandia");
  v1::PublicKey& key = *document.add_root_keys();
  key.set_usage(v1::KEY_USAGE_ROOT);
  key.set_public_key(Bytes(32, 'k'));
  document.add_suites(1);
  document.add_suites(300);
  return document;
}

TEST(StrictParse, ReadsWhatTheEncoderWrites) {
  const v1::IdentityDocument document = SampleDocument();
  v1::IdentityDocument out;
  ASSERT_EQ(Parse(document.SerializeAsString(), out), RejectReason::kNone);
  EXPECT_EQ(out.SerializeAsString(), document.SerializeAsString());
  EXPECT_EQ(out.expires_us(), -1);
  EXPECT_EQ(out.suites(1), 300u);
}

TEST(StrictParse, EmptyInputIsAnEmptyMessage) { EXPECT_EQ(Parse<v1::IdentityDocument>(""), RejectReason::kNone); }

TEST(StrictParse, EveryPrefixThatEndsInsideAFieldRefusesAndClears) {
  const Bytes whole = SampleDocument().SerializeAsString();
  size_t refused = 0;
  for (size_t size = 1; size < whole.size(); ++size) {
    v1::IdentityDocument out = SampleDocument();
    if (Parse(whole.substr(0, size), out) == RejectReason::kNone) continue;
    ++refused;
    EXPECT_EQ(out.ByteSizeLong(), 0u) << size;
  }
  EXPECT_EQ(whole.size() - 1 - refused, 5u);  // a cut behind one of its first five fields leaves a shorter message
}

TEST(StrictParse, P57UnknownFieldBelow100RefusesAtEveryLevel) {  // 0x98 0x06 is field 99
  EXPECT_EQ(Parse<v1::IdentityDocument>(B({0x98, 0x06, 0})), RejectReason::kParse);
  EXPECT_EQ(Parse<v1::IdentityDocument>(B({15 << 3, 0})), RejectReason::kParse);
  EXPECT_EQ(Parse<v1::IdentityDocument>(Field(4, B({6 << 3, 0}))), RejectReason::kParse);
  EXPECT_EQ(Parse<v1::IdentityDocument>(B({0, 0})), RejectReason::kParse);  // field number 0
}

TEST(StrictParse, FieldsFrom100OnAreSkippedAtEveryLevelAndKept) {
  const Bytes extension = B({0xa0, 0x06, 5});         // field 100, varint 5
  const Bytes text = B({0xaa, 0x06, 2, 'h', 'i'});    // field 101, length-delimited
  v1::IdentityDocument out;
  ASSERT_EQ(Parse(extension + Field(10, "x") + Field(4, extension + text) + extension, out), RejectReason::kNone);
  EXPECT_EQ(out.name(), "x");
  EXPECT_EQ(out.GetReflection()->GetUnknownFields(out).field_count(), 2);
}

TEST(StrictParse, OptionalFieldsAreStillWellFormed) {
  EXPECT_EQ(Parse<v1::IdentityDocument>(B({0xa0, 0x06, 0x85, 0})), RejectReason::kParse);  // longer than needed
  EXPECT_EQ(Parse<v1::IdentityDocument>(B({0xa2, 0x06, 9, 'x'})), RejectReason::kParse);   // ends early
  EXPECT_EQ(Parse<v1::IdentityDocument>(B({0xa3, 0x06, 0xa4, 0x06})), RejectReason::kParse);  // a group
  EXPECT_EQ(Parse<v1::IdentityDocument>(B({0xa6, 0x06})), RejectReason::kParse);           // no such wire type
}

TEST(StrictParse, P57DuplicateSingularFieldRefuses) {
  EXPECT_EQ(Parse<v1::IdentityDocument>(Field(10, "a") + Field(10, "a")), RejectReason::kParse);
  EXPECT_EQ(Parse<v1::IdentityDocument>(B({2 << 3, 1, 2 << 3, 1})), RejectReason::kParse);
  EXPECT_EQ(Parse<v1::Card>(Field(2, "") + Field(2, "")), RejectReason::kParse);  // protobuf would merge these
  EXPECT_EQ(Parse<v1::IdentityDocument>(Field(4, "") + Field(4, "")), RejectReason::kNone);
}

TEST(StrictParse, P57SecondMemberOfAOneofRefuses) {
  EXPECT_EQ(Parse<v1::Frame>(Field(1, "")), RejectReason::kNone);
  EXPECT_EQ(Parse<v1::Frame>(Field(1, "") + Field(5, "")), RejectReason::kParse);
  EXPECT_EQ(Parse<v1::Frame>(Field(5, "") + Field(5, "")), RejectReason::kParse);
}

TEST(StrictParse, ProtoThreeOptionalIsNoOneofButStillSingular) {
  const Bytes hops = B({9 << 3, 0});
  v1::ReleaseConstraints out;
  ASSERT_EQ(Parse(hops, out), RejectReason::kNone);
  EXPECT_TRUE(out.has_hop_limit());
  EXPECT_EQ(Parse(hops + hops, out), RejectReason::kParse);
}

TEST(StrictParse, EveryIntegerHasOneEncoding) {
  EXPECT_EQ(Parse<v1::IdentityDocument>(B({2 << 3, 0x81, 0})), RejectReason::kParse);         // value
  EXPECT_EQ(Parse<v1::IdentityDocument>(B({0x90, 0, 1})), RejectReason::kParse);              // tag
  EXPECT_EQ(Parse<v1::IdentityDocument>(B({10 << 3 | 2, 0x81, 0, 'x'})), RejectReason::kParse);  // length
  EXPECT_EQ(Parse<v1::IdentityDocument>(B({7 << 3 | 2, 2, 0x81, 0})), RejectReason::kParse);  // packed
  EXPECT_EQ(Parse<v1::IdentityDocument>(B({2 << 3, 0x80})), RejectReason::kParse);
}

TEST(StrictParse, IntegersFitTheirType) {
  const Bytes wide = B({0x80, 0x80, 0x80, 0x80, 0x10});  // 2^32
  EXPECT_EQ(Parse<v1::IdentityDocument>(B({5 << 3}) + wide), RejectReason::kParse);   // uint32
  EXPECT_EQ(Parse<v1::IdentityDocument>(B({2 << 3}) + wide), RejectReason::kNone);    // uint64
  EXPECT_EQ(Parse<v1::Ack>(B({2 << 3, 2})), RejectReason::kParse);                    // bool
  EXPECT_EQ(Parse<v1::IdentityDocument>(B({2 << 3}) + Bytes(9, '\xff') + B({1})), RejectReason::kNone);
  EXPECT_EQ(Parse<v1::IdentityDocument>(B({2 << 3}) + Bytes(9, '\xff') + B({2})), RejectReason::kParse);  // 65 bits
}

TEST(StrictParse, UnknownEnumValueRefuses) {
  EXPECT_EQ(Parse<v1::ReleaseConstraints>(B({1 << 3, 5})), RejectReason::kNone);
  EXPECT_EQ(Parse<v1::ReleaseConstraints>(B({1 << 3, 6})), RejectReason::kParse);
  EXPECT_EQ(Parse<v1::ReleaseConstraints>(B({1 << 3}) + Bytes(9, '\xff') + B({1})), RejectReason::kParse);  // -1
  EXPECT_EQ(Parse<v1::ReleaseConstraints>(B({1 << 3, 0x85, 0x80, 0x80, 0x80, 0x10})), RejectReason::kParse);
}

TEST(StrictParse, WrongWireTypeRefuses) {
  EXPECT_EQ(Parse<v1::IdentityDocument>(Field(2, "1")), RejectReason::kParse);            // integer as bytes
  EXPECT_EQ(Parse<v1::IdentityDocument>(B({10 << 3, 1})), RejectReason::kParse);          // text as integer
  EXPECT_EQ(Parse<v1::IdentityDocument>(B({2 << 3 | 5, 0, 0, 0, 0})), RejectReason::kParse);  // fixed32
  EXPECT_EQ(Parse<v1::IdentityDocument>(B({4 << 3 | 3, 4 << 3 | 4})), RejectReason::kParse);  // group
}

TEST(StrictParse, RepeatedIntegersArePackedOrNot) {
  v1::IdentityDocument out;
  ASSERT_EQ(Parse(B({7 << 3 | 2, 2, 1, 2, 7 << 3, 3}), out), RejectReason::kNone);
  EXPECT_EQ(out.suites_size(), 3);
}

TEST(StrictParse, TextIsUtf8) {
  const std::vector<Bytes> good = {"plain", "\xc3\xa9", "\xe2\x82\xac", "\xed\x9f\xbf", "\xee\x80\x80",
                                   "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"};
  for (const Bytes& text : good) EXPECT_EQ(Parse<v1::IdentityDocument>(Field(10, text)), RejectReason::kNone) << text;
  const std::vector<Bytes> bad = {"\xff", "\x80", "\xc3", "\xc0\xaf", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80",
                                  "\xed\xbf\xbf", "\xe2\x82", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
                                  "\xf5\x80\x80\x80", "\xc3(", "\xe2(\xa1", "\xf0\x90\x80"};
  for (const Bytes& text : bad) EXPECT_EQ(Parse<v1::IdentityDocument>(Field(10, text)), RejectReason::kParse);
  EXPECT_EQ(Parse<v1::PrekeyBody>(Field(3, "\xff")), RejectReason::kNone);  // bytes may be anything
}

TEST(StrictParse, RefusalsWriteNothingToTheLog) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(Parse<v1::IdentityDocument>(Field(10, "\xff")), RejectReason::kParse);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(StrictParse, MapsAndGroupsAreRefused) {
  google::protobuf::Struct map;
  (*map.mutable_fields())["a"].set_bool_value(true);
  EXPECT_EQ(Parse<google::protobuf::Struct>(map.SerializeAsString()), RejectReason::kParse);
}

Bytes Nested(int levels) {
  google::protobuf::DescriptorProto top;
  google::protobuf::DescriptorProto* inner = &top;
  for (int i = 1; i < levels; ++i) inner = inner->add_nested_type();
  return top.SerializeAsString();
}
TEST(StrictParse, P57ALengthOf2GiBRefusesWithoutRoomForIt) {
  const entente::test::PeakMemory memory;
  for (const Bytes& length : {B({0xff, 0xff, 0xff, 0xff, 0x07}), B({0x80, 0x80, 0x80, 0x80, 0x08}),
                              Bytes(9, '\xff') + B({0x01})}) {
    EXPECT_EQ(Parse<v1::IdentityDocument>(B({10 << 3 | 2}) + length + "x"), RejectReason::kParse);
    EXPECT_EQ(Parse<v1::IdentityDocument>(B({4 << 3 | 2}) + length + Bytes(1000, 'x')), RejectReason::kParse);
    EXPECT_EQ(Parse<v1::IdentityDocument>(B({0xaa, 0x06}) + length + "x"), RejectReason::kParse);  // optional field
  }
  EXPECT_TRUE(memory.GrewLessThan(4u << 20)) << memory.Growth();
}

TEST(StrictParse, P57DepthIsBounded) {
  EXPECT_EQ(Parse<google::protobuf::DescriptorProto>(Nested(kMaxWireDepth)), RejectReason::kNone);
  EXPECT_EQ(Parse<google::protobuf::DescriptorProto>(Nested(kMaxWireDepth + 1)), RejectReason::kParse);
}

TEST(StrictParse, EveryDamagedByteIsReadTheSameWayOrRefused) {
  const Bytes whole = SampleDocument().SerializeAsString();
  for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
    Bytes damaged = whole;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    v1::IdentityDocument out;
    if (Parse(damaged, out) != RejectReason::kNone) continue;
    EXPECT_NE(out.SerializeAsString(), whole) << "bit " << bit << ": two encodings of one document";
  }
}

}  // namespace
}  // namespace entente
