#include <google/protobuf/stubs/logging.h>

#include "envelope/notice.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/sample_parties.h"

namespace entente::fuzz {
namespace {

using enum RejectReason;

bool CheckRecall(const v1::SignedRecall& wire) {
  const auto recall = envelope::CheckRecall(wire, Parties(), trust::SampleNow());
  if (!recall.ok()) {
    CheckRefused(recall.status(), {kParse, kLimit, kUnknownParty, kNoKey, kKeyUse, kTime, kSignature, kAuthority});
    return false;
  }
  FUZZ_CHECK(recall->id == envelope::RecallIdOf(wire.body()));
  FUZZ_CHECK(!recall->targets.empty() && std::is_sorted(recall->targets.begin(), recall->targets.end()));
  FUZZ_CHECK(recall->replacements.empty() == (recall->action == v1::RECALL_ACTION_DELETE));
  FUZZ_CHECK(recall->replacements.empty() || recall->replacements.size() == recall->targets.size());
  FUZZ_CHECK(!recall->signers.empty() && recall->group.has_value() == (recall->authority == v1::RECALL_AUTHORITY_GROUP));
  const envelope::JointTerms joint{recall->signers, static_cast<uint32_t>(recall->signers.size())};
  for (const envelope::RecallTarget& target :
       {envelope::RecallTarget{recall->origin, {}, recall->exercise_id}, {recall->origin, joint, recall->exercise_id}}) {
    const absl::Status authority = envelope::CheckAuthority(*recall, target);
    if (!authority.ok()) CheckRefused(authority, {kAuthority, kThreshold});
    FUZZ_CHECK(authority.ok() == (recall->authority == v1::RECALL_AUTHORITY_ORIGIN ||
                                  (recall->authority == v1::RECALL_AUTHORITY_COSIGNERS && target.joint.has_value())));
  }
  return true;
}

bool CheckReceipt(const v1::SignedBody& wire) {
  const OrgId self = Parties().norlandia().org();
  const auto receipt = envelope::CheckReceipt(wire, Parties(), self, trust::SampleNow());
  if (!receipt.ok()) {
    CheckRefused(receipt.status(), {kParse, kLimit, kUnknownParty, kNoKey, kKeyUse, kTime, kSignature, kAudience});
    return false;
  }
  FUZZ_CHECK(receipt->id == envelope::ReceiptIdOf(wire.body()));
  FUZZ_CHECK(!receipt->subjects.empty() && receipt->outstanding <= receipt->passed_on);
  FUZZ_CHECK(receipt->recall.has_value() || receipt->passed_on == 0);
  return true;
}

// A receipt's body as its organisation would sign it, in the lane that it names.
v1::SignedBody SignedReceipt(ByteView bytes) {
  v1::ReceiptBody body;
  body.ParsePartialFromArray(bytes.data(), static_cast<int>(bytes.size()));
  const trust::Self& by = Parties().Named(body.org_id());
  body.set_key_id(by.key_id.str());
  const bool exercise = !body.exercise_id().empty();
  return *trust::SignBody(by, exercise ? trust::kExerciseReceiptType : trust::kReceiptType, body.SerializeAsString());
}

}  // namespace

// The first byte says what the rest is: a recall or a receipt as it stands, or the body of one, which those sign whom further bits name.
bool FuzzNotice(ByteView input) {
  const google::protobuf::LogSilencer silence;  // of texts that are no UTF-8
  if (input.empty()) return false;
  const auto first = static_cast<uint8_t>(input[0]);
  const ByteView rest = input.substr(1);
  v1::SignedRecall recall;
  v1::SignedBody receipt;
  switch (first % 4) {
    case 0:
      return recall.ParsePartialFromArray(rest.data(), static_cast<int>(rest.size())) && CheckRecall(recall);
    case 1:
      recall.set_body(Bytes(rest));
      if ((first & 4) == 0) envelope::SignRecall(Parties().norlandia(), recall).IgnoreError();
      if ((first & 8) != 0) envelope::SignRecall(Parties().estovia(), recall).IgnoreError();
      if ((first & 16) != 0) envelope::SignRecall(Parties().volt(), recall).IgnoreError();
      return CheckRecall(recall);
    case 2:
      return receipt.ParsePartialFromArray(rest.data(), static_cast<int>(rest.size())) && CheckReceipt(receipt);
    default:
      return CheckReceipt(SignedReceipt(rest));
  }
}

}  // namespace entente::fuzz
