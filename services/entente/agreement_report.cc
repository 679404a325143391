#include "services/entente/agreement_report.h"

#include <vector>

#include "model/marking.h"
#include "services/entente/rows.h"

namespace entente::cli {
namespace {

using Rows = std::vector<std::vector<std::string>>;

std::string_view StateName(v1::AgreementState state) {
  switch (state) {
    case v1::AGREEMENT_STATE_IN_FORCE:
      return "in force";
    case v1::AGREEMENT_STATE_SUSPENDED:
      return "suspended";
    case v1::AGREEMENT_STATE_ENDED:
      return "ended";
    default:
      return "unknown";
  }
}

std::string_view CeilingOf(const v1::AgreementTerms& terms) { return model::Name(static_cast<model::Label>(terms.ceiling())); }

std::vector<std::string> ActionNames(uint32_t bits) {
  std::vector<std::string> names;
  for (int i = 0; i < 7; ++i) {
    if ((bits >> i & 1) != 0) names.push_back("a" + std::to_string(i));
  }
  return names;
}

std::string Joined(const auto& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : " ") + Shown(word);
  return out;
}

void WriteWords(JsonWriter& json, std::string_view key, const auto& words) {
  json.Key(key).BeginArray();
  for (const std::string& word : words) json.Value(word);
  json.EndArray();
}

void WriteShown(JsonWriter& json, std::string_view key, bool there, const v1::AgreementShown& shown) {
  json.Key(key);
  if (!there) {
    json.Null();
    return;
  }
  const v1::AgreementTerms& terms = shown.body().terms();
  json.BeginObject().Field("id", shown.id()).Field("version", shown.body().version());
  json.Field("state", StateName(shown.body().state()));
  WriteWords(json, "signed_by", shown.signed_by());
  json.Field("written", Timestamp(shown.body().time_us())).Field("until", Timestamp(shown.body().until_us()));
  json.Field("ceiling", CeilingOf(terms));
  WriteWords(json, "types", terms.types());
  json.Field("clients", terms.clients()).Field("distributor", terms.distributor());
  json.Field("pap_attested", terms.pap_attested());
  WriteWords(json, "actions", ActionNames(terms.actions()));
  json.Field("legal_basis", terms.legal_basis()).Field("use", terms.use()).Key("hop_limit");
  terms.hop_limit() == 0 ? json.Null() : json.Value(terms.hop_limit() - 1);
  json.Field("keep_days", terms.keep_days()).Field("transfer_basis", terms.transfer_basis()).EndObject();
}

// All that a signature under it says yes to.
void AddTerms(const Terminal& terminal, const v1::AgreementShown& shown, Rows& rows) {
  const v1::AgreementTerms& terms = shown.body().terms();
  const auto add = [&](const std::string& name, const std::string& value) { rows.push_back({"  " + name, value}); };
  add("until", Timestamp(shown.body().until_us()));
  add("ceiling", PaintedLabel(terminal, CeilingOf(terms)));
  add("types", terms.types().empty() ? "all" : Joined(terms.types()));
  if (terms.clients()) add("clients", terms.distributor() ? "yes, and through distributors one hop further" : "yes");
  add("PAP", terms.pap_attested() ? "attested" : "not attested");
  if (terms.actions() != 0) add("actions", Joined(ActionNames(terms.actions())));
  if (!terms.use().empty()) add("use", Shown(terms.use()));
  if (!terms.legal_basis().empty()) add("legal basis", Shown(terms.legal_basis()));
  if (terms.hop_limit() != 0) add("hops", Grouped(terms.hop_limit() - 1));
  if (terms.keep_days() != 0) add("kept for", Grouped(terms.keep_days()) + " days (personal data)");
  if (terms.transfer_basis()) add("transfer", "personal data may leave the EEA");
}

void AddShown(const Terminal& terminal, const std::string& what, const v1::AgreementShown& shown, Rows& rows) {
  rows.push_back({what, "version " + Grouped(shown.body().version()) + ", " + Shown(shown.id()) +
                            ", signed by " + Joined(shown.signed_by())});
  if (shown.body().state() == v1::AGREEMENT_STATE_ENDED) return;
  AddTerms(terminal, shown, rows);
}

}  // namespace

void WriteAgreement(JsonWriter& json, const v1::AgreementRow& row) {
  json.BeginObject().Field("peer", row.peer()).Field("standing", row.standing());
  WriteShown(json, "counts", row.has_counts(), row.counts());
  WriteShown(json, "own_offer", row.has_own_offer(), row.own_offer());
  WriteShown(json, "their_offer", row.has_their_offer(), row.their_offer());
  json.EndObject();
}

void PrintAgreement(const Terminal& terminal, const v1::AgreementRow& row) {
  Rows rows = {{"peer", Shown(row.peer())},
               {"agreement", row.standing() == "none" ? "none; what was accepted with `entente peer add` counts" : row.standing()}};
  if (row.has_counts()) AddShown(terminal, "counts", row.counts(), rows);
  if (row.has_own_offer()) AddShown(terminal, "offered", row.own_offer(), rows);
  if (row.has_their_offer()) AddShown(terminal, "asked for", row.their_offer(), rows);
  Print(Columns(rows, 0));
  if (row.has_their_offer()) {
    Next(terminal, "entente agreement accept " + Shown(row.peer()) + " " + Shown(row.their_offer().id()));
  } else if (row.has_own_offer()) {
    Next(terminal, "it waits for " + Shown(row.peer()) + ", who runs entente agreement accept");
  }
}

void PrintAgreements(const Terminal& terminal, const v1::AgreementReply& reply) {
  Rows rows = {{"peer", "agreement", "ceiling", "until", "waits"}};
  for (const v1::AgreementRow& row : reply.rows()) {
    const bool counts = row.has_counts();
    const std::string waits = row.has_their_offer() ? "for you" : row.has_own_offer() ? "for them" : "";
    rows.push_back({Shown(row.peer()), row.standing(), counts ? PaintedLabel(terminal, CeilingOf(row.counts().body().terms())) : "",
                    counts ? Timestamp(row.counts().body().until_us()) : "", waits});
  }
  Print(Columns(rows, 0));
  Next(terminal, "entente agreement show PEER");
}

}  // namespace entente::cli
