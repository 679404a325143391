#include "policy/actions.h"

#include "policy/constraints.h"

namespace entente::policy {
namespace {

using model::Label;
using model::Pap;
using enum Action;

template <typename... T>
constexpr Actions Set(T... actions) {
  return static_cast<Actions>((static_cast<unsigned>(actions) | ...));
}

constexpr Actions kOffline = Set(kRead, kSearchOwnLogs);
constexpr Actions kPassive = Set(kRead, kSearchOwnLogs, kPassiveLookup);
// Nothing that touches the infrastructure.
constexpr Actions kOwnNetwork = Set(kRead, kSearchOwnLogs, kPassiveLookup, kBlock);

// PAP does not speak of telling the affected; the label and IEP do.
Actions ByPap(const ActionTerms& terms) {
  switch (terms.pap) {
    case Pap::kUnset:
      return terms.label == Label::kRed ? kOffline : terms.agreed.value_or(kOwnNetwork);
    case Pap::kRed:
      return kOffline;
    case Pap::kAmber:
      return kPassive;
    case Pap::kGreen:
    case Pap::kClear:
      return kAllActions;
  }
  return kOffline;
}

Actions ByIep(const model::Iep& iep) {
  switch (iep.actions) {
    case model::Iep::Actions::kNone:
    case model::Iep::Actions::kContact:
      return Set(kRead);
    case model::Iep::Actions::kInternal:
      return kOffline;
    case model::Iep::Actions::kIndirect:
      return kPassive;
    case model::Iep::Actions::kDirect:
      return kAllActions;
  }
  return Set(kRead);
}

// Whom it affects is outside the audience of what is stricter than AMBER.
bool MayNotify(const ActionTerms& terms) {
  return terms.label <= Label::kAmber && (terms.iep == nullptr || terms.iep->notify_affected);
}

}  // namespace

Actions ActionsAfterReceipt(const ActionTerms& terms) {
  if (!IsLabel(terms.label)) return 0;
  Actions allowed = ByPap(terms);
  if (terms.iep != nullptr) allowed &= ByIep(*terms.iep);
  if (terms.exercise) return static_cast<Actions>(allowed & kOffline);
  const Actions notify = Set(kNotifyAffected);
  return static_cast<Actions>(MayNotify(terms) ? allowed | notify : allowed & ~notify);
}

}  // namespace entente::policy
