#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/reject.h"
#include "envelope/envelope.h"
#include "envelope/testing/hostile.h"
#include "envelope/testing/test_party.h"

namespace entente {
// GoogleTest finds this by argument-dependent lookup.
inline void PrintTo(RejectReason reason, std::ostream* out) {
  *out << Describe(reason).name;
}
}  // namespace entente

// Three organisations and a moment, made once per test program (each keystore costs an Argon2 run).
namespace entente::envelope::testing {

// Half past an hour: no test stands at the edge of one.
inline const absl::Time kNow = absl::FromUnixSeconds(497222 * 3600 + 1800);

struct Federation {
  TestParty norlandia{"cert.norlandia", kNow}, estovia{"cert.estovia", kNow}, volt{"volt-energy", kNow};
  std::unique_ptr<trust::Directory> at_estovia = estovia.DirectoryWith({&norlandia, &volt});
  std::unique_ptr<trust::Directory> at_volt = volt.DirectoryWith({&norlandia});
};
inline Federation& World() {
  static Federation world;
  return world;
}

inline bool NeverSeen(const EnvelopeId&) {
  return false;
}

inline absl::StatusOr<OpenedEnvelope> OpenAt(const TestParty& party, ByteView wire, absl::Time now = kNow) {
  return Open(wire, party.org(), party.ring(), now, NeverSeen, nullptr);
}
// What Estovia makes of `wire` from Norlandia.
inline absl::StatusOr<VerifiedEnvelope> AcceptAtEstovia(ByteView wire, absl::Time now = kNow) {
  Federation& world = World();
  auto opened = OpenAt(world.estovia, wire, now);
  if (!opened.ok()) return opened.status();
  return Verify(*std::move(opened), *world.at_estovia, world.norlandia.org(), now, nullptr);
}

template <typename T>
RejectReason ReasonFor(const absl::StatusOr<T>& result) {
  return ReasonOf(result.status());
}
inline RejectReason ReasonFor(const absl::Status& status) {
  return ReasonOf(status);
}

// Statements of a batch as Seal takes them; borrowed from `batch`.
inline std::vector<Sealable> AllOf(const Batch& batch) {
  std::vector<Sealable> out;
  for (const Statement& s : batch.statements()) out.push_back({s.body(), s.salt(), s.content(), s.index(), s.path()});
  return out;
}
// Prekeys as Seal takes them, with real permits for `count` statements of GREEN each.
inline std::vector<Recipient> Permitted(const std::vector<trust::Prekey>& prekeys, size_t count) {
  std::vector<Recipient> out;
  for (const trust::Prekey& prekey : prekeys) {
    policy::Question question;
    question.constraints.label = model::Label::kGreen;
    question.integrity = question.agreement = true;
    question.sender.org = question.recipient.org = prekey.org;
    question.sender.nation = question.recipient.nation = "XN";
    question.sender.kind = question.recipient.kind = model::PartyKind::kCert;
    question.sender.ceiling = question.recipient.ceiling = model::Label::kRed;
    question.now = kNow;
    const policy::Decision decision = policy::Evaluate({}, question);
    EXPECT_TRUE(decision.permitted());
    out.push_back({prekey, std::vector<policy::Permit>(count, *decision.permit())});
  }
  return out;
}
inline StreamPosition NewStream() {
  return {crypto::RandomId<StreamId>(), 0, {}};
}

// `count` different contents of about the size of an indicator.
inline std::vector<Bytes> Contents(size_t count, size_t size = 1500) {
  std::vector<Bytes> out;
  for (size_t i = 0; i < count; ++i) {
    out.push_back("{\"type\":\"indicator\",\"n\":" + std::to_string(i) + ",\"pad\":\"");
    out.back().resize(size, 'x');
    out.back() += "\"}";
  }
  return out;
}

}  // namespace entente::envelope::testing
