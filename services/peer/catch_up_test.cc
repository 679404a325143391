#include "services/peer/catch_up.h"

#include <gtest/gtest.h>

#include "exchange/testing/group_nodes.h"
#include "services/peer/document_inbox.h"

namespace entente::peer {
namespace {

using exchange::testing::GroupNodes;
using exchange::testing::TestNode;

const SteadyTime kStart{std::chrono::hours(1)};

GroupId Unknown(int number) {
  GroupId out;
  std::memcpy(out.data(), &number, sizeof number);
  return out;
}

class CatchUpTest : public ::testing::Test {
 protected:
  // The questions about one group, none of which brings anything.
  std::vector<v1::DocumentKind> Fruitless(SteadyTime now) {
    std::vector<v1::DocumentKind> out;
    while (const std::optional<v1::Want> want = catch_up_.Next(now)) {
      out.push_back(want->kind());
      if (want->kind() == v1::DOCUMENT_KIND_MEMBERSHIP) {
        catch_up_.KeepVersions({});
      } else {
        catch_up_.Answered(now);
      }
    }
    return out;
  }
  GroupNodes n_;
  CatchUp catch_up_{n_.norlandia.room(), n_.estovia.org()};
};

TEST_F(CatchUpTest, EachKindIsAskedForFromBehindWhatIsOnFile) {
  ASSERT_TRUE(n_.Found().ok());
  catch_up_.Begin(kStart);
  std::vector<std::pair<v1::DocumentKind, uint64_t>> asked;
  while (const std::optional<v1::Want> want = catch_up_.Next(kStart)) {
    EXPECT_EQ(want->id(), n_.group.view());
    asked.emplace_back(want->kind(), want->first());
    if (want->kind() == v1::DOCUMENT_KIND_MEMBERSHIP) {
      catch_up_.KeepVersions({});
    } else {
      catch_up_.Answered(kStart);
    }
  }
  EXPECT_EQ(asked, (std::vector<std::pair<v1::DocumentKind, uint64_t>>{{v1::DOCUMENT_KIND_MEMBERSHIP, 2},
                                                                       {v1::DOCUMENT_KIND_GROUP_LOG, 3},
                                                                       {v1::DOCUMENT_KIND_LEAVE, 0},
                                                                       {v1::DOCUMENT_KIND_EPOCH, 1}}));
}

TEST_F(CatchUpTest, OnlyGroupsThatThePeerIsInAreAskedAbout) {
  ASSERT_TRUE(n_.Found().ok());
  TestNode stranger("stranger");
  n_.norlandia.Accept(stranger);
  CatchUp other(n_.norlandia.room(), stranger.org());
  other.Begin(kStart);
  EXPECT_FALSE(other.Next(kStart).has_value());
  EXPECT_EQ(other.due(), SteadyTime::max());
}

TEST_F(CatchUpTest, TheLongerTheLessComesOfIt) {
  const GroupId group = Unknown(1);
  SteadyTime now = kStart;
  SteadyTime::duration pause = kFirstAskAgain;
  for (int i = 0; i < 10; ++i) {
    catch_up_.Behind(group, now);
    EXPECT_EQ(catch_up_.due(), now);
    EXPECT_EQ(Fruitless(now), (std::vector{v1::DOCUMENT_KIND_MEMBERSHIP, v1::DOCUMENT_KIND_GROUP_LOG}));
    EXPECT_EQ(catch_up_.due(), SteadyTime::max()) << "nobody told anything new";
    catch_up_.Behind(group, now);
    catch_up_.Behind(group, now);
    pause = std::min<SteadyTime::duration>(2 * pause, kLongestAskAgain);
    EXPECT_EQ(catch_up_.due(), now + pause);
    EXPECT_TRUE(Fruitless(now + pause - std::chrono::milliseconds(1)).empty());
    now += pause;
  }
  EXPECT_EQ(pause, SteadyTime::duration(kLongestAskAgain));
}

TEST_F(CatchUpTest, SoManyGroupsAndNoMore) {
  for (int i = 1; i <= 2 * static_cast<int>(kMaxGroupsAsked); ++i) catch_up_.Behind(Unknown(i), kStart);
  EXPECT_EQ(Fruitless(kStart).size(), 2 * kMaxGroupsAsked);  // two questions each
}

TEST_F(CatchUpTest, AnOrganisationsDocumentsAreAskedForOnceAndFirst) {
  catch_up_.Behind(Unknown(1), kStart);
  EXPECT_TRUE(catch_up_.AskIdentity(n_.volt.org()));
  EXPECT_FALSE(catch_up_.AskIdentity(n_.volt.org()));
  EXPECT_FALSE(catch_up_.AskIdentity(n_.norlandia.org())) << "its own";
  EXPECT_FALSE(catch_up_.AskIdentity(*OrgId::From(Bytes(32, 's')))) << "a stranger's";
  const std::optional<v1::Want> want = catch_up_.Next(kStart);
  ASSERT_TRUE(want);
  EXPECT_EQ(want->kind(), v1::DOCUMENT_KIND_IDENTITY);
  EXPECT_EQ(want->id(), n_.volt.org().view());
  EXPECT_EQ(want->first(), 2u);  // the newest on file, of which there may be another
  EXPECT_EQ(want->count(), kMaxWantCount);
  catch_up_.Answered(kStart);
  EXPECT_EQ(catch_up_.Next(kStart)->kind(), v1::DOCUMENT_KIND_MEMBERSHIP);
}

}  // namespace
}  // namespace entente::peer
