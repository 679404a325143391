#pragma once

#include <string>

#include "entente/v1/admin.pb.h"
#include "policy/policy.h"

// How a decision is told to the operator. Private to exchange.
namespace entente::exchange {

void Fill(const policy::Decision& decision, v1::ExplainReply& reply);
v1::CanShareDecision WithTrace(const std::string& peer, const policy::Decision& decision);

}  // namespace entente::exchange
