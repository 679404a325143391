#include <google/protobuf/stubs/logging.h>

#include <memory>

#include "entente/v1/envelope.pb.h"
#include "entente/v1/identity.pb.h"
#include "entente/v1/peer.pb.h"
#include "envelope/claims.h"
#include "envelope/commitments.h"
#include "envelope/envelope.h"
#include "envelope/payload_reader.h"
#include "envelope/wire_walk.h"
#include "proto/strict_parse.h"
#include "services/peer/document_inbox.h"
#include "services/peer/inbound.h"
#include "tests/fuzz/fuzz.h"

namespace entente::fuzz {
namespace {

using enum RejectReason;
using google::protobuf::Message;

std::unique_ptr<Message> MessageOf(uint8_t kind) {
  switch (kind % 8) {
    case 0: return std::make_unique<v1::IdentityDocument>();
    case 1: return std::make_unique<v1::SignedIdentity>();
    case 2: return std::make_unique<v1::PrekeyBody>();
    case 3: return std::make_unique<v1::Card>();
    case 4: return std::make_unique<v1::StatementBody>();
    case 5: return std::make_unique<v1::Payload>();
    case 6: return std::make_unique<v1::SealBody>();
    default: return std::make_unique<v1::ReleaseConstraints>();
  }
}

bool ReadConstraints(ByteView wire) {
  v1::ReleaseConstraints message;
  if (!StrictParse(wire, message).ok()) return false;
  const auto constraints = envelope::FromWire(message);
  if (!constraints.ok()) {
    CheckRefused(constraints.status(), {kParse});
    return false;
  }
  const v1::ReleaseConstraints again = envelope::ToWire(*constraints);
  FUZZ_CHECK(envelope::FromWire(again).ok());
  FUZZ_CHECK(envelope::ToWire(*envelope::FromWire(again)).SerializeAsString() == again.SerializeAsString());
  return true;
}

// What of a session reads a frame before anything is decrypted.
struct Receiver {
  peer::Inbound inbound;
  peer::DocumentInbox documents{OrgId()};
  uint64_t last = 0;

  bool TakeDocuments(const v1::Frame& frame) {
    const absl::Status taken = frame.has_want() ? documents.Take(frame.want())
                                                : documents.Take(frame.document(), peer::SteadyTime(std::chrono::hours(1)));
    if (!taken.ok()) CheckRefused(taken, {kParse, kLimit, kBudget});
    FUZZ_CHECK(documents.held_bytes() <= peer::kMaxUnaskedBytes + peer::kMaxAnswerBytes + peer::kMaxDocumentBytes);
    return taken.ok();
  }
  // What waits is looked at, and a question goes out.
  void Look() {
    while (const auto want = documents.NextWant()) {
      FUZZ_CHECK(want->count() >= 1 && peer::LastOf(*want) >= want->first());
      documents.Answered();
    }
    while (documents.NextDocument()) {
    }
    FUZZ_CHECK(documents.empty() && documents.held_bytes() == 0);
    v1::Want question;
    question.set_kind(v1::DOCUMENT_KIND_MEMBERSHIP);
    question.set_id(Bytes(peer::kDocumentIdBytes, '\0'));
    question.set_first(1);
    question.set_count(peer::kMaxWantCount);
    if (!documents.asking()) documents.Asked(question);
  }

  // False when the session is over.
  bool Take(const v1::Frame& frame) {
    if (frame.has_want() || frame.has_document()) return TakeDocuments(frame);
    if (frame.has_credit()) inbound.Grant(frame.credit().bytes());
    if (!frame.has_envelope()) return frame.kind_case() != v1::Frame::KIND_NOT_SET;
    const uint64_t announced = frame.envelope().total_bytes();
    auto taken = inbound.Take(frame.envelope());
    if (!taken.ok()) {
      CheckRefused(taken.status(), {kParse, kLimit, kBudget});
      return false;
    }
    FUZZ_CHECK(taken->has_value() != inbound.assembling());
    if (!taken->has_value()) return true;
    FUZZ_CHECK((*taken)->wire.size() == announced && (*taken)->position == frame.envelope().position());
    last = (*taken)->position;
    return true;
  }
};

}  // namespace

// The first byte names the message.
bool FuzzWire(ByteView input) {
  if (input.empty()) return false;
  const ByteView wire = input.substr(1);
  size_t seen = 0;
  const bool whole = envelope::WalkFields(wire, [&](const envelope::WireField& field) {
    seen += field.bytes.size();
    return true;
  });
  FUZZ_CHECK(seen <= wire.size());
  FUZZ_CHECK(envelope::ReadLowFields(wire).has_value() == whole);
  const auto message = MessageOf(static_cast<uint8_t>(input[0]));
  if (absl::Status status = StrictParse(wire, *message); !status.ok()) {
    CheckRefused(status, {kParse});
    FUZZ_CHECK(message->ByteSizeLong() == 0);
    return false;
  }
  FUZZ_CHECK(whole);
  const Bytes written = message->SerializeAsString();
  const auto again = MessageOf(static_cast<uint8_t>(input[0]));
  FUZZ_CHECK(StrictParse(written, *again).ok() && again->SerializeAsString() == written);
  return true;
}

// Constraints alone, or a batch body and its statements' bodies, as pieces.
bool FuzzStatement(ByteView input) {
  if (!input.empty() && input[0] == '\xff') return ReadConstraints(input.substr(1));
  const std::vector<ByteView> pieces = Pieces(input, 8);
  if (pieces.empty()) return false;
  const auto batch = envelope::ReadBatch(pieces[0]);
  if (!batch.ok()) CheckRefused(batch.status(), {kParse, kLimit});
  if (!batch.ok() || pieces.size() < 2) return batch.ok();
  const std::vector<ByteView> bodies(pieces.begin() + 1, pieces.end());
  const auto claims = envelope::ReadClaims(bodies, *batch);
  if (!claims.ok()) {
    CheckRefused(claims.status(), {kParse, kLimit, kAudience});
    return false;
  }
  FUZZ_CHECK(claims->each.size() == bodies.size());
  FUZZ_CHECK(envelope::ToWire(claims->constraints).label() != v1::LABEL_UNSPECIFIED);
  std::vector<uint32_t> indexes;
  std::vector<StatementId> ids;
  for (size_t i = 0; i < bodies.size(); ++i) {
    indexes.push_back(static_cast<uint32_t>(i));
    ids.push_back(envelope::IdOf(bodies[i], batch->exercise));
    const absl::Status content = envelope::CheckContent(claims->each[i], Bytes(envelope::kSaltSize, 's'), "{}");
    if (!content.ok()) CheckRefused(content, {kContent});
  }
  const absl::Status stream = envelope::CheckStream(*claims, indexes, ids);
  if (!stream.ok()) CheckRefused(stream, {kGap});
  return true;
}

bool FuzzPayload(ByteView input) {
  const auto payload = envelope::ReadPayload(input);
  if (!payload.ok()) {
    CheckRefused(payload.status(), {kParse, kLimit, kChain, kSeal});
    return false;
  }
  const Bytes written = payload->SerializeAsString();
  const auto again = envelope::ReadPayload(written);
  FUZZ_CHECK(again.ok() && again->SerializeAsString() == written);
  return true;
}

// Frames of one direction, as pieces; an empty piece answers what came last. gRPC parses frames without our rules.
bool FuzzFrame(ByteView input) {
  const google::protobuf::LogSilencer silence;  // the daemon takes these lines over (services/entented/log.cc)
  Receiver receiver;
  bool alive = true;
  for (const ByteView piece : Pieces(input, 256)) {
    if (piece.empty()) {
      receiver.inbound.Answered(receiver.last);
      receiver.Look();
    }
    v1::Frame frame;
    alive = piece.empty() || (frame.ParseFromArray(piece.data(), static_cast<int>(piece.size())) && receiver.Take(frame));
    if (!alive) break;
  }
  // Whatever the bytes are, they arrive as they were cut.
  if (input.empty()) return false;
  peer::Inbound inbound;
  for (size_t i = 0; i < peer::PieceCount(input.size()); ++i) {
    v1::Frame frame;
    FUZZ_CHECK(frame.ParseFromString(peer::MakePiece(7, input, i).SerializeAsString()));
    auto taken = inbound.Take(frame.envelope());
    FUZZ_CHECK(taken.ok() && taken->has_value() == (i + 1 == peer::PieceCount(input.size())));
    if (taken->has_value()) FUZZ_CHECK((*taken)->wire == input);
  }
  return alive;
}

}  // namespace entente::fuzz
