// What a publish that comes again knows of the earlier ones.
#include <algorithm>

#include "exchange/publication_batch.h"
#include "exchange/questions.h"

namespace entente::exchange {

// True when publishing again under `now` drops nothing that an earlier statement of the same bytes said: an object that was
// once restricted reaches nobody new because a later command forgot the restriction.
bool PublicationBatch::Earlier::as_strict_as(const policy::Constraints& now) const {
  return std::all_of(constraints.begin(), constraints.end(), [&now](policy::Constraints before) {
    if (!before.addressees.empty() && now.addressees.empty()) return false;
    if (!before.sg_id.empty() && now.sg_id.empty()) return false;
    before.label = now.label;
    before.pap = std::max(before.pap, now.pap);
    before.addressees = now.addressees;
    before.sg_id = now.sg_id;
    return before == now;
  });
}

bool PublicationBatch::Earlier::misses(const Class& members) const {
  const auto unreached = [&](const OrgId& org) { return !audience.contains(org); };
  const auto unscheduled = [&](const OrgId& org) { return unreached(org) && !later.contains(org); };
  return std::any_of(members.now.begin(), members.now.end(), unreached) ||
         std::any_of(members.later.begin(), members.later.end(), unscheduled);
}

absl::StatusOr<PublicationBatch::Earlier> PublicationBatch::EarlierOf(const storage::Reader& reader,
                                                                      const storage::VersionEntry& known) {
  std::vector<uint64_t> seqs = known.repeats;
  seqs.push_back(known.seq);
  Earlier all;
  for (const uint64_t seq : seqs) {
    absl::StatusOr<std::optional<v1::Record>> record = reader.FindRecord(seq);
    if (!record.ok()) return record.status();
    if (!record->has_value()) continue;
    const bool object = (*record)->has_object();
    const uint64_t batch_seq = object ? (*record)->object().batch_seq() : (*record)->repeated_statement().batch_seq();
    const auto [cached, fresh] = earlier_.try_emplace(batch_seq);
    if (fresh) {
      absl::Status read = ReadBatch(reader, batch_seq,
                                    object ? (*record)->object().statement() : (*record)->repeated_statement().statement(),
                                    cached->second);
      if (!read.ok()) return read;
    }
    for (const OrgId& org : cached->second.audience) {
      absl::StatusOr<std::optional<absl::Time>> refused = RefusedSince(room_.journal, org, seq);
      if (!refused.ok()) return refused.status();
      if (refused->has_value()) {
        all.refused.push_back({org, seq});
      } else {
        all.audience.insert(org);
      }
    }
    all.later.insert(cached->second.later.begin(), cached->second.later.end());
    all.constraints.insert(all.constraints.end(), cached->second.constraints.begin(), cached->second.constraints.end());
  }
  return all;
}

// Whom one own batch was for, and under what. A peer to which deliveries were given up counts as not reached.
absl::Status PublicationBatch::ReadBatch(const storage::Reader& reader, uint64_t batch_seq, ByteView statement,
                                         Earlier& out) const {
  absl::StatusOr<std::optional<v1::Record>> batch = reader.FindRecord(batch_seq);
  if (!batch.ok()) return batch.status();
  if (!batch->has_value() || (*batch)->batch().origin() != room_.self.org().view()) return absl::OkStatus();
  absl::StatusOr<policy::Constraints> constraints = ConstraintsOf(statement);
  if (!constraints.ok()) return constraints.status();
  out.constraints.push_back(*std::move(constraints));
  for (const v1::RecordedDecision& decision : (*batch)->batch().decisions()) {
    const auto org = OrgId::From(decision.org_id());
    const int64_t until_us = decision.withheld_until_us();
    if (!org || (!decision.permitted() && until_us == 0)) continue;
    if (!decision.permitted() && absl::FromUnixMicros(until_us) > room_.clock.Now()) {
      out.later.insert(*org);
      continue;
    }
    const absl::StatusOr<storage::PeerCursor> cursor = room_.journal.Cursor(*org);
    // What waited for an embargo is not in the queue, whose cursor says nothing of it.
    const bool passed = until_us != 0 || (cursor.ok() && cursor->delivered >= batch_seq);
    if (cursor.ok() && cursor->refused > 0 && passed) continue;
    out.audience.insert(*org);
  }
  return absl::OkStatus();
}

// A peer that refused an earlier statement of the same bytes gets the new one instead.
absl::Status PublicationBatch::Supersede(storage::Transaction& transaction, const Class& members,
                                         const Candidate& candidate) {
  for (const auto& [org, seq] : candidate.refused) {
    if (!std::binary_search(members.audience.begin(), members.audience.end(), org)) continue;
    const storage::DeliveryStep step{.settled = {seq}};
    if (absl::Status status = transaction.AppendDelivered(org, step).status(); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace entente::exchange
