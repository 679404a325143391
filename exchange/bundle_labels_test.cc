// Labels that the objects of one publish take from each other, beside a reference that knows no graph.
#include "exchange/bundle_labels.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "exchange/testing/test_node.h"

namespace entente::exchange {
namespace {

using model::Label;
using testing::TestNode;

constexpr std::array<std::string_view, 6> kMarks = {"",
                                                    "94868c89-83c2-464b-929b-a1a8aa3c8487",
                                                    "bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
                                                    "55d920b0-5e8b-4f79-9ee9-91f868d9b421",
                                                    "939a9414-2ddd-4d32-a0cd-375ea402b003",
                                                    "e828b379-4e03-4974-9ac4-e53a884c97c1"};
constexpr std::string_view kUnknownMark = "11111111-1111-4111-8111-111111111111";

struct Sample {
  std::string type;
  int number = 0;
  Label own = Label::kUnlabelled;
  bool unknown = false;
  std::vector<std::pair<std::string, size_t>> names = {};  // property and which of the bundle

  std::string id() const {
    std::string tail = std::to_string(number);
    return type + "--00000000-0000-4000-8000-" + std::string(12 - tail.size(), '0') + tail;
  }
};

std::string Json(const std::vector<Sample>& bundle, const Sample& sample) {
  std::string text = R"({"type":")" + sample.type + R"(","spec_version":"2.1","id":")" + sample.id() +
                     R"(","created":"2026-01-02T03:04:05.678Z","modified":"2026-01-02T03:04:05.678Z")";
  const std::string_view mark = sample.unknown ? kUnknownMark : kMarks[static_cast<size_t>(sample.own)];
  if (!mark.empty()) text += R"(,"object_marking_refs":["marking-definition--)" + std::string(mark) + "\"]";
  for (const auto& [property, at] : sample.names) {
    const std::string id = "\"" + bundle[at].id() + "\"";
    text += ",\"" + property + "\":" + (property.ends_with("_refs") ? "[" + id + "]" : id);
  }
  return text + "}";
}

class BundleLabelsTest : public ::testing::Test {
 protected:
  void Profile(const std::string& label) {
    const std::string text = "version = 1\n[[import]]\nsource = \"publish\"\ndefault_label = \"" + label + "\"\n";
    node_.rules.Set({1, *policy::Rules::Parse(text, "rules.toml"), std::nullopt});
  }
  void Enter(std::vector<PublishItem> items, const PublishTerms& terms) {
    std::promise<absl::StatusOr<v1::PublishProgress>> finished;
    node_.publication->Publish(std::move(items), terms, 0, [&](absl::StatusOr<v1::PublishProgress> progress) {
      finished.set_value(std::move(progress));
    });
    const auto progress = finished.get_future().get();
    ASSERT_TRUE(progress.ok()) << progress.status();
    inherited_ += progress->inherited();
    for (const v1::PublishOutcome& outcome : progress->notable()) details_[outcome.index()] = outcome.detail();
  }
  // One call that brings `bundle` in chunks.
  void Publish(const std::vector<Sample>& bundle, const PublishTerms& terms = {}, size_t chunk = 3) {
    BundleLabels labels(node_.room(), terms, node_.rules.Now());
    for (size_t at = 0; at < bundle.size(); at += chunk) {
      std::vector<PublishItem> items;
      for (size_t i = at; i < std::min(at + chunk, bundle.size()); ++i) items.push_back({Json(bundle, bundle[i])});
      labels.Take(items, at);
      Enter(std::move(items), terms);
    }
    auto rest = labels.Rest();
    ASSERT_TRUE(rest.ok()) << rest.status();
    for (std::vector<PublishItem>& items : *rest) Enter(std::move(items), terms);
  }
  // As published; kUnlabelled where it is held.
  Label LabelOf(const Sample& sample) const {
    const auto entry = node_.journal->NewestVersion(sample.id());
    return entry.ok() && entry->has_value() ? (*entry)->label : Label::kUnlabelled;
  }
  TestNode node_{"cert.norlandia", "XN"};
  uint64_t inherited_ = 0;
  std::map<uint64_t, std::string> details_;  // of what was held, by place
};

TEST_F(BundleLabelsTest, AnIdentityInFrontIsAsStrictAsWhatNamesItBehind) {
  const std::vector<Sample> bundle = {{"identity", 1},
                                      {"indicator", 2, Label::kGreen, false, {{"created_by_ref", 0}}},
                                      {"malware", 3, Label::kClear},
                                      {"indicator", 4, Label::kAmber, false, {{"created_by_ref", 0}}}};
  Publish(bundle, {}, 1);
  EXPECT_EQ(LabelOf(bundle[0]), Label::kAmber);
  EXPECT_EQ(inherited_, 1u);
  const auto row = node_.reading->Get(bundle[0].id(), "");
  ASSERT_TRUE(row.ok()) << row.status();
  EXPECT_EQ(row->row.imputed(), "AMBER, imputed by cert.norlandia: inherited from others of its bundle");
}

TEST_F(BundleLabelsTest, ARelationshipIsAsStrictAsWhatItNamesWhateverItSays) {
  const std::vector<Sample> bundle = {{"relationship", 1, Label::kClear, false, {{"source_ref", 1}, {"target_ref", 2}}},
                                      {"indicator", 2, Label::kRed},
                                      {"malware", 3, Label::kGreen},
                                      {"sighting", 4, Label::kUnlabelled, false, {{"sighting_of_ref", 2}}}};
  Publish(bundle);
  EXPECT_EQ(LabelOf(bundle[0]), Label::kRed);
  EXPECT_EQ(LabelOf(bundle[3]), Label::kGreen);
  // What is stored counts as well: another call names it.
  const std::vector<Sample> later = {{"relationship", 9, Label::kGreen, false, {{"source_ref", 1}}}, bundle[1]};
  Publish({later[0], bundle[1]});
  EXPECT_EQ(LabelOf(later[0]), Label::kRed);
}

TEST_F(BundleLabelsTest, WhoMadeARelationshipMakesItNoStricter) {
  const std::vector<Sample> bundle = {
      {"identity", 1},
      {"indicator", 2, Label::kRed, false, {{"created_by_ref", 0}}},
      {"malware", 3, Label::kGreen},
      {"relationship", 4, Label::kUnlabelled, false, {{"created_by_ref", 0}, {"source_ref", 2}, {"target_ref", 2}}}};
  Publish(bundle);
  EXPECT_EQ(LabelOf(bundle[0]), Label::kRed);
  EXPECT_EQ(LabelOf(bundle[3]), Label::kGreen);
}

TEST_F(BundleLabelsTest, WhatIsNotUnderstoodIsInheritedByNobody) {
  Profile("CLEAR");
  const std::vector<Sample> bundle = {
      {"domain-name", 1},
      {"observed-data", 2, Label::kUnlabelled, true, {{"object_refs", 0}}},
      {"indicator", 3, Label::kGreen},
      {"relationship", 4, Label::kUnlabelled, false, {{"source_ref", 2}, {"target_ref", 0}}}};
  Publish(bundle);
  EXPECT_EQ(LabelOf(bundle[0]), Label::kUnlabelled);
  EXPECT_EQ(LabelOf(bundle[3]), Label::kUnlabelled);
  EXPECT_NE(details_[0].find("held for its markings"), std::string::npos) << details_[0];
  EXPECT_NE(details_[3].find("held for its markings"), std::string::npos) << details_[3];
}

TEST_F(BundleLabelsTest, ThePublishersLabelLeavesRelationshipsToBeRaised) {
  PublishTerms terms;
  terms.constraints.label = Label::kGreen;
  const std::vector<Sample> bundle = {{"relationship", 1, Label::kUnlabelled, false, {{"source_ref", 1}}},
                                      {"indicator", 2, Label::kAmber},
                                      {"identity", 3}};
  Publish(bundle, terms);
  EXPECT_EQ(LabelOf(bundle[0]), Label::kAmber);
  EXPECT_EQ(LabelOf(bundle[2]), Label::kGreen);
}

// Beyond the ids that are remembered nobody knows what names what: the strictest of the bundle counts for each.
TEST_F(BundleLabelsTest, IdsAreBounded) {
  BundleLabels labels(node_.room(), {}, node_.rules.Now());
  const std::vector<Sample> bundle = {{"identity", 1}, {"indicator", 2, Label::kGreen, false, {{"created_by_ref", 0}}}};
  std::vector<PublishItem> items = {{Json(bundle, bundle[0])}, {Json(bundle, bundle[1])}};
  std::string many = R"({"type":"note","id":"note--00000000-0000-4000-8000-000000000007","object_marking_refs":[)"
                     R"("marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"],"object_refs":[)";
  for (size_t i = 0; i < kMaxBundleIds; ++i) {
    const std::string tail = std::to_string(i);
    many +=
        (i == 0 ? "" : ",") + ("\"url--11111111-0000-4000-8000-" + std::string(12 - tail.size(), '0') + tail + "\"");
  }
  items.push_back({many + "]}"});
  labels.Take(items, 0);
  EXPECT_EQ(items.size(), 2u);
  const auto rest = labels.Rest();
  ASSERT_TRUE(rest.ok());
  ASSERT_EQ(rest->size(), 1u);
  EXPECT_EQ(static_cast<Label>((*rest)[0][0].imputed->label()), Label::kRed);
}

// Beyond the bytes that wait, what has no label is held unless its source has a profile; then it is at least as strict
// as all in front.
TEST_F(BundleLabelsTest, WaitingBytesAreBounded) {
  for (const bool profile : {false, true}) {
    if (profile) Profile("GREEN");
    BundleLabels labels(node_.room(), {}, node_.rules.Now());
    const Sample strict{"indicator", 1, Label::kAmber};
    std::vector<PublishItem> items = {{Json({}, strict)}};
    constexpr size_t kEach = 1u << 20;
    for (int i = 2; i < 40; ++i) {
      std::string big = Json({}, {"identity", i});
      big.insert(big.size() - 1, ",\"x\":\"" + std::string(kEach, 'x') + "\"");
      items.push_back({std::move(big)});
    }
    labels.Take(items, 0);
    ASSERT_GE(items.size(), 1 + 38 - kMaxWaitingBytes / kEach);
    ASSERT_LE(items.size(), 2 + 38 - kMaxWaitingBytes / kEach);
    EXPECT_EQ(items.back().unlabelled.empty(), profile);
    EXPECT_EQ(items.back().imputed.has_value(), profile);
    if (!profile) continue;
    EXPECT_EQ(static_cast<Label>(items.back().imputed->label()), Label::kAmber);
  }
}

// The labels as the page says them, object by object, until nothing changes.
std::vector<Label> Reference(const std::vector<Sample>& bundle, Label profile) {
  std::vector<Label> labels;
  for (const Sample& sample : bundle) labels.push_back(sample.own);
  const auto is_relation = [&](size_t i) { return bundle[i].type == "relationship" || bundle[i].type == "sighting"; };
  const auto inherits = [&](size_t i) { return bundle[i].type == "identity" || bundle[i].type == "url"; };
  const auto rounds = [&] {
    for (bool changed = true; changed;) {
      changed = false;
      const auto raise = [&](size_t i, Label to) {
        if (to > labels[i]) changed = true;
        labels[i] = std::max(labels[i], to);
      };
      for (size_t i = 0; i < bundle.size(); ++i) {
        for (const auto& [property, at] : bundle[i].names) {
          if (is_relation(i) && !bundle[i].unknown && (property == "source_ref" || property == "target_ref"))
            raise(i, labels[at]);
          const bool open = bundle[at].own == Label::kUnlabelled && !bundle[at].unknown;
          if (inherits(at) && open) raise(at, labels[i]);
        }
      }
    }
  };
  // What is neither a relation nor inherits has its profile's label from the start.
  for (size_t i = 0; i < bundle.size(); ++i) {
    if (labels[i] == Label::kUnlabelled && !bundle[i].unknown && !inherits(i) && !is_relation(i)) labels[i] = profile;
  }
  rounds();
  for (size_t i = 0; i < bundle.size(); ++i) {
    if (labels[i] == Label::kUnlabelled && !bundle[i].unknown) labels[i] = profile;
  }
  rounds();
  return labels;
}

TEST_F(BundleLabelsTest, GeneratedBundlesGetWhatTheReferenceSays) {
  std::mt19937 random(5);
  const auto below = [&](size_t n) { return random() % n; };
  constexpr std::array<std::string_view, 5> kTypes = {"indicator", "relationship", "sighting", "identity", "url"};
  int number = 0;
  size_t spread = 0;
  for (int round = 0; round < 150; ++round) {
    const auto profile = static_cast<Label>(below(6));
    node_.rules.Set({});
    if (profile != Label::kUnlabelled) Profile(std::string(model::Name(profile)));
    std::vector<Sample> bundle(2 + below(14));
    for (Sample& sample : bundle) sample = {std::string(kTypes[below(5)]), ++number};
    for (Sample& sample : bundle) {
      if (below(3) == 0) sample.own = static_cast<Label>(1 + below(5));
      const bool relation = sample.type == "relationship" || sample.type == "sighting";
      if (relation) sample.names.push_back({"source_ref", below(bundle.size())});
      if (relation) sample.names.push_back({"target_ref", below(bundle.size())});
      if (below(3) == 0) sample.names.push_back({"created_by_ref", below(bundle.size())});
      if (!relation && below(3) == 0) sample.names.push_back({"object_refs", below(bundle.size())});
    }
    const std::vector<Label> expected = Reference(bundle, profile);
    Publish(bundle, {}, 1 + below(5));
    for (size_t i = 0; i < bundle.size(); ++i) {
      const Label got = LabelOf(bundle[i]);
      const bool relation = bundle[i].type == "relationship" || bundle[i].type == "sighting";
      // A relation without a label that names something without one is held: what it should be is not known.
      if (relation && bundle[i].own == Label::kUnlabelled && got == Label::kUnlabelled && profile == got) continue;
      EXPECT_EQ(got, expected[i]) << "round " << round << ": " << Json(bundle, bundle[i]);
      spread += got > bundle[i].own && got != profile ? 1 : 0;
    }
  }
  EXPECT_GT(spread, 100u);
}

}  // namespace
}  // namespace entente::exchange
