#include "exchange/desk_publish.h"

#include <algorithm>
#include <future>
#include <map>
#include <utility>

#include "exchange/questions.h"

namespace entente::exchange {
namespace {

v1::HeldRow& RowOf(uint64_t seq, std::vector<v1::HeldRow>& rows) {
  return *std::find_if(rows.begin(), rows.end(), [seq](const v1::HeldRow& row) { return row.journal_seq() == seq; });
}

struct Together {
  PublishTerms terms;
  std::vector<uint64_t> seqs;
  std::vector<PublishItem> items;
};

void PublishTogether(Publication& publication, Together together, std::vector<v1::HeldRow>& rows) {
  std::promise<absl::StatusOr<v1::PublishProgress>> durable;
  publication.Publish(std::move(together.items), together.terms, 0,
                      [&](absl::StatusOr<v1::PublishProgress> progress) { durable.set_value(std::move(progress)); });
  const absl::StatusOr<v1::PublishProgress> progress = durable.get_future().get();
  for (const uint64_t seq : together.seqs) {
    v1::HeldRow& row = RowOf(seq, rows);
    if (progress.ok()) {
      row.set_outcome("published");
    } else {
      Keep(row, std::string(progress.status().message()));
    }
  }
  if (!progress.ok()) return;
  for (const v1::PublishOutcome& outcome : progress->notable()) {
    if (outcome.index() < together.seqs.size()) {
      Keep(RowOf(together.seqs[outcome.index()], rows), outcome.reason() + ": " + outcome.detail());
    }
  }
}

}  // namespace

absl::StatusOr<PublishTerms> TermsOf(v1::ReleaseConstraints wire, const std::string& source, model::Label label) {
  const bool own_labels = wire.label() == v1::LABEL_UNSPECIFIED;
  if (own_labels) wire.set_label(v1::LABEL_CLEAR);
  absl::StatusOr<policy::Constraints> constraints = envelope::FromWire(wire);
  if (!constraints.ok()) return constraints.status();
  if (own_labels) constraints->label = model::Label::kUnlabelled;
  constraints->label = std::max(constraints->label, label);
  PublishTerms terms;
  terms.constraints = *std::move(constraints);
  if (!source.empty()) terms.source = source;
  return terms;
}

void Keep(v1::HeldRow& row, std::string why) {
  row.set_outcome("kept");
  row.set_why(std::move(why));
}

void PublishHeld(const Room& room, Publication& publication, const std::vector<uint64_t>& seqs, model::Label label,
                 const std::string& by, std::vector<v1::HeldRow>& rows) {
  std::map<std::string, Together> by_terms;
  for (const uint64_t seq : seqs) {
    v1::HeldRow& row = RowOf(seq, rows);
    absl::StatusOr<std::optional<v1::Record>> record = room.journal.FindRecord(seq);
    if (!record.ok() || !record->has_value()) {
      Keep(row, "its record cannot be read; run entente fsck");
      continue;
    }
    v1::ObjectQuarantined& held = *(*record)->mutable_quarantine();
    if (!held.has_terms()) {
      Keep(row, "an older version held it and did not keep whom it was for; publish it again");
      continue;
    }
    absl::StatusOr<PublishTerms> terms = TermsOf(held.terms(), held.source(), label);
    if (!terms.ok()) {
      Keep(row, std::string(terms.status().message()));
      continue;
    }
    Together& together = by_terms[held.source() + "\n" + held.terms().SerializeAsString()];
    together.terms = *std::move(terms);
    together.terms.by = by;
    together.seqs.push_back(seq);
    PublishItem item{std::move(*held.mutable_content())};
    item.held_at = seq;
    if (held.has_imputed()) item.imputed = held.imputed();
    // No rule was asked about what had no label: the word that lets it go answers none.
    const bool asked = held.reason() != Describe(RejectReason::kNoLabel).name;
    if (label == model::Label::kUnlabelled && asked) item.released_from = seq;
    together.items.push_back(std::move(item));
  }
  for (auto& [key, together] : by_terms) PublishTogether(publication, std::move(together), rows);
}

}  // namespace entente::exchange
