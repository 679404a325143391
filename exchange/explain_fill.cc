#include "exchange/explain_fill.h"

#include "base/reject.h"

namespace entente::exchange {
namespace {

std::string_view Name(policy::Result result) {
  switch (result) {
    case policy::Result::kPass:
      return "pass";
    case policy::Result::kFail:
      return "fail";
    case policy::Result::kSkip:
      return "skip";
  }
  return "fail";
}

template <typename Reply>
void FillIn(const policy::Decision& decision, Reply& reply) {
  for (const policy::Step& step : decision.trace) {
    v1::TraceStep& out = *reply.add_trace();
    out.set_check(step.check);
    out.set_result(std::string(Name(step.result)));
    out.set_detail(step.detail);
  }
  if (decision.permitted()) {
    reply.set_decision("permit");
    reply.set_reason(decision.permit()->relationship());
    return;
  }
  reply.set_decision(decision.denial()->quarantine ? "quarantine" : "deny");
  reply.set_reason(std::string(Describe(decision.denial()->reason).name));
  reply.set_remedy(decision.denial()->remedy);
}

}  // namespace

void Fill(const policy::Decision& decision, v1::ExplainReply& reply) {
  FillIn(decision, reply);
}

v1::CanShareDecision WithTrace(const std::string& peer, const policy::Decision& decision) {
  v1::CanShareDecision out;
  FillIn(decision, out);
  out.set_peer(peer);
  if (decision.permitted() || decision.denial()->reason == RejectReason::kPolicyRule) out.set_rule(decision.rule);
  return out;
}

}  // namespace entente::exchange
