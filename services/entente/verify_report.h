#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "entente/v1/identity.pb.h"
#include "services/entente/commands.h"
#include "trust/parties.h"

// What `entente verify` knows and says (docs/formats/files.md, verify).
namespace entente::cli {

// The documents of a card or of an identity chain as of `at`: what was issued later counts too, for it may say that a key
// was stolen before. Refuses as ReadCard, HistoryOfCard and ReadChain, and with kFreeze.
absl::StatusOr<trust::IdentityHistory> CheckedIdentity(const std::string& text, absl::Time at);

// The organisations whose cards were given.
class Cards final : public trust::Parties {
 public:
  // Refuses what CheckedIdentity refuses, with kUsage a file that cannot be read, with kConflict a name or key of another
  // card.
  absl::Status Add(const std::string& path, absl::Time at);
  std::shared_ptr<const trust::Accepted> Find(const OrgId& org) const override;
  // What the card calls it, with the fingerprint, since everybody chooses a name alone; else the fingerprint.
  std::string NameOf(const OrgId& org) const;
  // The first few, each by its name.
  std::string Listed(const std::vector<OrgId>& orgs) const;
  const std::map<OrgId, std::shared_ptr<const trust::Accepted>>& all() const { return known_; }

 private:
  std::map<OrgId, std::shared_ptr<const trust::Accepted>> known_;
};

inline constexpr auto kHolds = "holds", kFails = "fails", kNotChecked = "not checked";
struct Row {
  std::string check, result, detail;
};
struct Report {
  std::string kind, id, tlp, exercise;
  std::vector<Row> rows;
  absl::Status status;  // the first check that failed

  void Add(std::string check, const char* result, std::string detail) {
    rows.push_back({std::move(check), result, std::move(detail)});
  }
  // A check that failed, by the name of its reason; `why` becomes the report's status unless one failed before.
  void AddFailed(std::string check, const absl::Status& why);
};
std::string UtcOf(absl::Time time);
// Exit kOk, or kVerification where a check failed.
Exit PrintReport(const Invocation& invocation, const Report& report);

}  // namespace entente::cli
