// Members, issuers and founders that are not honest, and what they get of others for it.
#include "crypto/slot.h"
#include "trust/sample_world_test.h"

namespace entente::trust {
namespace {

using enum RejectReason;

class GroupHostileTest : public SampleWorldTest {
 protected:
  static absl::Time Now() { return SampleNow(); }
  const SampleOrg& Sample(size_t i) const { return world_.founders.orgs[i]; }

  // `issued` again by `by`, with a secret of its choice in the slots of `prekeys` and zeros elsewhere.
  v1::EpochSlots WithSecret(const v1::EpochSlots& issued, const crypto::EpochSecret& secret, const std::map<size_t, Prekey>& prekeys, size_t by) {
    const Epoch epoch = *ReadEpoch(issued.epoch());
    v1::EpochSlots out;
    std::vector<Bytes> slots(epoch.slots, Bytes(crypto::kSlotSize, '\0'));
    for (const auto& [place, prekey] : prekeys) {
      const Bytes info = EpochSlotInfo(epoch, prekey.org, prekey.id, prekey.public_key);
      slots[place] = *crypto::WrapSlot(prekey.public_key, prekey.id, info, secret.bytes(), Bytes(32, 'h'));
    }
    for (const Bytes& slot : slots) out.mutable_slots()->append(slot);
    v1::EpochBody body;
    EXPECT_TRUE(body.ParseFromString(issued.epoch().body()));
    body.set_slots_root(crypto::TreeHash({slots.begin(), slots.end()}).str());
    body.set_epoch_commit(secret.Commitment(epoch.fields()).str());
    *out.mutable_epoch() = *SignBody(Sample(by).self, kEpochType, body.SerializeAsString());
    return out;
  }
};

// A member may hand the secret of its group on, also to a group of its own: then it sees envelopes of its own group alone there.
TEST_F(GroupHostileTest, ASecretThatIsUsedInTwoGroupsLeadsToTwoEpochs) {
  world_.Found();
  world_.Rekey(0, v1::EPOCH_REASON_FOUNDED, Now());
  const EpochUse first = *Node(3).groups->ToSealUnder(world_.group, Now());
  GroupTerms terms = world_.founders.Terms();
  terms.name = "another group";
  terms.admins = {Org(3)};
  terms.threshold = 1;
  terms.issuers = {Org(3)};
  terms.log_org = Org(3);
  const v1::SignedMembership wire = world_.founders.Sign(*MakeMembership(terms, nullptr, Now()), {3});
  const MembershipHistory history = *MembershipHistory::Begin(wire, world_.founders.parties, {Now()});
  const v1::SignedBody entry = world_.founders.EntryOf(history, *Membership::Read(wire), Now(), 3);
  for (const size_t i : {size_t{1}, size_t{3}}) ASSERT_TRUE(Node(i).TakeDocuments(history.group(), {&wire, &entry}, {Now()}).ok());
  const std::vector<Prekey> prekeys = world_.Prekeys(Now());
  const v1::EpochSlots honest = *Node(3).groups->Issue(Sample(3).self, history.group(), prekeys, v1::EPOCH_REASON_FOUNDED, Now());
  const v1::EpochSlots same = WithSecret(honest, *first.secret, {{1, prekeys[1]}}, 3);
  ASSERT_TRUE(Node(1).TakeEpoch(*DeliveryFor(same, 1), {Now()}).ok());
  const v1::SignedBody logged =
      *MakeLogEntry(Sample(3).self, history.group(), Node(1).groups->History(history.group())->log(),
                    v1::GROUP_LOG_KIND_EPOCH, 1, *Digest::From(ReadEpoch(same.epoch())->id.view()), Now());
  ASSERT_TRUE(Node(1).TakeDocuments(history.group(), {&logged}, {Now()}).ok());

  const EpochUse second = *Node(1).groups->ToSealUnder(history.group(), Now());
  EXPECT_NE(second.tag, first.tag);
  EXPECT_EQ(Node(1).groups->ForTag(first.tag, Now())->membership->group(), world_.group);
  EXPECT_EQ(Node(1).groups->ForTag(second.tag, Now())->membership->group(), history.group());
}

TEST_F(GroupHostileTest, AnIssuerThatSignsTwoEpochsOfOneNumberSplitsNobodyOff) {
  world_.Found();
  const v1::EpochSlots one = world_.Issue(0, v1::EPOCH_REASON_FOUNDED, Now()), two = world_.Issue(0, v1::EPOCH_REASON_FOUNDED, Now());
  ASSERT_TRUE(Node(2).TakeEpoch(world_.For(2, one), {Now()}).ok());
  for (const size_t i : {0, 1, 3}) ASSERT_TRUE(Node(i).TakeEpoch(world_.For(i, two), {Now()}).ok());
  EXPECT_EQ(ReasonOf(Node(2).TakeEpoch(world_.For(2, two), {Now()})), kEquivocation);
  world_.Log(two, Now());
  int persisted = 0;
  const auto persist = [&] { return ++persisted, absl::OkStatus(); };
  EXPECT_TRUE(Node(2).groups->TakeEpoch(world_.For(2, two), {Now()}, persist).ok());
  EXPECT_EQ(persisted, 1);
  EXPECT_EQ(TagOf(2, Now()), TagOf(1, Now()));
  EXPECT_EQ(ReasonOf(Node(1).TakeEpoch(world_.For(1, one), {Now()})), kEquivocation);  // lost, and evidence
  const absl::Time later = Now() + kSampleDay * 6;
  const v1::EpochSlots next = world_.Rekey(1, v1::EPOCH_REASON_AGE, later);
  EXPECT_EQ(ReadEpoch(next.epoch())->number, 2u);
  EXPECT_EQ(TagOf(2, later), TagOf(1, later));
}

TEST_F(GroupHostileTest, AnEpochThatNobodyCanOpenIsReplacedByTheNextIssuer) {
  world_.Found();
  const v1::EpochSlots issued = world_.Issue(0, v1::EPOCH_REASON_FOUNDED, Now());
  const crypto::EpochSecret other = *crypto::EpochSecret::FromBytes(crypto::SecretBytes::CopyOf(Bytes(32, 'o')));
  const v1::EpochSlots bad = WithSecret(issued, other, {}, 0);  // zeros for everybody
  for (const size_t i : {0, 1, 2, 3}) ASSERT_EQ(ReasonOf(Node(i).TakeEpoch(world_.For(i, bad), {Now()})), kNoSlot);
  world_.Log(bad, Now());
  const absl::Time replaced = Now() + 2 * kIssuerTurn;
  EXPECT_EQ(Node(1).groups->RekeyDue(world_.group, replaced - absl::Microseconds(1)), std::nullopt);  // a re-wrap may come
  ASSERT_EQ(Node(1).groups->RekeyDue(world_.group, replaced), v1::EPOCH_REASON_AGE);
  EXPECT_EQ(Node(0).groups->RekeyDue(world_.group, replaced), std::nullopt);  // its own
  const v1::EpochSlots next = world_.Issue(1, v1::EPOCH_REASON_AGE, replaced);
  for (const size_t i : {1, 2, 3}) ASSERT_TRUE(Node(i).TakeEpoch(world_.For(i, next), {replaced}).ok());
  world_.Log(next, replaced);
  EXPECT_EQ(Seals(2, replaced), kNone);
  EXPECT_EQ(Node(1).groups->RekeyDue(world_.group, replaced), std::nullopt);
}

}  // namespace
}  // namespace entente::trust
