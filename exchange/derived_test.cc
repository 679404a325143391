// Redacted copies: who may have the whole gets the whole, who may not gets an object that has none of what is withheld.
#include <gtest/gtest.h>

#include "exchange/can_share.h"
#include "exchange/publication_batch.h"
#include "exchange/rule_changes.h"
#include "exchange/testing/test_node.h"

namespace entente::exchange {
namespace {

using model::Label;
using testing::DeliverAll;
using testing::IdOf;
using testing::Indicator;
using testing::TestNode;
using enum RejectReason;

const auto kSilent = [](uint64_t, uint64_t) { return true; };
const std::string kSecret = "Acme Power of Norwick";
constexpr char kVersion[] = "2026-01-02T03:04:05.678Z";

std::string Redacts(const std::string& when, const std::string& remove, const std::string& id = "abroad") {
  return "[[rule]]\nid = \"" + id + "\"\nwhen = { direction = \"out\", " + when +
         " }\neffect = \"redact\"\nremove = [" + remove + "]\n";
}
const std::string kAbroad = Redacts("cross_border = true", "\"x_victim\", \"created_by_ref\"");

std::string WithVictim(const std::string& tail, Label label = Label::kGreen, const std::string& more = "",
                       const std::string& modified = kVersion) {
  return Indicator(tail, "a.example", label, modified, ",\"x_victim\":\"" + kSecret + "\"" + more);
}

// Norlandia publishes; volt is at home, estovia and ostland abroad.
class DerivedObjects : public ::testing::Test {
 protected:
  void SetUp() override {
    for (TestNode* peer : {&estovia_, &ostland_, &volt_}) {
      norlandia_.Accept(*peer);
      peer->Accept(norlandia_);
    }
    Apply(kAbroad);
  }
  void Apply(const std::string& rules) {
    RuleChanges changes(norlandia_.room(), norlandia_.rules);
    ASSERT_TRUE(changes.Load().ok());
    v1::PolicyApply apply;
    apply.mutable_rules()->set_file("rules.toml");
    apply.mutable_rules()->set_text("version = 1\n" + rules);
    const auto applied = changes.Apply(apply, false, kSilent);
    ASSERT_TRUE(applied.ok()) << applied.status();
  }
  // What was derived from that object, as `get` lists it.
  std::vector<v1::DerivedRow> Derived(const std::string& tail, const std::string& version = "") {
    const auto object = norlandia_.reading->Get(IdOf(tail), version);
    EXPECT_TRUE(object.ok()) << object.status();
    if (!object.ok()) return {};
    return {object->row.derived().begin(), object->row.derived().end()};
  }
  v1::ExplainReply Explain(const std::string& id, const std::string& peer) {
    const auto reply = norlandia_.reading->Explain(id, peer);
    EXPECT_TRUE(reply.ok()) << reply.status();
    return reply.ok() ? *reply : v1::ExplainReply();
  }
  // Every byte of every record there.
  static std::string Everything(TestNode& node) {
    std::string all;
    for (uint64_t seq = 1; seq <= node.journal->Head().sequence; ++seq) {
      all += (*node.journal->FindRecord(seq))->SerializeAsString();
    }
    return all;
  }
  static bool Holds(TestNode& node, const std::string& what) {
    return Everything(node).find(what) != std::string::npos;
  }
  void ExpectClean() { EXPECT_EQ(norlandia_.journal->Fsck(false)->problems, std::vector<std::string>()); }

  TestNode norlandia_{"cert.norlandia", "XN"}, estovia_{"cert.estovia", "XE"}, ostland_{"cert.ostland", "XO"};
  TestNode volt_{"volt-energy", "XN", model::PartyKind::kPrivate};
};

TEST_F(DerivedObjects, EachGetsWhatItMayHave) {
  const v1::PublishProgress progress =
      norlandia_.Publish({WithVictim("1"), Indicator("2", "b.example", Label::kGreen)});
  EXPECT_EQ(progress.published(), 2u);
  EXPECT_EQ(progress.permitted().at("volt-energy"), 2u);
  EXPECT_EQ(progress.permitted().at("cert.estovia"), 1u);
  EXPECT_EQ(progress.withheld().at("cert.estovia"), 1u);
  EXPECT_EQ(progress.redacted().at("cert.estovia"), 1u);
  EXPECT_FALSE(progress.redacted().contains("volt-energy"));
  for (TestNode* peer : {&estovia_, &ostland_, &volt_}) DeliverAll(norlandia_, *peer);
  const auto derived = Derived("1");
  ASSERT_EQ(derived.size(), 1u);
  EXPECT_EQ(derived[0].removed_size(), 1) << "created_by_ref is not there";
  EXPECT_EQ(derived[0].peers_size(), 2);
  EXPECT_TRUE(volt_.reading->Get(IdOf("1"), "").ok());
  EXPECT_FALSE(Holds(volt_, derived[0].id()));
  for (TestNode* peer : {&estovia_, &ostland_}) {
    const auto copy = peer->reading->Get(derived[0].id(), "");
    ASSERT_TRUE(copy.ok()) << copy.status();
    EXPECT_EQ(copy->row.tlp(), "GREEN");
    EXPECT_FALSE(copy->row.has_lineage());
    EXPECT_NE(copy->content.find("a.example"), std::string::npos);
    EXPECT_TRUE(peer->reading->Get(IdOf("2"), "").ok());
    EXPECT_FALSE(Holds(*peer, kSecret));
    EXPECT_FALSE(Holds(*peer, IdOf("1").substr(11)));
  }
  EXPECT_EQ(norlandia_.reading->Get(derived[0].id(), "")->row.lineage().source_id(), IdOf("1"));
  ExpectClean();
}

TEST_F(DerivedObjects, TheStatementNamesItsSourcesStatementAndIsAsStrict) {
  PublishTerms terms;
  terms.constraints.label = Label::kAmber;
  terms.constraints.addressees = {estovia_.org()};
  terms.constraints.rel_to = {"XE", "XN"};
  norlandia_.Publish({WithVictim("1")}, terms);
  const auto derived = Derived("1");
  ASSERT_EQ(derived.size(), 1u);
  const auto whole = (*norlandia_.journal->NewestVersion(IdOf("1")))->seq;
  v1::StatementBody source, copy;
  source.ParseFromString((*norlandia_.journal->FindRecord(whole))->object().statement());
  copy.ParseFromString((*norlandia_.journal->FindRecord(derived[0].journal_seq()))->object().statement());
  ASSERT_EQ(copy.derived_from_size(), 1);
  EXPECT_EQ(copy.derived_from(0), (*norlandia_.journal->FindRecord(whole))->object().statement_id());
  EXPECT_EQ(copy.constraints().SerializeAsString(), source.constraints().SerializeAsString());
  ASSERT_EQ(copy.audience_size(), 1);
  EXPECT_EQ(copy.audience(0), estovia_.org().view());
  EXPECT_EQ(source.audience_size(), 0) << "nobody has the whole";
}

TEST_F(DerivedObjects, PublishingAgainBringsNothingNewAndReachesWhoCameSince) {
  TestNode late{"cert.west", "XW"};
  norlandia_.Publish({WithVictim("1")});
  const uint64_t before = norlandia_.journal->Head().sequence;
  const v1::PublishProgress again = norlandia_.Publish({WithVictim("1")});
  EXPECT_EQ(again.unchanged(), 1u);
  EXPECT_TRUE(again.redacted().empty());
  EXPECT_EQ(norlandia_.journal->Head().sequence, before);
  norlandia_.Accept(late);
  late.Accept(norlandia_);
  EXPECT_EQ(norlandia_.Publish({WithVictim("1")}).redacted().at("cert.west"), 1u);
  EXPECT_EQ(Derived("1").size(), 1u) << "the same redaction has the same id";
  DeliverAll(norlandia_, late);
  EXPECT_TRUE(late.reading->Get(Derived("1")[0].id(), "").ok());
  EXPECT_FALSE(Holds(late, kSecret));
  ExpectClean();
}

TEST_F(DerivedObjects, EachVersionAndEachRedactionHasItsOwn) {
  norlandia_.Publish({WithVictim("1")});
  norlandia_.Publish({WithVictim("1", Label::kGreen, "", "2026-02-02T03:04:05.678Z")});
  const auto first = Derived("1", kVersion), second = Derived("1");
  ASSERT_TRUE(first.size() == 1 && second.size() == 1);
  EXPECT_NE(first[0].id(), second[0].id());
  Apply(Redacts("peer = \"cert.estovia\"", "\"x_victim\"", "one") +
        Redacts("peer = \"cert.ostland\"", "\"x_victim\", \"x_more\"", "two"));
  norlandia_.Publish({WithVictim("3", Label::kGreen, ",\"x_more\":\"somewhere else\"")});
  const auto both = Derived("3");
  ASSERT_EQ(both.size(), 2u);
  EXPECT_NE(both[0].id(), both[1].id());
  DeliverAll(norlandia_, estovia_);
  DeliverAll(norlandia_, ostland_);
  EXPECT_TRUE(Holds(estovia_, "somewhere else"));
  EXPECT_FALSE(Holds(ostland_, "somewhere else"));
  EXPECT_FALSE(Holds(estovia_, kSecret) || Holds(ostland_, kSecret));
}

TEST_F(DerivedObjects, WhatCannotBeTakenOutStaysAtHome) {
  const std::string spoken = WithVictim("1", Label::kGreen, ",\"description\":\"they run " + kSecret + "\"");
  EXPECT_FALSE(norlandia_.Publish({spoken}).redacted().contains("cert.estovia"));
  EXPECT_TRUE(Derived("1").empty());
  EXPECT_EQ(norlandia_.journal->Lag(estovia_.org()), 0u);
  const v1::ExplainReply reply = Explain(IdOf("1"), "cert.estovia");
  EXPECT_EQ(reply.decision(), "redact");
  EXPECT_TRUE(reply.derived().empty());
  EXPECT_NE(reply.recorded().find("withheld (LOCAL_RULE"), std::string::npos) << reply.recorded();
  Apply(Redacts("cross_border = true", "\"x_victim\", \"pattern\""));
  norlandia_.Publish({WithVictim("2")});
  EXPECT_TRUE(Derived("2").empty()) << "an indicator needs its pattern";
}

// Decided about again, as what it is now: by publishing, and whenever it is sent.
TEST_F(DerivedObjects, ARuleThatStillMatchesWithholdsIt) {
  const std::string withholds =
      "[[rule]]\nid = \"no\"\nwhen = { direction = \"out\", peer = \"cert.estovia\", larger_than = 10 }\n";
  Apply(kAbroad + withholds + "unless = { has_property = \"x_victim\" }\neffect = \"withhold\"\n");
  const v1::PublishProgress progress = norlandia_.Publish({WithVictim("1")});
  EXPECT_FALSE(progress.redacted().contains("cert.estovia")) << "what is left has no x_victim to exempt it";
  EXPECT_EQ(progress.redacted().at("cert.ostland"), 1u);
  Apply(kAbroad +
        "[[rule]]\nid = \"stop\"\nwhen = { direction = \"out\", peer = \"cert.ostland\" }\neffect = \"withhold\"\n");
  DeliverAll(norlandia_, ostland_);
  EXPECT_FALSE(ostland_.reading->Get(Derived("1")[0].id(), "").ok());
}

TEST_F(DerivedObjects, ReferencesToWhatTheRecipientMayNotHaveGoToo) {
  const auto report = [](const std::string& refs) {
    return R"({"type":"report","spec_version":"2.1","id":"report--00000000-0000-4000-8000-0000000000aa","created":"2026-01-02T03:04:05.678Z",)"
           R"("modified":"2026-01-02T03:04:05.678Z","name":"r","published":"2026-01-02T03:04:05Z","x_victim":")" +
           kSecret + R"(","object_refs":[)" + refs + R"(],"object_marking_refs":["marking-definition--)" +
           std::string("bab4a63c-aed9-4cf5-a766-dfca5abac2bb") + "\"]}";
  };
  // 1 goes redacted, so its id may not be named; 2 goes whole; of 9 nothing is known here.
  norlandia_.Publish({Indicator("2", "b.example", Label::kGreen), WithVictim("1"),
                      report("\"" + IdOf("1") + "\",\"" + IdOf("2") + "\",\"" + IdOf("9") + "\"")});
  DeliverAll(norlandia_, estovia_);
  EXPECT_TRUE(Holds(estovia_, IdOf("2")) && Holds(estovia_, IdOf("9")));
  EXPECT_TRUE(Holds(estovia_, "\"report\""));
  EXPECT_FALSE(Holds(estovia_, IdOf("1")));
  const auto object = norlandia_.reading->Get("report--00000000-0000-4000-8000-0000000000aa", "");
  ASSERT_TRUE(object.ok() && object->row.derived_size() == 1) << object.status();
  EXPECT_EQ(object->row.derived(0).removed_size(), 2);
}

TEST_F(DerivedObjects, WhoHasTheWholeIsSentNoCopyAndTheWholeFollowsWhereItMay) {
  Apply("");
  norlandia_.Publish({WithVictim("1")});
  Apply(kAbroad);
  norlandia_.Publish({WithVictim("1")});
  EXPECT_TRUE(Derived("1").empty());
  norlandia_.Publish({WithVictim("2")});
  EXPECT_EQ(Derived("2").size(), 1u);
  Apply("");
  EXPECT_EQ(norlandia_.Publish({WithVictim("2")}).permitted().at("cert.estovia"), 1u);
  ExpectClean();
}

// Raising the label of the source binds what waits of the copies.
TEST_F(DerivedObjects, ACopyIsNeverLooserThanItsSource) {
  norlandia_.Publish({WithVictim("1")});
  PublishTerms terms;
  terms.constraints.label = Label::kRed;
  norlandia_.Publish({WithVictim("1")}, terms);
  DeliverAll(norlandia_, estovia_);
  EXPECT_FALSE(estovia_.reading->Get(Derived("1")[0].id(), "").ok());
  EXPECT_NE(Explain(Derived("1")[0].id(), "cert.estovia").decision(), "permit");
  EXPECT_EQ(norlandia_.reading->Get(Derived("1")[0].id(), "")->row.tlp(), "RED") << "read at home";
}

TEST_F(DerivedObjects, WhatWaitsForAnEmbargoGoesRedactedWhenItEnds) {
  PublishTerms terms;
  terms.constraints.label = Label::kGreen;
  terms.constraints.embargo_until = norlandia_.clock.now + absl::Hours(1);
  terms.constraints.post_embargo_label = Label::kGreen;
  norlandia_.Publish({WithVictim("1")}, terms);
  const auto derived = Derived("1");
  ASSERT_EQ(derived.size(), 1u);
  EXPECT_EQ(norlandia_.journal->Cursor(estovia_.org())->embargoed, 1u);
  DeliverAll(norlandia_, estovia_);
  EXPECT_FALSE(estovia_.reading->Get(derived[0].id(), "").ok());
  for (TestNode* node : {&norlandia_, &estovia_}) node->clock.now += absl::Hours(1) + kEmbargoMargin;
  ASSERT_TRUE(estovia_.prekeys->Rotate(estovia_.clock.now).ok());
  DeliverAll(norlandia_, estovia_);
  EXPECT_TRUE(estovia_.reading->Get(derived[0].id(), "").ok());
  EXPECT_FALSE(Holds(estovia_, kSecret));
  ExpectClean();
}

TEST_F(DerivedObjects, ExplainAndCanShareSayWhatGoes) {
  RuleChanges changes(norlandia_.room(), norlandia_.rules);
  ASSERT_TRUE(changes.Load().ok());
  v1::PublishOptions options;
  auto question = CanShare::Begin(norlandia_.room(), *norlandia_.publication, changes, options);
  const uint64_t records = norlandia_.journal->Head().sequence;
  std::vector<PublishItem> items;
  items.push_back({WithVictim("1")});
  const auto told = question->Ask(std::move(items), 0);
  ASSERT_TRUE(told.ok()) << told.status();
  EXPECT_EQ(norlandia_.journal->Head().sequence, records);
  ASSERT_EQ((*told)[0].decisions_size(), 3);
  const v1::CanShareDecision& estovia = (*told)[0].decisions(0);
  EXPECT_EQ(estovia.peer(), "cert.estovia");
  EXPECT_EQ(estovia.decision() + " " + estovia.reason(), "redact LOCAL_RULE");
  ASSERT_EQ(estovia.removes_size(), 1);
  EXPECT_EQ(estovia.removes(0), "x_victim");
  norlandia_.Publish({WithVictim("1")});
  EXPECT_EQ(Derived("1")[0].id(), estovia.derived_id()) << "and the publish makes just that";
  v1::ExplainReply reply = Explain(IdOf("1"), "cert.estovia");
  EXPECT_EQ(reply.decision(), "redact");
  EXPECT_FALSE(reply.delivered());
  DeliverAll(norlandia_, estovia_);
  reply = Explain(IdOf("1"), "cert.estovia");
  EXPECT_TRUE(reply.delivered());
  ASSERT_EQ(reply.derived_size(), 1);
  EXPECT_NE(reply.recorded().find("redacted: got derived object " + estovia.derived_id() + " without x_victim"),
            std::string::npos)
      << reply.recorded();
  EXPECT_EQ(Explain(IdOf("1"), "volt-energy").decision(), "permit");
  EXPECT_NE(Explain(estovia.derived_id(), "volt-energy").recorded().find("derived for other parties"),
            std::string::npos);
}

TEST_F(DerivedObjects, MoreRedactionsThanTheBoundStayAtHome) {
  std::string rules, more;
  std::vector<std::unique_ptr<TestNode>> peers;
  for (size_t i = 0; i <= kMaxRedactions; ++i) {
    const std::string name = "peer" + std::to_string(i), property = "x_p" + std::to_string(i);
    peers.push_back(std::make_unique<TestNode>(name, "XE"));
    norlandia_.Accept(*peers.back());
    rules += Redacts("peer = \"" + name + "\"", "\"" + property + "\"", name);
    more += ",\"" + property + "\":\"value-" + std::to_string(1000 + i) + "\"";
  }
  Apply(rules);
  norlandia_.Publish({Indicator("1", "a.example", Label::kGreen, kVersion, more)});
  EXPECT_EQ(Derived("1").size(), kMaxRedactions);
}

}  // namespace
}  // namespace entente::exchange
