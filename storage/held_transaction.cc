// What is held back, and what a person decides about it.
#include "crypto/crypto.h"
#include "storage/open_transaction.h"
#include "storage/statement_fields.h"

namespace entente::storage {

absl::StatusOr<uint64_t> OpenTransaction::AppendQuarantine(uint64_t batch_seq, const envelope::Statement* statement,
                                                           ByteView content, const ObjectFacts& facts,
                                                           const OrgId& origin, const QuarantineRecord& why) {
  v1::Record record;
  v1::ObjectQuarantined& held = *record.mutable_quarantine();
  if (statement != nullptr) {
    if (absl::Status status = CheckStatement(batch_seq, *statement, nullptr); !status.ok()) return status;
    if (content != statement->content()) return Refuse("it holds back other bytes than the statement's");
    SetStatement(batch_seq, *statement, held);
  } else if (batch_seq != 0 || origin != self_) {
    return Refuse("a received object is held back without its statement");
  }
  held.set_reason(std::string(Describe(why.reason).name));
  held.set_detail(why.detail);
  held.set_content(Bytes(content));
  held.set_content_digest(crypto::Sha256(content).str());
  held.set_id(facts.id);
  held.set_type(facts.type);
  held.set_version(facts.version);
  held.set_version_ns(facts.version_ns);
  held.set_origin(origin.str());
  held.set_label(ToWire(why.label));
  if (why.terms) *held.mutable_terms() = *why.terms;
  if (why.imputed) *held.mutable_imputed() = *why.imputed;
  held.set_source(why.source);
  return Append(std::move(record));
}

void OpenTransaction::SetObject(const ObjectFacts& facts, const policy::Permit& local, ByteView content,
                                v1::ObjectAccepted& object) const {
  object.set_content(Bytes(content));
  object.set_content_digest(crypto::Sha256(content).str());
  object.set_id(facts.id);
  object.set_type(facts.type);
  object.set_version(facts.version);
  object.set_version_ns(facts.version_ns);
  object.set_name(facts.name);
  object.set_label(ToWire(local.label()));
  object.set_defines_statement_marking(facts.defines_statement_marking);
  object.set_released_from(facts.released_from);
  if (facts.lineage) *object.mutable_lineage() = *facts.lineage;
  if (facts.imputed) *object.mutable_imputed() = *facts.imputed;
  for (const std::string& value : facts.values) object.add_values(keys_.Value(value));
}

absl::StatusOr<v1::Record> OpenTransaction::HeldRecord(uint64_t held_seq) {
  if (!failure_.ok()) return failure_;
  absl::StatusOr<std::optional<v1::Record>> record = FindRecord(held_seq);
  if (!record.ok()) return failure_ = record.status();
  if (!record->has_value() || !(*record)->has_quarantine()) return Refuse("nothing is held there").status();
  const v1::ObjectQuarantined& held = (*record)->quarantine();
  const Bytes key = keys_.Quarantined(held.id(), held.version_ns(), held.content_digest());
  absl::StatusOr<std::optional<Bytes>> row = overlay_.Get(Family::kQuarantine, key);
  if (!row.ok()) return failure_ = row.status();
  if (!row->has_value()) return Refuse("it is in quarantine no more").status();
  return **std::move(record);
}

absl::StatusOr<uint64_t> OpenTransaction::AppendReleased(uint64_t held_seq, const ObjectFacts& facts,
                                                         const policy::Permit& local) {
  const absl::StatusOr<v1::Record> record = HeldRecord(held_seq);
  if (!record.ok()) return record.status();
  const v1::ObjectQuarantined& held = record->quarantine();
  if (held.batch_seq() == 0) return Refuse("what this node published is released by publishing it");
  if (local.recipient() != self_) return Refuse("the permit is another organisation's");
  if (held.id() != facts.id || held.version_ns() != facts.version_ns) return Refuse("the facts are of another object");
  absl::StatusOr<std::optional<VersionEntry>> version = FindVersion(facts.id, facts.version_ns);
  if (!version.ok()) return failure_ = version.status();
  if (version->has_value()) return Refuse("this version of the object is stored already");
  v1::Record out;
  v1::ObjectAccepted& object = *out.mutable_object();
  SetObject(facts, local, held.content(), object);
  object.set_released_from(held_seq);
  object.set_batch_seq(held.batch_seq());
  object.set_index(held.index());
  object.set_statement_id(held.statement_id());
  object.set_statement(held.statement());
  object.set_salt(held.salt());
  object.set_sequence(held.sequence());
  *object.mutable_path() = held.path();
  return Append(std::move(out));
}

absl::StatusOr<uint64_t> OpenTransaction::AppendHeldRejected(uint64_t held_seq, std::string_view note) {
  const absl::StatusOr<v1::Record> record = HeldRecord(held_seq);
  if (!record.ok()) return record.status();
  v1::Record out;
  out.mutable_held_rejected()->set_seq(held_seq);
  out.mutable_held_rejected()->set_note(std::string(note));
  return Append(std::move(out));
}

}  // namespace entente::storage
