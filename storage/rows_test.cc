#include "storage/rows.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <random>

#include "storage/database_options.h"
#include "storage/sealed_rows.h"

namespace entente::storage {
namespace {

using Model = std::map<Bytes, Bytes>;

class NoRows final : public Rows {
 public:
  absl::StatusOr<std::optional<Bytes>> Get(Family, ByteView) const override { return std::nullopt; }
  absl::Status Scan(Family, ByteView, ByteView, Visit) const override { return absl::OkStatus(); }
};

Model Scanned(const Rows& rows, ByteView prefix, ByteView from) {
  Model out;
  Bytes last;
  EXPECT_TRUE(rows.Scan(Family::kOutbox, prefix, from,
                        [&](ByteView key, ByteView value) {
                          EXPECT_TRUE(out.empty() || last < key) << "not ascending";
                          last = key;
                          out.emplace(key, value);
                          return true;
                        })
                  .ok());
  return out;
}

// A naive map says what three layers of changes must show.
TEST(Overlay, ShowsWhatAPlainMapWouldHold) {
  std::mt19937 random(20260102);
  const auto word = [&] { return Bytes{static_cast<char>('a' + random() % 3), static_cast<char>('a' + random() % 5)}; };
  for (int round = 0; round < 200; ++round) {
    const NoRows nothing;
    Overlay bottom(&nothing), middle(&bottom), top(&middle);
    Model model;
    for (Overlay* layer : {&bottom, &middle, &top}) {
      for (unsigned i = random() % 12; i != 0; --i) {
        const Bytes key = word(), value = word();
        random() % 3 == 0 ? (layer->Delete(Family::kOutbox, key), (void)model.erase(key))
                          : (layer->Put(Family::kOutbox, key, value), (void)(model[key] = value));
      }
    }
    const Bytes prefix = word().substr(0, random() % 3), from = prefix + word().substr(0, random() % 2);
    const auto check = [&](const Rows& rows) {
      Model expected;
      for (const auto& [key, value] : model) {
        if (key.starts_with(prefix) && key >= from) expected.emplace(key, value);
        EXPECT_EQ(*rows.Get(Family::kOutbox, key), std::optional<Bytes>(value)) << round;
      }
      EXPECT_EQ(Scanned(rows, prefix, from), expected) << round;
    };
    check(top);
    top.MoveInto(middle);
    check(middle);
    middle.MoveInto(bottom);
    check(bottom);
  }
}

TEST(Overlay, AScanStopsWhenAskedTo) {
  const NoRows nothing;
  Overlay below(&nothing), above(&below);
  for (const char* key : {"a", "c", "e"}) below.Put(Family::kMeta, key, "x");
  for (const char* key : {"b", "c", "d"}) above.Put(Family::kMeta, key, "y");
  for (size_t wanted = 1; wanted <= 5; ++wanted) {
    size_t seen = 0;
    EXPECT_TRUE(above.Scan(Family::kMeta, "", "", [&](ByteView, ByteView) { return ++seen < wanted; }).ok());
    EXPECT_EQ(seen, wanted);
  }
}

TEST(Layout, SignedVersionsSortAsTheirBytes) {
  const int64_t ascending[] = {INT64_MIN, -5, -1, 0, 1, 1'700'000'000'000'000'000, INT64_MAX};
  for (size_t i = 0; i + 1 < std::size(ascending); ++i) {
    EXPECT_LT(SeqBytes(Biased(ascending[i])), SeqBytes(Biased(ascending[i + 1])));
    EXPECT_EQ(Unbiased(Biased(ascending[i])), ascending[i]);
  }
}

TEST(Layout, APrefixEndsBehindItsLastKey) {
  EXPECT_EQ(PrefixEnd("ab"), "ac");
  EXPECT_EQ(PrefixEnd("a\xff"), "b");
  EXPECT_EQ(PrefixEnd("\xff\xff"), "");
  EXPECT_EQ(PrefixEnd(""), "");
}

TEST(Limits, TableFilesTakeAShareOfTheDescriptors) {
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  const auto budget = [&](rlim_t descriptors) {
    const rlimit limit{std::min(descriptors, before.rlim_max), before.rlim_max};
    setrlimit(RLIMIT_NOFILE, &limit);
    return OpenFileBudget();
  };
  EXPECT_EQ(budget(100), kMinOpenFiles);
  EXPECT_EQ(budget(400), 100);
  setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_LE(OpenFileBudget(), kMaxOpenFiles);
}

}  // namespace
}  // namespace entente::storage
