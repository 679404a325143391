#pragma once

#include "entente/v1/record.pb.h"
#include "envelope/envelope.h"

// Private to storage: what records of statements have in common.
namespace entente::storage {

template <typename Message>
void SetStatement(uint64_t batch_seq, const envelope::Statement& statement, Message& out) {
  out.set_batch_seq(batch_seq);
  out.set_index(statement.index());
  out.set_statement_id(statement.id().str());
  out.set_statement(statement.body());
  out.set_salt(statement.salt());
  out.set_sequence(statement.sequence());
  for (const Digest& step : statement.path()) out.add_path(step.str());
}

inline v1::Label ToWire(model::Label label) {
  return static_cast<v1::Label>(label);
}

}  // namespace entente::storage
