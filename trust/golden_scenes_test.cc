#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "trust/golden_scene.h"

// What a member may do with the epochs of its group at each moment, and what it answers to what comes then, beside what
// another implementation says that was made from docs/formats/membership.md and epoch.md
// (tests/oracle/golden_group_scenes.py).
namespace entente::trust {
namespace {

using test::AnswerOf;
using test::VectorRecord;

TEST(GoldenScenes, EachMomentIsAnsweredAsTheOtherImplementationAnswersIt) {
  const GoldenReader reader("group_scenes.txt");
  std::optional<GoldenScene> scene;
  std::string name;
  int scenes = 0, taken = 0, asked = 0;
  for (const VectorRecord& v : reader.records()) {
    if (v.contains("scene")) {
      name = v.at("scene");
      scene.emplace(reader, *GroupId::From(v.at("group_id")));
      ++scenes;
    }
    if (!v.contains("at_us")) continue;
    const absl::Time at = test::MomentOf(v.at("at_us"));
    const std::string where = absl::StrCat(name, " at ", absl::FormatTime(at, absl::UTCTimeZone()));
    if (v.contains("sweep")) {
      EXPECT_TRUE(scene->Sweep(at).ok()) << where;
    } else if (const auto comes = ComesIn(v, reader.records()); comes.has_value()) {
      ++taken;
      const absl::Status status = scene->Take(comes->first, comes->second, ArrivalOf(v));
      EXPECT_EQ(AnswerOf(status), v.at("answer")) << where << ", " << comes->first << ": " << status;
    } else {
      ++asked;
      EXPECT_EQ(crypto::ToHex(scene->Seal(at)), crypto::ToHex(v.at("seal"))) << where << ": " << v.at("seal");
      for (int n = 1; v.contains(absl::StrCat("tag-", n)); ++n) {
        EXPECT_EQ(scene->Open(v.at(absl::StrCat("tag-", n)), at), v.at(absl::StrCat("open-", n)))
            << where << ", epoch " << n;
      }
      for (int n = 1; v.contains(absl::StrCat("org-", n)); ++n) {
        EXPECT_EQ(scene->IsIn(v.at(absl::StrCat("org-", n)), at), v.at(absl::StrCat("in-", n)))
            << where << ", organisation " << n;
      }
    }
  }
  EXPECT_GT(scenes, 35);
  EXPECT_GT(taken, 250);
  EXPECT_GT(asked, 75);
}

}  // namespace
}  // namespace entente::trust
