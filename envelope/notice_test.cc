#include "envelope/notice.h"

#include <functional>

#include "base/clock.h"
#include "envelope/testing/federation.h"

namespace entente::envelope {
namespace {

using namespace testing;
using enum RejectReason;

std::vector<StatementId> Ids(size_t count, char first = 'a') {
  std::vector<StatementId> ids;
  for (size_t i = 0; i < count; ++i) ids.push_back(*StatementId::From(Bytes(32, static_cast<char>(first + i))));
  return ids;
}
RecallTerms Terms() {
  RecallTerms terms;
  terms.origin = World().norlandia.org();
  terms.targets = Ids(3);
  return terms;
}
absl::StatusOr<Recall> At(const v1::SignedRecall& wire, absl::Time now = kNow) {
  return CheckRecall(wire, *World().at_estovia, now);
}
v1::SignedRecall Signed(const RecallTerms& terms, std::vector<const trust::Self*> by = {}, absl::Time now = kNow) {
  v1::SignedRecall recall = MakeRecall(terms, now);
  if (by.empty()) by = {&World().norlandia.self()};
  for (const trust::Self* self : by) SignRecall(*self, recall).IgnoreError();
  return recall;
}
RejectReason With(const std::function<void(RecallTerms&)>& change) {
  RecallTerms terms = Terms();
  change(terms);
  return ReasonFor(At(Signed(terms)));
}
// The body bent, then signed.
RejectReason Bent(const std::function<void(v1::RecallBody&)>& bend) {
  v1::SignedRecall recall = MakeRecall(Terms(), kNow);
  v1::RecallBody body;
  body.ParseFromString(recall.body());
  bend(body);
  recall.set_body(body.SerializeAsString());
  SignRecall(World().norlandia.self(), recall).IgnoreError();
  return ReasonFor(At(recall));
}

TEST(Recall, SaysWhatItTakesBack) {
  RecallTerms terms = Terms();
  terms.action = v1::RECALL_ACTION_CORRECT;
  terms.replacements = Ids(3, 'n');
  terms.reason = v1::RECALL_REASON_FALSE_POSITIVE;
  const auto recall = At(Signed(terms));
  ASSERT_TRUE(recall.ok()) << recall.status();
  EXPECT_EQ(recall->origin, World().norlandia.org());
  EXPECT_EQ(recall->targets, terms.targets);
  EXPECT_EQ(recall->replacements, terms.replacements);
  EXPECT_EQ(recall->action, v1::RECALL_ACTION_CORRECT);
  EXPECT_EQ(recall->reason, v1::RECALL_REASON_FALSE_POSITIVE);
  EXPECT_EQ(recall->signers, std::vector<OrgId>({World().norlandia.org()}));
  EXPECT_EQ(recall->time, kNow);
}

TEST(Recall, TheOriginsAuthorityIsItsOneSignature) {
  const trust::Self &norlandia = World().norlandia.self(), &volt = World().volt.self();
  EXPECT_EQ(ReasonFor(At(Signed(Terms(), {&norlandia}))), kNone);
  EXPECT_EQ(ReasonFor(At(Signed(Terms(), {&volt}))), kAuthority);
  EXPECT_EQ(ReasonFor(At(Signed(Terms(), {&norlandia, &volt}))), kAuthority);
  EXPECT_EQ(ReasonFor(At(Signed(Terms(), {&norlandia, &norlandia}))), kParse);
  EXPECT_EQ(ReasonFor(At(MakeRecall(Terms(), kNow))), kParse);
  // Volt knows Norlandia alone, so that nobody who signed is on file.
  EXPECT_EQ(ReasonFor(CheckRecall(Signed(Terms(), {&World().estovia.self()}), *World().at_volt, kNow)), kUnknownParty);
}

TEST(Recall, Form) {
  EXPECT_EQ(With([](auto&) {}), kNone);
  EXPECT_EQ(With([](auto& t) { t.targets.clear(); }), kParse);
  EXPECT_EQ(With([](auto& t) { std::swap(t.targets[0], t.targets[1]); }), kParse);
  EXPECT_EQ(With([](auto& t) { t.replacements = Ids(3); }), kParse);
  EXPECT_EQ(With([](auto& t) { t.action = v1::RECALL_ACTION_SUPERSEDE; }), kParse);
  EXPECT_EQ(With([](auto& t) {
              t.action = v1::RECALL_ACTION_SUPERSEDE;
              t.replacements = Ids(2);
            }),
            kParse);
  EXPECT_EQ(With([](auto& t) { t.authority = v1::RECALL_AUTHORITY_UNSPECIFIED; }), kParse);
  EXPECT_EQ(With([](auto& t) { t.reason = v1::RECALL_REASON_UNSPECIFIED; }), kParse);
  EXPECT_EQ(With([](auto& t) { t.action = v1::RECALL_ACTION_UNSPECIFIED; }), kParse);
  EXPECT_EQ(With([](auto& t) { t.exercise_id = "two words"; }), kParse);
  EXPECT_EQ(With([](auto& t) { t.exercise_id = "locked-shields-26"; }), kNone);
  EXPECT_EQ(Bent([](auto& b) { b.set_msg_id("short"); }), kParse);
  EXPECT_EQ(Bent([](auto& b) { b.set_origin("short"); }), kParse);
  EXPECT_EQ(Bent([](auto& b) { b.set_group_id(Bytes(32, 'g')); }), kParse);
  EXPECT_EQ(Bent([](auto& b) { b.mutable_targets()->pop_back(); }), kParse);
  EXPECT_EQ(Bent([](auto& b) { b.set_targets(Bytes(32 * 1025, 'x')); }), kLimit);
  EXPECT_EQ(Bent([](auto& b) { b.GetReflection()->MutableUnknownFields(&b)->AddVarint(99, 1); }), kParse);
  EXPECT_EQ(Bent([](auto& b) { b.GetReflection()->MutableUnknownFields(&b)->AddLengthDelimited(100, Bytes(132'000, 'x')); }),
            kLimit);
}

TEST(Recall, SixtyFourSignaturesAtMost) {
  v1::SignedRecall recall = MakeRecall(Terms(), kNow);
  for (int i = 0; i < 65; ++i) {
    v1::OrgSignature& signature = *recall.add_signatures();
    signature.set_org_id(Bytes(32, 'o'));
    signature.set_key_id(Bytes(32, static_cast<char>(i)));
  }
  EXPECT_EQ(ReasonFor(At(recall)), kParse);
}

TEST(Recall, TimesAndKeys) {
  EXPECT_EQ(ReasonFor(At(Signed(Terms(), {}, kNow + kClockSkew))), kNone);
  EXPECT_EQ(ReasonFor(At(Signed(Terms(), {}, kNow + kClockSkew + absl::Microseconds(1)))), kTime);
  EXPECT_EQ(ReasonFor(At(Signed(Terms(), {}, kNow - absl::Hours(1)))), kTime);  // before its key
  v1::SignedRecall recall = Signed(Terms());
  recall.mutable_signatures(0)->set_key_id(Bytes(32, 'k'));
  EXPECT_EQ(ReasonFor(At(recall)), kNoKey);
  recall.mutable_signatures(0)->set_key_id(Bytes(31, 'k'));
  EXPECT_EQ(ReasonFor(At(recall)), kSignature);
}

TEST(Recall, EveryFlippedBitRefuses) {
  const v1::SignedRecall good = Signed(Terms());
  const size_t body = good.body().size(), all = body + good.signatures(0).signature().size();
  for (size_t bit = 0; bit < all * 8; bit += 3) {
    v1::SignedRecall bent = good;
    const size_t at = bit / 8;
    Bytes& part = at < body ? *bent.mutable_body() : *bent.mutable_signatures(0)->mutable_signature();
    char& byte = part[at < body ? at : at - body];
    byte = static_cast<char>(byte ^ (1 << (bit % 8)));
    EXPECT_FALSE(At(bent).ok()) << bit;
  }
}

TEST(Recall, AuthorityOverATarget) {
  const Recall recall = *At(Signed(Terms()));
  const RecallTarget own{World().norlandia.org(), {}, ""};
  EXPECT_TRUE(CheckAuthority(recall, own).ok());
  EXPECT_EQ(ReasonFor(CheckAuthority(recall, {World().volt.org(), {}, ""})), kAuthority);
  EXPECT_EQ(ReasonFor(CheckAuthority(recall, {World().norlandia.org(), {}, "locked-shields-26"})), kAuthority);
}

TEST(Recall, CosignersRecallWhatTheyVouchedFor) {
  RecallTerms terms = Terms();
  terms.authority = v1::RECALL_AUTHORITY_COSIGNERS;
  const trust::Self &norlandia = World().norlandia.self(), &volt = World().volt.self();
  JointTerms joint{{norlandia.org(), volt.org()}, 2};
  std::sort(joint.organisations.begin(), joint.organisations.end());
  const RecallTarget target{norlandia.org(), joint, ""};
  const auto authority = [&](std::vector<const trust::Self*> by) {
    return ReasonFor(CheckAuthority(*At(Signed(terms, std::move(by))), target));
  };
  EXPECT_EQ(authority({&norlandia, &volt}), kNone);
  EXPECT_EQ(authority({&volt}), kThreshold);
  EXPECT_EQ(authority({&norlandia, &volt, &World().estovia.self()}), kAuthority);
  EXPECT_EQ(ReasonFor(CheckAuthority(*At(Signed(terms, {&norlandia, &volt})), {norlandia.org(), {}, ""})), kAuthority);
  v1::SignedRecall false_one = Signed(terms, {&norlandia, &volt});
  false_one.mutable_signatures(1)->mutable_signature()->back() ^= 1;
  EXPECT_EQ(ReasonFor(At(false_one)), kSignature);
}

Receipt Said(v1::ReceiptKind kind = v1::RECEIPT_KIND_STORED) {
  Receipt receipt;
  receipt.subjects = Ids(2);
  receipt.kind = kind;
  return receipt;
}
absl::StatusOr<Receipt> AtNorlandia(const v1::SignedBody& wire, absl::Time now = kNow) {
  static const auto directory = World().norlandia.DirectoryWith({&World().estovia});
  return CheckReceipt(wire, *directory, World().norlandia.org(), now);
}
RejectReason ReceiptWith(const std::function<void(Receipt&)>& change, v1::ReceiptKind kind = v1::RECEIPT_KIND_STORED) {
  Receipt receipt = Said(kind);
  change(receipt);
  return ReasonFor(AtNorlandia(*MakeReceipt(World().estovia.self(), World().norlandia.org(), receipt, kNow)));
}

TEST(Receipt, SaysWhatBecameOfWhichStatements) {
  Receipt said = Said(v1::RECEIPT_KIND_RECALLED);
  said.recall = *RecallId::From(Bytes(32, 'r'));
  said.passed_on = 3;
  said.outstanding = 1;
  const auto receipt = AtNorlandia(*MakeReceipt(World().estovia.self(), World().norlandia.org(), said, kNow));
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  EXPECT_EQ(receipt->org, World().estovia.org());
  EXPECT_EQ(receipt->subjects, said.subjects);
  EXPECT_EQ(receipt->recall, said.recall);
  EXPECT_EQ(receipt->passed_on, 3u);
  EXPECT_EQ(receipt->outstanding, 1u);
}

TEST(Receipt, Form) {
  const auto recall = [](Receipt& r) { r.recall = *RecallId::From(Bytes(32, 'r')); };
  EXPECT_EQ(ReceiptWith([](auto&) {}), kNone);
  EXPECT_EQ(ReceiptWith(recall), kParse);
  for (const auto kind : {v1::RECEIPT_KIND_RECALLED, v1::RECEIPT_KIND_LEGAL_HOLD, v1::RECEIPT_KIND_REFUSED}) {
    EXPECT_EQ(ReceiptWith([](auto&) {}, kind), kParse);
    EXPECT_EQ(ReceiptWith(recall, kind), kNone);
  }
  EXPECT_EQ(ReceiptWith([](auto& r) { r.kind = v1::RECEIPT_KIND_UNSPECIFIED; }), kParse);
  EXPECT_EQ(ReceiptWith([](auto& r) { r.subjects.clear(); }), kParse);
  EXPECT_EQ(ReceiptWith([](auto& r) { r.passed_on = 1; }), kParse);
  EXPECT_EQ(ReceiptWith([&](auto& r) {
              recall(r);
              r.outstanding = 1;
            },
                        v1::RECEIPT_KIND_RECALLED),
            kParse);
  EXPECT_EQ(ReceiptWith([](auto& r) { r.exercise_id = "two words"; }), kParse);
  EXPECT_EQ(ReceiptWith([](auto& r) { r.exercise_id = "locked-shields-26"; }), kNone);
}

TEST(Receipt, ForWhomByWhomAndWhen) {
  const trust::Self& estovia = World().estovia.self();
  EXPECT_EQ(ReasonFor(AtNorlandia(*MakeReceipt(estovia, World().volt.org(), Said(), kNow))), kAudience);
  EXPECT_EQ(ReasonFor(AtNorlandia(*MakeReceipt(World().volt.self(), World().norlandia.org(), Said(), kNow))),
            kUnknownParty);
  const absl::Time late = kNow + kClockSkew + absl::Microseconds(1);
  EXPECT_EQ(ReasonFor(AtNorlandia(*MakeReceipt(estovia, World().norlandia.org(), Said(), late))), kTime);
  v1::SignedBody bent = *MakeReceipt(estovia, World().norlandia.org(), Said(), kNow);
  bent.mutable_signature()->back() ^= 1;
  EXPECT_EQ(ReasonFor(AtNorlandia(bent)), kSignature);
  bent.set_body("nonsense");
  EXPECT_EQ(ReasonFor(AtNorlandia(bent)), kSignature);
}

TEST(Notices, TheHashNamesEachInOrder) {
  SignedRecalls recalls;
  SignedBodies receipts;
  *recalls.Add() = Signed(Terms());
  *receipts.Add() = *MakeReceipt(World().estovia.self(), World().norlandia.org(), Said(), kNow);
  const Recall recall = *At(recalls[0]);
  const Receipt receipt = *AtNorlandia(receipts[0]);
  EXPECT_EQ(NoticesHash(recalls, receipts), crypto::LabeledHash("entente/1/notices", {recall.id.view(), receipt.id.view()}));
  const Digest one = NoticesHash(recalls, {});
  *recalls.Add() = recalls[0];
  EXPECT_NE(NoticesHash(recalls, {}), one);
}

}  // namespace
}  // namespace entente::envelope
