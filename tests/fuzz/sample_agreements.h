#pragma once

#include <algorithm>

#include "tests/fuzz/sample_parties.h"
#include "trust/agreement.h"

// Agreements between two of the sample parties, for seeds.
namespace entente::fuzz {

inline v1::AgreementBody AgreementBodyOf(uint64_t version, v1::AgreementState state) {
  v1::AgreementBody body;
  body.set_first(std::min(Parties().norlandia().org(), Parties().estovia().org()).str());
  body.set_second(std::max(Parties().norlandia().org(), Parties().estovia().org()).str());
  body.set_version(version);
  body.set_state(state);
  body.mutable_terms()->set_ceiling(v1::LABEL_AMBER);
  body.mutable_terms()->add_types("indicator");
  body.set_time_us(absl::ToUnixMicros(trust::SampleNow()));
  body.set_until_us(absl::ToUnixMicros(trust::SampleNow() + absl::Hours(24)));
  return body;
}
// Signed by norlandia (1), estovia (2) or both.
inline v1::SignedAgreement SampleAgreement(int signs) {
  const v1::AgreementBody body = AgreementBodyOf(1, v1::AGREEMENT_STATE_IN_FORCE);
  const trust::Agreement one = *trust::MakeAgreement((signs & 1) != 0 ? Parties().norlandia() : Parties().estovia(), body);
  return signs == 3 ? trust::SignAgreement(Parties().estovia(), one)->wire() : one.wire();
}
inline v1::SignedAgreement Forged(v1::SignedAgreement wire) {
  wire.mutable_signatures(0)->mutable_signature()->front() ^= 1;
  return wire;
}
// An offer, its acceptance, a suspension, and an end.
inline Bytes AgreementStory() {
  using enum v1::AgreementState;
  Bytes out;
  const auto add = [&](char signs, uint64_t version, v1::AgreementState state) {
    const Bytes piece = Bytes(1, signs).append(AgreementBodyOf(version, state).SerializeAsString());
    out += static_cast<char>(piece.size() >> 8);
    out += static_cast<char>(piece.size() & 0xff);
    out += piece;
  };
  add(1, 1, AGREEMENT_STATE_IN_FORCE);
  add(3, 1, AGREEMENT_STATE_IN_FORCE);
  add(2, 2, AGREEMENT_STATE_SUSPENDED);
  add(1, 3, AGREEMENT_STATE_ENDED);
  return out;
}

}  // namespace entente::fuzz
