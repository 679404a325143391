#include <gtest/gtest.h>

#include "envelope/testing/passing_on.h"
#include "trust/key_maker.h"

// What keys of earlier versions of an identity document may still say, and when.
namespace entente::envelope {
namespace {

using namespace testing;
using enum RejectReason;

constexpr absl::Duration kHour = absl::Hours(1);

// An organisation that Estovia knows, with the statement key `old` from kNow on, and from an hour later on the key `fresh`.
class Versions : public ::testing::Test {
 protected:
  explicit Versions(std::optional<absl::Time> end = std::nullopt) : history_(Identity(end)), old_(SelfWith(old_key_)), fresh_(old_) {
    trust::Accepted accepted{{}, history_.newest()};
    accepted.party.org = history_.org();
    accepted.party.name = "agency";
    EXPECT_TRUE(at_estovia_->Accept(accepted).ok());
  }
  // Version 2, in which `revocation` stands beside the new keys.
  void Rotate(const v1::Revocation& revocation) {
    trust::IdentityChange change;
    change.add = {{v1::KEY_USAGE_STATEMENT, fresh_key_.get()}, {v1::KEY_USAGE_GROUP_ADMIN, admin_key_.get()}};
    change.revoke = {revocation};
    const crypto::SigningKey* const roots[] = {&root_};
    const auto next = trust::MakeNext(history_, change, roots, kNow + kHour);
    ASSERT_TRUE(next.ok()) << next.status();
    ASSERT_TRUE(history_.Extend(*next, kNow + kHour).ok());
    fresh_ = SelfWith(fresh_key_);
    v1::IdentityChain chain;
    *chain.add_documents() = history_.Version(1, first_hash_)->wire();
    *chain.add_documents() = *next;
    const auto persist = [](const v1::SignedIdentity&) { return absl::OkStatus(); };
    ASSERT_TRUE(at_estovia_->Extend(history_.org(), chain, kNow + kHour, persist).ok());
  }
  v1::Revocation Superseded(absl::Duration after = 2 * kHour) { return trust::Supersede(old_.key_id, kNow + after); }

  v1::Payload Signed(const trust::Self& self, absl::Time at) {
    return HonestPayload(self, Green(), {World().estovia.org()}, Contents(2, 40), at);
  }
  RejectReason At(const v1::Payload& payload, const trust::Self& sealer, absl::Time sealed, absl::Time now) {
    const HostileSeal seal{sealer, {World().estovia.Prekey(kNow)}, sealed};
    auto opened = OpenAt(World().estovia, seal.Make(payload), now);
    EXPECT_TRUE(opened.ok()) << opened.status();
    return ReasonFor(Verify(*std::move(opened), *at_estovia_, sealer.org(), now, nullptr));
  }

  // Version 1 of the document, which ends at `expires` where that is given.
  trust::IdentityHistory Identity(std::optional<absl::Time> expires) {
    v1::SignedIdentity wire = *trust::MakeIdentity("agency", root_, *old_key_, kNow);
    if (expires) {
      v1::IdentityDocument document;
      document.ParseFromString(wire.document());
      document.set_expires_us(absl::ToUnixMicros(*expires));
      wire.set_document(document.SerializeAsString());
      const crypto::SigningKey* keys[] = {&root_, old_key_.get()};
      for (int i = 0; i < 2; ++i) wire.mutable_signatures(i)->set_signature(*keys[i]->Sign(trust::kIdentityType, wire.document()));
    }
    auto history = trust::IdentityHistory::Begin(wire);
    EXPECT_TRUE(history.ok()) << history.status();
    first_hash_ = history->newest().hash();
    return *std::move(history);
  }
  trust::Self SelfWith(const std::shared_ptr<const crypto::SigningKey>& key) {
    return {history_.newest(), trust::MakeKeyId(v1::KEY_USAGE_STATEMENT, key->public_key()), key};
  }

  const bool ready_ = crypto::Initialise().ok();
  const crypto::SigningKey root_ = crypto::SigningKey::Generate();
  const std::shared_ptr<const crypto::SigningKey> old_key_ = std::make_shared<const crypto::SigningKey>(crypto::SigningKey::Generate());
  const std::shared_ptr<const crypto::SigningKey> fresh_key_ = std::make_shared<const crypto::SigningKey>(crypto::SigningKey::Generate());
  const std::shared_ptr<const crypto::SigningKey> admin_key_ = std::make_shared<const crypto::SigningKey>(crypto::SigningKey::Generate());
  Digest first_hash_;
  trust::IdentityHistory history_;
  trust::Self old_, fresh_;
  std::unique_ptr<trust::Directory> at_estovia_ = World().estovia.DirectoryWith({&World().norlandia});
};

TEST_F(Versions, P27AStatementOfTheReplacedKeyHoldsForWhatItSignedBefore) {
  const v1::Payload payload = Signed(old_, kNow);
  Rotate(Superseded());
  EXPECT_EQ(At(payload, old_, kNow + kHour, kNow + kHour), kNone);
  EXPECT_EQ(At(payload, fresh_, kNow + 3 * kHour, kNow + 3 * kHour), kNone);
  EXPECT_EQ(At(Signed(fresh_, kNow + 3 * kHour), fresh_, kNow + 3 * kHour, kNow + 3 * kHour), kNone);
}
TEST_F(Versions, ASealOfTheReplacedKeyEndsWithIt) {
  const v1::Payload payload = Signed(old_, kNow);
  Rotate(Superseded());
  EXPECT_EQ(At(payload, old_, kNow + 3 * kHour, kNow + 3 * kHour), kRevoked);
}
TEST_F(Versions, ABatchOfTheReplacedKeyEndsWithIt) {
  const v1::Payload payload = Signed(old_, kNow + 3 * kHour);
  Rotate(Superseded());
  EXPECT_EQ(At(payload, fresh_, kNow + 3 * kHour, kNow + 3 * kHour), kRevoked);
}
TEST_F(Versions, EachStatementIsAskedForItsOwnTimeAndVersion) {
  HostileBatch signer{old_};
  signer.statement = [&](v1::StatementBody& body, int i) {
    if (i == 1) body.set_created_us(absl::ToUnixMicros(kNow + 3 * kHour));
  };
  const v1::Payload late = signer.Sign(Signed(old_, kNow));
  signer.statement = [&](v1::StatementBody& body, int i) {
    if (i == 1) body.set_identity_hash(Bytes(32, 'h'));
  };
  const v1::Payload other = signer.Sign(Signed(old_, kNow));
  Rotate(Superseded());
  EXPECT_EQ(At(late, fresh_, kNow + 3 * kHour, kNow + 3 * kHour), kRevoked);
  EXPECT_EQ(At(other, fresh_, kNow + 3 * kHour, kNow + 3 * kHour), kNoKey);
}
// A key counts under a version that holds it: the fresh one did not stand in version 1.
TEST_F(Versions, AKeyDoesNotSignUnderAVersionThatLacksIt) {
  Rotate(Superseded());
  HostileBatch signer{fresh_};
  signer.statement = [&](v1::StatementBody& body, int) {
    body.set_identity_version(1);
    body.set_identity_hash(first_hash_.str());
  };
  EXPECT_EQ(At(signer.Sign(Signed(fresh_, kNow + kHour)), fresh_, kNow + kHour, kNow + kHour), kNoKey);
}
TEST_F(Versions, AStolenKeySaysNothingAnyMore) {
  const v1::Payload payload = Signed(old_, kNow);
  EXPECT_EQ(At(payload, old_, kNow, kNow), kNone);
  Rotate(trust::Compromise(old_.key_id, kNow + kHour));
  EXPECT_EQ(At(payload, fresh_, kNow + kHour, kNow + kHour), kRevoked);
}

// Each says when it was made: before the key was replaced, or after.
class Others : public Versions {
 protected:
  void SetUp() override { Rotate(Superseded()); }
  const absl::Time before_ = kNow, after_ = kNow + 3 * kHour, now_ = kNow + 3 * kHour;
};
TEST_F(Others, CosignaturesAskTheSameOfTheirKeys) {
  const v1::SignedBody batch = Honest(1).batch();
  JointTerms joint{{old_.org(), World().norlandia.org()}, 2};
  std::sort(joint.organisations.begin(), joint.organisations.end());
  const auto reason = [&](absl::Time at) {
    SignedBodies cosignatures;
    *cosignatures.Add() = *Cosign(old_, batch, false, at);
    return ReasonFor(
        CheckCosignatures(cosignatures, {batch, World().norlandia.org(), false, joint}, *at_estovia_, now_));
  };
  EXPECT_EQ(reason(before_), kNone);
  EXPECT_EQ(reason(after_), kRevoked);
}
TEST_F(Others, HopsAndPermissionsAskTheSameOfTheirKeys) {
  const std::vector<StatementId> ids = {*StatementId::From(Bytes(32, 's'))};
  const policy::Constraints constraints = Green();
  // `by` passes on what `origin` sent it.
  const auto reason = [&](const trust::Self& origin, const trust::Self& by, const SignedBodies& permissions, absl::Time at) {
    const std::vector<OrgId> audience = {by.org()};
    ForwardTerms terms{ids, {World().estovia.org()}, v1::FORWARD_BASIS_LABEL, {}, model::Label::kGreen};
    if (!permissions.empty()) {
      terms.basis = v1::FORWARD_BASIS_PERMISSION;
      terms.permission = PermissionIdOf(permissions[0].body());
    }
    SignedBodies forwards;
    *forwards.Add() = *MakeForward(by, terms, nullptr, false, at);
    return ReasonFor(
        CheckChain(forwards, permissions, {ids, origin.org(), audience, constraints, kNow}, *at_estovia_, now_, nullptr));
  };
  const trust::Self& norlandia = World().norlandia.self();
  EXPECT_EQ(reason(norlandia, old_, {}, before_), kNone);
  EXPECT_EQ(reason(norlandia, old_, {}, after_), kRevoked);
  const auto permitted = [&](absl::Time at) {
    SignedBodies permissions;
    *permissions.Add() = *MakePermission(old_, ids, norlandia.org(), {World().estovia.org()}, at, now_ + kHour);
    return reason(old_, norlandia, permissions, now_);
  };
  EXPECT_EQ(permitted(before_), kNone);
  EXPECT_EQ(permitted(after_), kRevoked);
}
TEST_F(Others, NoticesAskTheSameOfTheirKeys) {
  const auto recalled = [&](absl::Time at) {
    RecallTerms terms;
    terms.origin = old_.org();
    terms.targets = {*StatementId::From(Bytes(32, 't'))};
    v1::SignedRecall recall = MakeRecall(terms, at);
    SignRecall(old_, recall).IgnoreError();
    return ReasonFor(CheckRecall(recall, *at_estovia_, now_));
  };
  EXPECT_EQ(recalled(before_), kNone);
  EXPECT_EQ(recalled(after_), kRevoked);
  const auto receipted = [&](absl::Time at) {
    Receipt receipt;
    receipt.subjects = {*StatementId::From(Bytes(32, 't'))};
    receipt.kind = v1::RECEIPT_KIND_STORED;
    return ReasonFor(CheckReceipt(*MakeReceipt(old_, World().estovia.org(), receipt, at), *at_estovia_,
                                  World().estovia.org(), now_));
  };
  EXPECT_EQ(receipted(before_), kNone);
  EXPECT_EQ(receipted(after_), kRevoked);
}

// A group admin key may sign recalls, in a group's name alone.
TEST_F(Others, ARecallInItsOriginsNameIsByAStatementKey) {
  const trust::Self admin{history_.newest(), trust::MakeKeyId(v1::KEY_USAGE_GROUP_ADMIN, admin_key_->public_key()), admin_key_};
  RecallTerms terms;
  terms.origin = admin.org();
  terms.targets = {*StatementId::From(Bytes(32, 't'))};
  v1::SignedRecall recall = MakeRecall(terms, now_);
  SignRecall(admin, recall).IgnoreError();
  EXPECT_EQ(ReasonFor(CheckRecall(recall, *at_estovia_, now_)), kKeyUse);
}

// Nothing new counts once the newest document has ended, although its key was good when it signed.
class Ended : public Versions {
 protected:
  Ended() : Versions(kNow + kHour) {}
};
TEST_F(Ended, ASealIsTooLate) {
  const v1::Payload payload = Signed(old_, kNow);
  EXPECT_EQ(At(payload, old_, kNow, kNow), kNone);
  EXPECT_EQ(At(payload, old_, kNow, kNow + 2 * kHour), kFreeze);
}
TEST_F(Ended, ABatchIsTooLate) {
  const trust::Self& norlandia = World().norlandia.self();
  const auto payload = HonestPayload(old_, Green(), {World().estovia.org(), norlandia.org()}, {"{}"}, kNow);
  EXPECT_EQ(At(payload, norlandia, kNow, kNow), kNone);
  EXPECT_EQ(At(payload, norlandia, kNow, kNow + 2 * kHour), kFreeze);
}

}  // namespace
}  // namespace entente::envelope
