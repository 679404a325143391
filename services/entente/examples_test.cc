#include "services/entente/examples.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "model/bundle_reader.h"
#include "model/marking.h"
#include "model/stix_object.h"

namespace entente::cli {
namespace {

std::vector<model::StixObject> ObjectsOf(std::string_view text) {
  model::BundleReader reader([&text](char* buffer, size_t size) -> absl::StatusOr<size_t> {
    const size_t taken = text.copy(buffer, size);
    text.remove_prefix(taken);
    return taken;
  });
  std::vector<model::StixObject> objects;
  while (true) {
    auto next = reader.Next();
    EXPECT_TRUE(next.ok()) << next.status();
    if (!next.ok() || !next->has_value()) return objects;
    auto object = model::StixObject::Parse((*next)->content);
    EXPECT_TRUE(object.ok()) << object.status();
    if (object.ok()) objects.push_back(*std::move(object));
  }
}

model::EffectiveMarking MarkingOf(const model::StixObject& object) {
  return model::NormaliseMarkings(object.json(), [](std::string_view) { return false; });
}

TEST(Examples, AreTheFilesOfTheFolder) {
  for (const Example& example : Examples()) {
    std::ifstream file(std::string(ENTENTE_SOURCE_DIR) + "/examples/" + std::string(example.file), std::ios::binary);
    std::stringstream bytes;
    bytes << file.rdbuf();
    EXPECT_TRUE(bytes.str() == example.content) << example.file;
  }
}

TEST(Examples, EveryObjectCarriesTheLabelOfItsFile) {
  const std::map<std::string_view, model::Label> labels = {{"clear.json", model::Label::kClear},
                                                           {"green.json", model::Label::kGreen},
                                                           {"amber-estovia.json", model::Label::kAmber},
                                                           {"amber-strict.json", model::Label::kAmberStrict},
                                                           {"red.json", model::Label::kRed},
                                                           {"unlabelled.json", model::Label::kUnlabelled}};
  for (const Example& example : Examples()) {
    const auto label = labels.find(example.file);
    for (const model::StixObject& object : ObjectsOf(example.content)) {
      const model::EffectiveMarking marking = MarkingOf(object);
      EXPECT_EQ(marking.unresolved.empty(), label != labels.end()) << object.id();
      if (label != labels.end()) {
        EXPECT_EQ(marking.label, label->second) << object.id();
      }
      EXPECT_EQ(marking.malformed, "") << object.id();
    }
  }
}

TEST(Examples, IdsAreUniqueAndEverythingReferredToIsThere) {
  std::set<std::string> ids, referred;
  for (const Example& example : Examples()) {
    for (const model::StixObject& object : ObjectsOf(example.content)) {
      EXPECT_TRUE(ids.insert(std::string(object.id())).second) << object.id();
      for (const char* key : {"source_ref", "target_ref", "created_by_ref", "sighting_of_ref"}) {
        const std::string_view value = object.json().StringAt(key);
        if (!value.empty()) referred.insert(std::string(value));
      }
    }
  }
  EXPECT_GE(ids.size(), 55u);
  for (const std::string& id : referred) EXPECT_TRUE(ids.contains(id)) << id;
}

}  // namespace
}  // namespace entente::cli
