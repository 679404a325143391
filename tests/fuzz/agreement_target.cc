#include <google/protobuf/stubs/logging.h>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/sample_parties.h"
#include "trust/agreement_history.h"

namespace entente::fuzz {
namespace {

using enum RejectReason;
using trust::Agreement;

constexpr size_t kMostDocuments = 8;

// What whole documents are compared by: docs/formats/agreement.md, rule 1.
std::pair<uint64_t, int> WeightOf(const std::shared_ptr<const Agreement>& counts) {
  return counts == nullptr ? std::pair<uint64_t, int>(0, 0) : std::pair(counts->version(), int{counts->body().state()});
}

// Null where it is refused.
std::shared_ptr<const Agreement> Read(const v1::SignedAgreement& wire) {
  const auto agreement = Agreement::Read(wire);
  if (!agreement.ok()) {
    CheckRefused(agreement.status(), {kParse, kLimit});
    return nullptr;
  }
  const auto again = Agreement::Read(agreement->wire());
  FUZZ_CHECK(again.ok() && again->id() == agreement->id() && again->wire().SerializeAsString() == agreement->wire().SerializeAsString());
  FUZZ_CHECK(agreement->until() > agreement->time() && agreement->body().first() < agreement->body().second());
  const absl::Status holds = agreement->Check(Parties(), {trust::SampleNow()});
  if (holds.ok()) return std::make_shared<const Agreement>(*agreement);
  CheckRefused(holds, {kUnknownParty, kNoKey, kKeyUse, kTime, kSignature});
  return nullptr;
}

// The body as who `signs` would sign it: norlandia 1, estovia 2.
std::shared_ptr<const Agreement> Signed(ByteView bytes, int signs) {
  v1::AgreementBody body;
  body.ParsePartialFromArray(bytes.data(), static_cast<int>(bytes.size()));
  const trust::Self &norlandia = Parties().norlandia(), &estovia = Parties().estovia();
  body.set_first(std::min(norlandia.org(), estovia.org()).str());
  body.set_second(std::max(norlandia.org(), estovia.org()).str());
  auto made = trust::MakeAgreement((signs & 1) != 0 ? norlandia : estovia, body);
  if (made.ok() && (signs & 3) == 3) made = trust::SignAgreement(estovia, *made);
  if (made.ok()) return Read(made->wire());
  CheckRefused(made.status(), {kParse, kLimit});
  return nullptr;
}

}  // namespace

// A byte 0 and a signed agreement; or any other byte and a story: bodies, each behind a byte that says who signs it.
bool FuzzAgreement(ByteView input) {
  static const google::protobuf::LogSilencer silent;
  if (input.empty()) return false;
  if (input[0] == 0) {
    v1::SignedAgreement wire;
    return wire.ParseFromArray(input.data() + 1, static_cast<int>(input.size() - 1)) && Read(wire) != nullptr;
  }
  trust::AgreementHistory history(Parties().norlandia().org(), Parties().estovia().org());
  bool taken = false;
  for (const ByteView piece : Pieces(input.substr(1), kMostDocuments)) {
    if (piece.empty()) continue;
    const auto agreement = Signed(piece.substr(1), piece[0]);
    if (agreement == nullptr) continue;
    const auto before = WeightOf(history.counts());
    const auto news = history.IsNews(*agreement);
    if (!news.ok()) CheckRefused(news.status(), {kLimit});  // it is theirs, and there are fewer than kMaxOffers
    if (!news.ok() || !*news) continue;
    history.Take(*agreement);
    taken = true;
    FUZZ_CHECK(WeightOf(history.counts()) >= before);
    FUZZ_CHECK(history.counts() == nullptr || history.counts()->whole());
    for (const auto& offer : {history.own_offer(), history.their_offer()}) {
      FUZZ_CHECK(offer == nullptr || (!offer->whole() && offer->version() >= history.next_version()));
    }
    FUZZ_CHECK(!*history.IsNews(*agreement));
  }
  return taken;
}

}  // namespace entente::fuzz
