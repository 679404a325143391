#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "envelope/envelope.h"
#include "envelope/header.h"
#include "trust/group_directory.h"

// What a peer with real keys and bad intentions can make. Every part is honest unless a test bends it, and everything
// derived from a bent part (hashes, commitments, signatures) is made again over it, so that exactly one check can
// refuse.
namespace entente::envelope::testing {

// A payload as SignBatch makes it: batch and statements, whole, without a seal.
v1::Payload HonestPayload(const trust::Self& origin, const policy::Constraints& constraints,
                          const std::vector<OrgId>& audience, const std::vector<Bytes>& contents, absl::Time now,
                          const BatchTerms& terms = {});
// The same of statements that were signed before.
v1::Payload PayloadOf(const Batch& batch);
policy::Constraints Green();

v1::SignedBody SignBytes(const crypto::Signer& key, ByteView payload_type, Bytes body);

// Signs the statements of a payload again, bent.
struct HostileBatch {
  const trust::Self& origin;
  std::function<void(v1::StatementBody&, int index)> statement = {};  // on the fields
  std::function<void(Bytes&, int index)> statement_bytes = {};        // on the encoded body, after that
  std::function<void(v1::BatchBody&)> batch = {};                     // before it is signed
  std::function<void(Bytes&)> batch_bytes = {};                       // on the encoded batch, before it is signed
  Bytes id_type = Bytes(kStatementType);                              // what statement ids are made with
  bool relink = true;                                                 // `previous` follows the bent statements
  v1::Payload Sign(v1::Payload payload) const;
};

// Seals a payload, bent.
struct HostileSeal {
  const trust::Self& sealer;
  std::vector<trust::Prekey> recipients;
  absl::Time now;
  std::optional<trust::EpochUse> epoch = {};       // group mode, with slots only where there are recipients
  std::function<void(Header&)> header = {};        // before anything is derived from it
  std::function<void(Bytes& slots)> slots = {};    // before h_core
  std::function<void(v1::SealBody&)> seal = {};    // before it is signed
  std::function<void(Bytes&)> seal_bytes = {};     // on the encoded seal, before it is signed
  std::function<void(v1::Payload&)> payload = {};  // with the seal in it
  std::function<void(Bytes&)> plaintext = {};      // with length and padding
  bool split_keys = false;  // each recipient's slot holds another content key; the first one's is used
  // `bare` has everything but the seal.
  Bytes Make(const v1::Payload& bare) const;
  // The lowest level: any plaintext. `write` is called twice and answers the same size both times.
  using Write = std::function<Bytes(const Digest& h_core, const Digest& commitment)>;
  Bytes MakeOf(const Write& write) const;
};

// length | payload | padding
Bytes Pad(ByteView payload);

}  // namespace entente::envelope::testing
