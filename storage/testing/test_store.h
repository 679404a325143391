#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/clock.h"
#include "crypto/at_rest.h"
#include "envelope/envelope.h"
#include "storage/journal.h"

namespace entente::storage::testing {

// A clock that a test sets.
class TestClock final : public Clock {
 public:
  absl::Time Now() const override { return now; }
  absl::Time now = absl::FromUnixSeconds(1'790'000'000);
};

policy::Constraints Labelled(model::Label label);
// An organisation with real keys.
trust::Self MakeSelf(const std::string& name, absl::Time now);
v1::PartyAccepted PartyOf(const trust::Self& org, const std::string& name);
// What policy answers `recipient` about content of this label.
policy::Permit PermitFor(const OrgId& recipient, model::Label label = model::Label::kGreen);

// One object as the journeys hand it to the store.
struct TestObject {
  Bytes content;
  ObjectFacts facts;
};
TestObject Indicator(const std::string& tail, const std::string& value, int64_t version_ns = 1'000'000'000,
                     const std::string& extra = "");

// A temporary folder with a real store in it and an organisation that owns it; gone with this.
class TestStore {
 public:
  TestStore();
  ~TestStore();

  absl::StatusOr<std::unique_ptr<Journal>> TryOpen();
  void Open();  // aborts the test program when it fails
  void Close() { journal.reset(); }
  std::string store() const { return (folder / "store").string(); }
  std::string head_file() const { return store() + ".head"; }
  // The write-ahead log files, oldest first; and the table files.
  std::vector<std::filesystem::path> Files(const std::string& extension) const;
  // Keeps what the folder holds now; Restore puts it back (with the store closed).
  void Keep(const std::string& name);
  void Restore(const std::string& name);

  // Parties that are denied until a time.
  using Later = std::vector<std::pair<OrgId, absl::Time>>;
  // Signs `objects` for `audience` (permitted parties of the batch) and stores them in one commit.
  absl::Status Publish(const std::vector<TestObject>& objects, const std::vector<OrgId>& audience = {},
                       const Later& later = {});
  // What the body of such a commit does.
  absl::Status Store(Transaction& transaction, const std::vector<TestObject>& objects,
                     const std::vector<OrgId>& audience, const Later& later = {}) const;
  absl::Status Accept(const trust::Self& org, const std::string& name);

  TestClock clock;
  std::filesystem::path folder;
  trust::Self self;
  crypto::AtRest at_rest;
  JournalOptions options;
  std::unique_ptr<Journal> journal;
};

// What `object` looks like when `origin` sends it to `to` at the next place of `position`, which moves.
envelope::Batch Sent(const trust::Self& origin, const OrgId& to, const std::vector<TestObject>& objects,
                     envelope::StreamPosition& position, absl::Time now);

}  // namespace entente::storage::testing
