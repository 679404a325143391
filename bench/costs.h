#pragma once

#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "crypto/crypto.h"
#include "envelope/commitments.h"
#include "envelope/envelope.h"
#include "trust/sample_organisation.h"

// What the programs that measure envelopes have in common.
namespace entente::bench {

inline constexpr size_t kContentBytes = 1536;

// The least of several runs, in microseconds.
template <typename Work>
double Microseconds(const Work& work) {
  double least = 1e18;
  for (int run = 0; run < 7; ++run) {
    timespec begin, end;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
    work();
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    least = std::min(least, static_cast<double>(end.tv_sec - begin.tv_sec) * 1e6 +
                                static_cast<double>(end.tv_nsec - begin.tv_nsec) / 1e3);
  }
  return least;
}

inline void Print(const char* what, double value) {
  std::printf("  %-48s %12.1f\n", what, value);
}

inline void Demand(bool holds) {
  if (!holds) std::abort();
}

// What an envelope brings: all statements of one batch in order, without paths.
inline v1::Payload Whole(const envelope::Batch& batch) {
  v1::Payload payload;
  *payload.mutable_batch() = batch.signed_body();
  for (const envelope::Statement& statement : batch.statements()) {
    v1::StatementEntry& entry = *payload.add_statements();
    entry.set_index(statement.index());
    entry.set_body(statement.body());
    entry.set_salt(statement.salt());
    entry.set_content(statement.content());
  }
  return payload;
}

// Ids, tree and contents, hashed and nothing else.
inline void HashWhole(const v1::Payload& payload) {
  std::vector<StatementId> ids;
  for (const v1::StatementEntry& entry : payload.statements()) {
    ids.push_back(envelope::IdOf(entry.body(), false));
    envelope::ContentCommitment(entry.salt(), entry.content());
  }
  crypto::TreeHash(envelope::Leaves(ids));
}

inline policy::Permit PermitFor(const OrgId& org) {
  policy::Question question;
  question.constraints.label = model::Label::kGreen;
  question.integrity = question.agreement = true;
  question.sender.org = question.recipient.org = org;
  question.sender.nation = question.recipient.nation = "XN";
  question.sender.kind = question.recipient.kind = model::PartyKind::kCert;
  question.sender.ceiling = question.recipient.ceiling = model::Label::kRed;
  question.now = trust::SampleNow();
  return *policy::Evaluate({}, question).permit();
}

}  // namespace entente::bench
