#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "entente/v1/record.pb.h"
#include "model/stix_object.h"
#include "policy/object_facts.h"
#include "policy/policy.h"
#include "storage/reader.h"

namespace entente::exchange {

struct Room;

// Local rules as one decision needs them: those in force and, beside them, those in the shadow, which are asked and
// never obeyed. Immutable.
struct RuleSet {
  uint64_t number = 0;  // of those in force: docs/formats/rules.md; 0: none ever were
  policy::Rules in_force;
  std::optional<policy::Rules> shadow;

  bool reads_objects() const;
  bool names_party(std::string_view name) const;
  // Objects with equal classes are alike to both.
  std::string ClassOf(const policy::ObjectFacts& object, absl::Time now) const;
};

// The rule set that counts now. Any thread; what was begun under one set ends under it.
class RuleBook {
 public:
  std::shared_ptr<const RuleSet> Now() const;
  void Set(RuleSet set);
  // A set that is on its way to the disk: it counts for nothing but names until Settle says that it is durable, and
  // then it is in force; else it was never there.
  void Prepare(RuleSet set);
  void Settle(bool durable);
  // Whether rules in force, in the shadow or on their way name that party.
  bool NamesParty(std::string_view name) const;

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const RuleSet> now_ = std::make_shared<const RuleSet>(), prepared_;
};

// What policy says, with what the rules in the shadow would say where that differs: a reason or a relationship.
struct Judgement {
  policy::Decision decision;
  std::string shadow;
};
// The one way to a decision that is acted on. Counts how the shadow compares.
Judgement Judge(const Room& room, const RuleSet& rules, const policy::Question& question);

// An object as agreements and local rules see it. Where no rule reads objects there are no facts, and all objects of one type
// are alike.
struct Subject {
  std::string type;
  std::shared_ptr<const policy::ObjectFacts> facts;
  std::string alike;
};
// Of the object with that STIX id, of which no rule asks anything.
Subject BareSubject(std::string_view id);
// How an object came here.
enum class Source { kAnalyst, kPeer, kFile };
// As it is at `now`; `released` by a person from a rule that held it.
Subject SubjectOf(const Room& room, const RuleSet& rules, const model::StixObject& object, size_t size,
                  const OrgId& origin, Source source, absl::Time now, bool released = false);
// Of what is stored here under `id`, with its batch; or of the record of a statement, which says where both stand. Refuse with
// kStoreCorrupt. A big one waits for its turn (BigParse): not on the committer's thread.
absl::StatusOr<Subject> StoredSubject(const Room& room, const RuleSet& rules, std::string_view id, ByteView content,
                                      bool released, const v1::BatchAccepted& batch, absl::Time now);
absl::StatusOr<Subject> StoredSubject(const Room& room, const RuleSet& rules, const storage::Reader& reader,
                                      const v1::Record& statement, absl::Time now);

}  // namespace entente::exchange
