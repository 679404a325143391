#include "storage/statement_check.h"

#include "base/reject.h"
#include "crypto/crypto.h"

namespace entente::storage {
namespace {

absl::Status Wrong(std::string_view what) {
  return Reject(RejectReason::kStoreCorrupt, what);
}

}  // namespace

// What one record says about one statement; borrowed.
struct StatementCheck::Claim {
  uint64_t batch_seq;
  uint32_t index;
  ByteView statement_id, statement, salt, content, content_digest;
  const google::protobuf::RepeatedPtrField<std::string>& path;
};

absl::Status StatementCheck::Check(const v1::Record& record, const ViewReader& reader) {
  switch (record.kind_case()) {
    case v1::Record::kParty:
      return Learn(record.party());
    case v1::Record::kIdentity:
      return Learn(record.identity());
    case v1::Record::kObject: {
      const v1::ObjectAccepted& object = record.object();
      return Verify({object.batch_seq(), object.index(), object.statement_id(), object.statement(), object.salt(),
                     object.content(), object.content_digest(), object.path()},
                    reader);
    }
    case v1::Record::kQuarantine: {
      const v1::ObjectQuarantined& held = record.quarantine();
      if (held.batch_seq() == 0) {
        return crypto::Sha256(held.content()).view() == held.content_digest() ? absl::OkStatus()
                                                                              : Wrong("its content has another digest");
      }
      return Verify({held.batch_seq(), held.index(), held.statement_id(), held.statement(), held.salt(), held.content(),
                     held.content_digest(), held.path()},
                    reader);
    }
    case v1::Record::kRepeatedStatement:
      return VerifyRepeat(record.repeated_statement(), reader);
    case v1::Record::kBatch:
    case v1::Record::kGroup:  // taken in again, and checked, at every start
    case v1::Record::kAgreement:  // read again at every start
    case v1::Record::kRules:  // read again at every start
    case v1::Record::kDraft:  // read again at every start
    case v1::Record::kOpened:
    case v1::Record::kHeldRejected:
    case v1::Record::kDelivered:
    case v1::Record::kEnvelope:
      return absl::OkStatus();
    case v1::Record::KIND_NOT_SET:
      break;
  }
  return Wrong("its kind is not known to this version");
}

// Whether the document had expired when the party was accepted is not asked: that was checked then, and record times
// are no measure of it where a clock was wrong.
absl::Status StatementCheck::Learn(const v1::PartyAccepted& party) {
  absl::StatusOr<trust::IdentityHistory> history = trust::IdentityHistory::Begin(party.identity());
  if (!history.ok()) return Wrong("the party's identity does not check: " + std::string(history.status().message()));
  const OrgId org = history->org();
  histories_.try_emplace(org, *std::move(history));
  return absl::OkStatus();
}

// Whether it came from the future was asked then, too. A second document for a version is kept as evidence.
absl::Status StatementCheck::Learn(const v1::IdentityTaken& taken) {
  const auto history = histories_.find(OrgId::From(taken.org_id()).value_or(OrgId()));
  if (history == histories_.end()) return Wrong("the owner of its document is not on file");
  const absl::Status status = history->second.Extend(taken.identity(), absl::InfiniteFuture());
  if (status.ok() || ReasonOf(status) == RejectReason::kEquivocation) return absl::OkStatus();
  return Wrong("the party's document does not check: " + std::string(status.message()));
}

absl::Status StatementCheck::VerifyRepeat(const v1::StatementRepeated& repeat, const ViewReader& reader) {
  absl::StatusOr<std::optional<v1::Record>> object = reader.FindRecord(repeat.object_seq());
  if (!object.ok()) return object.status();
  if (!object->has_value() || !(*object)->has_object()) return Wrong("the object it repeats is missing");
  return Verify({repeat.batch_seq(), repeat.index(), repeat.statement_id(), repeat.statement(), repeat.salt(),
                 (*object)->object().content(), repeat.content_digest(), repeat.path()},
                reader);
}

absl::Status StatementCheck::Verify(const Claim& claim, const ViewReader& reader) {
  if (claim.batch_seq != batch_seq_) {
    absl::StatusOr<std::optional<v1::Record>> record = reader.FindRecord(claim.batch_seq);
    if (!record.ok()) return record.status();
    if (!record->has_value() || !(*record)->has_batch()) return Wrong("its batch is missing");
    batch_.Swap((*record)->mutable_batch());
    batch_seq_ = claim.batch_seq;
    batch_ids_.clear();
    const ByteView ids = batch_.statement_ids();
    for (size_t at = 0; at + StatementId::kSize <= ids.size(); at += StatementId::kSize) {
      batch_ids_.push_back(*StatementId::From(ids.substr(at, StatementId::kSize)));
    }
  }
  const auto id = StatementId::From(claim.statement_id);
  if (!id || std::find(batch_ids_.begin(), batch_ids_.end(), *id) == batch_ids_.end()) {
    return Wrong("its batch does not name its statement");
  }
  if (crypto::Sha256(claim.content).view() != claim.content_digest) return Wrong("its content has another digest");
  envelope::Sealable sealable{claim.statement, claim.salt, claim.content, claim.index, {}};
  for (const std::string& step : claim.path) sealable.path.push_back(Digest::From(step).value_or(Digest()));
  const auto history = histories_.find(OrgId::From(batch_.origin()).value_or(OrgId()));
  if (history == histories_.end()) return Wrong("its origin is not on file");
  const auto& versions = history->second.versions();
  absl::Status status;
  for (auto version = versions.rbegin(); version != versions.rend(); ++version) {
    // A batch of which only parts came carries a path per statement; its ids here are not the whole batch's.
    status = envelope::Recheck(**version, batch_.batch(), sealable,
                               claim.path.empty() ? batch_ids_ : std::vector<StatementId>());
    if (status.ok()) return status;
  }
  return Wrong("its statement does not verify: " + std::string(status.message()));
}

}  // namespace entente::storage
