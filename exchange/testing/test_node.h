#pragma once

#include <filesystem>
#include <future>
#include <memory>
#include <string>

#include "crypto/at_rest.h"
#include "crypto/keystore.h"
#include "exchange/delivery.h"
#include "exchange/groups.h"
#include "exchange/reading.h"

namespace entente::exchange::testing {

// A clock that a test sets.
class TestClock final : public Clock {
 public:
  absl::Time Now() const override { return now; }
  absl::Time now = absl::FromUnixSeconds(1'790'000'000);
};

// One node without its daemon: real keys, real store in a temporary folder, every journey. Deleted with its folder.
class TestNode {
 public:
  explicit TestNode(const std::string& name, const std::string& nation = "XN",
                    model::PartyKind kind = model::PartyKind::kCert);
  ~TestNode();

  Room room();
  trust::Accepted AsParty(model::Label ceiling = model::Label::kAmberStrict) const;
  // Puts `other` on file here, durably.
  void Accept(const TestNode& other, model::Label ceiling = model::Label::kAmberStrict);
  trust::Prekey OfferedPrekey() const;

  // This node under its next document and a new statement key; the old key goes over time, or at once when it was
  // `stolen`.
  trust::Self Next(bool stolen = false) const;
  // As if started again as `next`, while no session is up.
  void Become(const trust::Self& next);
  // As if started again behind a new document with a group admin key. REQUIRES that nobody is on file here.
  void BecomeAdmin();
  void Restart() { Become(trust::Self(*self)); }
  // Takes in, durably, what there is of the documents of `other`, a party on file here.
  void Learn(const trust::Self& other);

  v1::PublishProgress Publish(const std::vector<std::string>& objects, const PublishTerms& terms = {});
  absl::Status Admit(const OrgId& from, const Bytes& envelope);
  const OrgId& org() const { return self->org(); }

  TestClock clock;
  std::filesystem::path folder;
  crypto::SigningKey root;
  std::shared_ptr<crypto::SigningKey> admin;  // of groups
  std::unique_ptr<trust::Self> self;
  std::unique_ptr<crypto::Keystore> keystore;
  std::unique_ptr<crypto::AtRest> at_rest;
  std::unique_ptr<trust::PrekeyRing> prekeys;
  std::unique_ptr<trust::Directory> directory;
  std::unique_ptr<trust::GroupDirectory> group_directory;
  std::unique_ptr<Groups> groups;
  std::unique_ptr<storage::Journal> journal;
  RuleBook rules;
  std::vector<model::WarningList> warning_lists;
  Counters counters;
  GroupEnvelopes group_envelopes;
  std::unique_ptr<Admission> admission;
  std::unique_ptr<Publication> publication;
  std::unique_ptr<Reading> reading;

 private:
  void OpenJournal();
};

// Everything in from's outbox for `to`, sealed, admitted and acknowledged. Returns how many envelopes went.
size_t DeliverAll(TestNode& from, TestNode& to);

// The id of the indicator that Indicator makes from this tail.
std::string IdOf(const std::string& uuid_tail);
// A STIX indicator with this value, optionally with a TLP 2 marking.
std::string Indicator(const std::string& uuid_tail, const std::string& value, model::Label label,
                      const std::string& modified = "2026-01-02T03:04:05.678Z", const std::string& extra = "");

}  // namespace entente::exchange::testing
