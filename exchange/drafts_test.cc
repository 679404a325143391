#include "exchange/drafts.h"

#include <gtest/gtest.h>

#include "base/reject.h"
#include "exchange/testing/test_node.h"
#include "model/timestamp.h"

namespace entente::exchange {
namespace {

using testing::IdOf;
using testing::Indicator;
using testing::TestNode;
using enum RejectReason;

const Caller kAnna{1001, "anna"}, kBram{1002, "bram"}, kGuest{1003, "guest"};

class DraftsTest : public ::testing::Test {
 protected:
  DraftsTest() {
    seats_.seats = {{"duty officer", {1001, 1002}}};
    seats_.officers = {1001, 1002};
    seats_.second_officer_above = model::Label::kAmber;
    Open();
  }
  Room room() {
    Room room = node_.room();
    room.seats = with_seats_ ? &seats_ : nullptr;
    return room;
  }
  // As if the node was started now.
  void Open() {
    publication_ = std::make_unique<Publication>(room());
    drafts_ = std::make_unique<Drafts>(room(), *publication_);
    ASSERT_TRUE(drafts_->Load().ok());
  }
  absl::StatusOr<v1::PublishProgress> Make(const std::vector<std::string>& objects, const std::string& note = "",
                                           const Caller& by = kAnna, const PublishTerms& terms = {}) {
    std::vector<PublishItem> items;
    for (const std::string& object : objects) items.push_back({object});
    return drafts_->Make(std::move(items), terms, note, by);
  }
  v1::PublishProgress PublishAlone(const std::string& object) {
    std::promise<absl::StatusOr<v1::PublishProgress>> done;
    publication_->Publish({{object}}, PublishTerms(), 0, [&](auto progress) { done.set_value(std::move(progress)); });
    return *done.get_future().get();
  }
  void Rules(const std::string& rules) {
    RuleSet set;
    set.in_force = *policy::Rules::Parse("version = 1\n" + rules, "rules", {});
    node_.rules.Set(std::move(set));
  }
  uint64_t MakeRed(const std::string& tail = "1") {
    return Make({Indicator(tail, "a.example", model::Label::kRed)})->draft();
  }
  v1::DraftRow Row(uint64_t number) { return drafts_->Show(number, kAnna)->row; }
  bool Stored(const std::string& tail) { return Reading(node_.room()).Get(IdOf(tail), "").ok(); }

  TestNode node_{"cert.norlandia"};
  Seats seats_;
  bool with_seats_ = true;
  std::unique_ptr<Publication> publication_;
  std::unique_ptr<Drafts> drafts_;
};

TEST_F(DraftsTest, ASecondOfficerPublishesWhatOneAloneMayNot) {
  const v1::PublishProgress direct = PublishAlone(Indicator("1", "a.example", model::Label::kRed));
  ASSERT_EQ(direct.rejected(), 1u);
  EXPECT_EQ(direct.notable(0).reason(), Describe(kSecondOfficer).name);
  EXPECT_FALSE(Stored("1"));

  const uint64_t number = MakeRed();
  EXPECT_EQ(number, 1u);
  EXPECT_FALSE(Stored("1")) << "a draft is no object";
  EXPECT_TRUE(Row(number).needs_second_officer());
  EXPECT_EQ(ReasonOf(drafts_->Publish(number, kAnna).status()), kSecondOfficer) << "its author";
  EXPECT_EQ(ReasonOf(drafts_->Publish(number, kGuest).status()), kPolicyTlp) << "who may not even see it";
  seats_.seats[0].users.insert(1003);
  EXPECT_EQ(ReasonOf(drafts_->Publish(number, kGuest).status()), kRole) << "a seat is no office";
  EXPECT_FALSE(Stored("1"));
  EXPECT_EQ(Row(number).state(), "waits");
  ASSERT_EQ(drafts_->Publish(number, kBram)->published(), 1u);
  EXPECT_TRUE(Stored("1"));
  EXPECT_EQ(Row(number).state(), "published");
  EXPECT_EQ(Row(number).words(0).by(), "bram (uid 1002)");
  EXPECT_EQ(Row(number).words(0).note(), "as second officer");
  EXPECT_EQ(ReasonOf(drafts_->Publish(number, kBram).status()), kConflict) << "once";
}

TEST_F(DraftsTest, WhatNeedsNoSecondOfficerItsAuthorPublishes) {
  const uint64_t number = Make({Indicator("1", "a.example", model::Label::kAmber)})->draft();
  EXPECT_FALSE(Row(number).needs_second_officer());
  EXPECT_EQ(drafts_->Publish(number, kAnna)->published(), 1u);
  with_seats_ = false;
  Open();
  EXPECT_EQ(drafts_->Publish(MakeRed("2"), kAnna)->published(), 1u) << "nobody said that two are needed";
}

TEST_F(DraftsTest, EveryStepComesBackAtTheStart) {
  const uint64_t one = MakeRed("1"), two = MakeRed("2"), three = MakeRed("3");
  ASSERT_TRUE(drafts_->Review(one, "read it", kBram).ok());
  ASSERT_TRUE(drafts_->Drop(two, "too early", kBram).ok());
  ASSERT_TRUE(drafts_->Publish(three, kBram).ok());
  const auto before = drafts_->List(10, kAnna);
  Open();
  const auto after = drafts_->List(10, kAnna);
  ASSERT_EQ(after->size(), 3u);
  EXPECT_EQ((*after)[0].state() + " " + (*after)[1].state() + " " + (*after)[2].state(), "published dropped waits");
  EXPECT_EQ((*after)[2].words(0).step() + ": " + (*after)[2].words(0).note(), "reviewed: read it");
  EXPECT_EQ((*after)[2].by(), "anna (uid 1001)");
  EXPECT_EQ((*after)[1].words(0).by(), "bram (uid 1002)");
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ((*after)[i].state(), (*before)[i].state());
    EXPECT_EQ((*after)[i].words_size(), (*before)[i].words_size());
  }
  EXPECT_EQ(MakeRed("4"), 4u) << "numbers are given once";
  EXPECT_TRUE(node_.journal->Fsck(false)->problems.empty());
}

TEST_F(DraftsTest, RulesOfThatMomentDecideAndItGoesWholeOrNotAtAll) {
  const std::string text = Indicator("1", "a.example", model::Label::kGreen);
  const uint64_t number = Make({text, Indicator("2", "b.example", model::Label::kGreen)})->draft();
  Rules("[[rule]]\nid = \"hold\"\nwhen = { type = \"indicator\" }\neffect = \"quarantine\"\n");
  EXPECT_EQ(ReasonOf(drafts_->Publish(number, kAnna).status()), kPolicyRule);
  EXPECT_FALSE(Stored("1") || Stored("2"));
  EXPECT_EQ(Row(number).state(), "waits");
  Rules("");
  EXPECT_EQ(drafts_->Publish(number, kAnna)->published(), 2u);
}

TEST_F(DraftsTest, ItKeepsWhereItComesFromAndIsOneBundle) {
  Rules("[[import]]\nsource = \"publish:feed\"\ndefault_label = \"AMBER\"\n");
  v1::PublishOptions options;
  options.set_source("feed");
  const std::string relationship =
      R"({"type":"relationship","spec_version":"2.1","id":"relationship--00000000-0000-4000-8000-000000000009",)"
      R"("created":"2026-01-02T03:04:05.678Z","modified":"2026-01-02T03:04:05.678Z","relationship_type":"related-to",)"
      R"("source_ref":")" + IdOf("2") + R"(","target_ref":")" + IdOf("1") + R"("})";
  const std::vector<std::string> bundle = {relationship, Indicator("1", "a.example", model::Label::kUnlabelled),
                                           Indicator("2", "b.example", model::Label::kRed)};
  EXPECT_EQ(Make(bundle)->draft(), 0u) << "another source has no profile";
  const auto made = Make(bundle, "", kAnna, *publication_->Terms(options));
  ASSERT_TRUE(made.ok()) << made.status();
  ASSERT_EQ(made->draft(), 1u);
  Open();
  const auto published = drafts_->Publish(1, kBram);
  ASSERT_TRUE(published.ok()) << published.status();
  EXPECT_EQ(published->published(), 3u);
  EXPECT_EQ(published->imputed(), 1u);
  EXPECT_EQ(published->inherited(), 1u);
  EXPECT_EQ(Reading(node_.room()).Get(IdOf("1"), "")->row.tlp(), "AMBER");
  EXPECT_EQ(Reading(node_.room()).Get("relationship--00000000-0000-4000-8000-000000000009", "")->row.tlp(), "RED");
}

// Whoever signs off sees whom it goes to, not its content alone.
TEST_F(DraftsTest, ItsTermsAreShown) {
  TestNode estovia("cert.estovia", "XE");
  node_.Accept(estovia);
  v1::PublishOptions options;
  options.add_to("cert.estovia");
  options.set_source("feed");
  options.mutable_constraints()->add_rel_to("XE");
  options.mutable_constraints()->set_orcon(true);
  options.mutable_constraints()->set_pap(v1::PAP_AMBER);
  options.mutable_constraints()->set_embargo_until_us(absl::ToUnixMicros(node_.clock.now + absl::Hours(24)));
  options.mutable_constraints()->set_post_embargo_label(v1::LABEL_GREEN);
  const auto terms = publication_->Terms(options);
  ASSERT_TRUE(terms.ok()) << terms.status();
  const uint64_t number = Make({Indicator("1", "a.example", model::Label::kRed)}, "", kAnna, *terms)->draft();
  const v1::DraftRow row = Row(number);
  const std::vector<std::string> told(row.terms().begin(), row.terms().end());
  const std::string end = model::FormatTimestamp(node_.clock.now + absl::Hours(24));
  EXPECT_EQ(told, (std::vector<std::string>{"pap: AMBER", "rel to: XE", "orcon: true", "embargo until: " + end,
                                            "post embargo label: GREEN",
                                            "addressees: cert.estovia", "source: publish:feed"}));
  EXPECT_TRUE(drafts_->List(1, kAnna)->at(0).terms().empty());
}

// What its reviewers saw as RED does not go out as AMBER because a profile was changed since.
TEST_F(DraftsTest, NoObjectIsPublishedUnderALooserLabelThanItWasDraftedWith) {
  const std::string profile = "[[import]]\nsource = \"publish\"\ndefault_label = ";
  Rules(profile + "\"RED\"\n");
  const uint64_t number =
      Make({Indicator("1", "a.example", model::Label::kAmber), Indicator("2", "b.example", model::Label::kUnlabelled)})->draft();
  Rules(profile + "\"AMBER\"\n");
  const absl::Status refused = drafts_->Publish(number, kBram).status();
  EXPECT_EQ(ReasonOf(refused), kConflict);
  EXPECT_NE(refused.message().find("its object 2 was drafted as TLP:RED"), std::string::npos) << refused;
  EXPECT_FALSE(Stored("1"));
  EXPECT_EQ(Row(number).state(), "waits");
  Rules(profile + "\"RED\"\n");
  EXPECT_EQ(drafts_->Publish(number, kBram)->published(), 2u);
}

TEST_F(DraftsTest, WhatWasRaisedSinceIsShownAndRecordedAsThat) {
  const std::string object = Indicator("1", "a.example", model::Label::kGreen);
  const uint64_t number = Make({object})->draft();
  ASSERT_TRUE(drafts_->Publish(number, kAnna).ok());
  EXPECT_TRUE(drafts_->Show(number, kGuest).ok());
  PublishTerms red;
  red.constraints.label = model::Label::kRed;
  ASSERT_TRUE(drafts_->Publish(Make({object}, "", kAnna, red)->draft(), kBram).ok());
  EXPECT_EQ(ReasonOf(drafts_->Show(number, kGuest).status()), kPolicyTlp);
  EXPECT_EQ(drafts_->Show(number, kBram)->row.tlp(), "RED");
  EXPECT_EQ(OpenedBefore(node_.room(), 1)->at(0).tlp(), "RED");
}

// A user number that was given to somebody else is not its author; and an author sees it while it waits.
TEST_F(DraftsTest, ItsAuthorSeesItWhileItWaits) {
  const uint64_t number = Make({Indicator("1", "a.example", model::Label::kRed)}, "", kGuest)->draft();
  EXPECT_TRUE(drafts_->Show(number, kGuest).ok());
  EXPECT_EQ(ReasonOf(drafts_->Show(number, Caller{1003, "somebody"}).status()), kPolicyTlp);
  ASSERT_TRUE(drafts_->Publish(number, kBram).ok());
  EXPECT_EQ(ReasonOf(drafts_->Show(number, kGuest).status()), kPolicyTlp);
}

// A copy of what is stored goes to who came since: by two officers where the whole needs two.
TEST_F(DraftsTest, OneOfficerAloneMakesNoCopyOfWhatNeedsTwo) {
  Rules("[[rule]]\nid = \"abroad\"\nwhen = { direction = \"out\", cross_border = true }\neffect = \"redact\"\n"
        "remove = [\"x_victim\"]\n");
  seats_.second_officer_above = model::Label::kClear;
  const std::string object = Indicator("1", "a.example", model::Label::kGreen, "2026-01-02T03:04:05.678Z",
                                       R"(,"x_victim":"Acme Power of Norwick")");
  ASSERT_EQ(drafts_->Publish(Make({object})->draft(), kBram)->published(), 1u);
  TestNode estovia("cert.estovia", "XE");
  node_.Accept(estovia);
  const v1::PublishProgress alone = PublishAlone(object);
  EXPECT_EQ(alone.unchanged(), 1u);
  EXPECT_TRUE(alone.redacted().empty());
  const auto both = drafts_->Publish(Make({object})->draft(), kBram);
  ASSERT_TRUE(both.ok()) << both.status();
  EXPECT_EQ(both->redacted().at("cert.estovia"), 1u);
}

TEST_F(DraftsTest, WhatAPublishWouldRefuseIsNoDraft) {
  const auto progress = Make({Indicator("1", "a.example", model::Label::kUnlabelled), "{}"});
  ASSERT_TRUE(progress.ok()) << progress.status();
  EXPECT_EQ(progress->draft(), 0u);
  EXPECT_EQ(progress->quarantined(), 1u);
  EXPECT_EQ(progress->rejected(), 1u);
  EXPECT_TRUE(drafts_->List(10, kAnna)->empty());
}

TEST_F(DraftsTest, ItIsReviewedAndDroppedByWhoMay) {
  const uint64_t number = MakeRed();
  EXPECT_EQ(ReasonOf(drafts_->Review(number, "mine", kAnna)), kRole);
  EXPECT_EQ(ReasonOf(drafts_->Review(number, "", kGuest)), kPolicyTlp);
  EXPECT_EQ(ReasonOf(drafts_->Drop(number, "", kGuest)), kRole);
  EXPECT_EQ(ReasonOf(drafts_->Drop(99, "", kAnna)), kNotFound);
  EXPECT_EQ(ReasonOf(drafts_->Show(number, kGuest).status()), kPolicyTlp);
  const auto rows = drafts_->List(10, kGuest);
  ASSERT_EQ(rows->size(), 1u);
  EXPECT_EQ((*rows)[0].note() + std::to_string((*rows)[0].objects()), "0");
  EXPECT_EQ(OpenedBefore(node_.room(), 10)->size(), 0u);
  ASSERT_TRUE(drafts_->Show(number, kBram).ok());
  EXPECT_EQ(OpenedBefore(node_.room(), 10)->at(0).how(), "draft");
  EXPECT_TRUE(drafts_->Drop(number, "", kAnna).ok());
}

TEST_F(DraftsTest, TheyAreBounded) {
  EXPECT_EQ(ReasonOf(Make({}).status()), kUsage);
  EXPECT_EQ(ReasonOf(Make({"{}"}, std::string(kMaxDraftNote + 1, 'x')).status()), kUsage);
  EXPECT_EQ(ReasonOf(Make(std::vector<std::string>(kMaxDraftObjects + 1, "{}")).status()), kLimit);
  EXPECT_EQ(ReasonOf(Make({std::string(kMaxDraftBytes + 1, ' ')}).status()), kLimit);
  const std::string small = Indicator("1", "a.example", model::Label::kClear);
  for (size_t i = 0; i < kMaxDraftsOfOne; ++i) ASSERT_EQ(Make({small})->draft(), i + 1);
  EXPECT_EQ(ReasonOf(Make({small}).status()), kLimit) << "of one author";
  for (size_t i = kMaxDraftsOfOne; i < kMaxDraftsWaiting; ++i) {
    const Caller other{static_cast<uint32_t>(2000 + i / kMaxDraftsOfOne), "other"};
    ASSERT_EQ(Make({small}, "", other)->draft(), i + 1);
  }
  EXPECT_EQ(ReasonOf(Make({small}, "", kBram).status()), kLimit) << "of all";
  ASSERT_TRUE(drafts_->Drop(1, "", kAnna).ok());
  EXPECT_TRUE(Make({small}).ok());
  for (size_t i = 0; i < kMaxDraftWords; ++i) ASSERT_TRUE(drafts_->Review(2, "", kBram).ok());
  EXPECT_EQ(ReasonOf(drafts_->Review(2, "", kBram)), kLimit);
  EXPECT_EQ(ReasonOf(drafts_->List(kMaxDraftRows + 1, kAnna).status()), kUsage);

  node_.clock.now += kDraftAge;
  EXPECT_EQ(Row(2).state(), "expired");
  EXPECT_EQ(ReasonOf(drafts_->Publish(2, kBram).status()), kConflict);
  EXPECT_EQ(Make({small})->draft(), kMaxDraftsWaiting + 2) << "what expired makes room";
  EXPECT_EQ(drafts_->List(kMaxDraftRows, kAnna)->size(), kMaxDraftsSettled + 1) << "and the oldest are listed no more";
}

}  // namespace
}  // namespace entente::exchange
