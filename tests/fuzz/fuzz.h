#pragma once

#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "base/bytes.h"
#include "base/reject.h"

// Fuzz targets: one function for each place that takes foreign bytes. Each holds its parser to "round-trip or refuse":
// what is read is written again and reads back equal; what is refused carries a named reason. The same functions run
// over tests/fuzz/corpus in fuzz_test and under libFuzzer (docs/development.md).
namespace entente::fuzz {

// True when the parser took the input, false when it refused. Ends the program when a promise does not hold.
using Run = bool (*)(ByteView input);
struct Target {
  std::string_view name;  // also the folder of its corpus
  Run run;
  size_t max_bytes;  // longer inputs teach nothing new
};
std::span<const Target> Targets();
// Null when there is none of that name.
const Target* FindTarget(std::string_view name);

// text_targets.cc
bool FuzzJson(ByteView input);
bool FuzzStix(ByteView input);
bool FuzzMarking(ByteView input);
bool FuzzWords(ByteView input);
// policy_targets.cc
bool FuzzRules(ByteView input);
bool FuzzWarningList(ByteView input);
// bundle_target.cc
bool FuzzBundle(ByteView input);
// key_targets.cc
bool FuzzKeystore(ByteView input);
bool FuzzCertificate(ByteView input);
// trust_targets.cc
bool FuzzCard(ByteView input);
bool FuzzIdentity(ByteView input);
// identity_chain_target.cc
bool FuzzIdentityChain(ByteView input);
// agreement_target.cc
bool FuzzAgreement(ByteView input);
// group_targets.cc
bool FuzzMembership(ByteView input);
bool FuzzEpoch(ByteView input);
// wire_targets.cc
bool FuzzWire(ByteView input);
bool FuzzStatement(ByteView input);
bool FuzzPayload(ByteView input);
bool FuzzFrame(ByteView input);
// envelope_target.cc
bool FuzzEnvelope(ByteView input);
// group_envelope_target.cc
bool FuzzGroupEnvelope(ByteView input);
// export_file_target.cc
bool FuzzExportFile(ByteView input);
// proof_target.cc
bool FuzzProof(ByteView input);
// note_target.cc
bool FuzzNote(ByteView input);
// notice_target.cc
bool FuzzNotice(ByteView input);
// node_targets.cc
bool FuzzConfig(ByteView input);
bool FuzzHead(ByteView input);
bool FuzzRecord(ByteView input);

// What the program prints before it ends on a broken promise, to find the input again. Borrowed.
void NameInput(std::string_view name);
[[noreturn]] void Broken(const char* promise, const char* file, int line, std::string_view detail = {});
#define FUZZ_CHECK(condition) \
  (static_cast<bool>(condition) ? void() : ::entente::fuzz::Broken(#condition, __FILE__, __LINE__))

// A refusal has one of `allowed` (any but INTERNAL when empty) and a message that cannot act on a terminal or a log.
void CheckRefused(const absl::Status& status, std::initializer_list<RejectReason> allowed = {});

// Cuts `input` into pieces of u16 length, big-endian; the last takes what there is.
std::vector<ByteView> Pieces(ByteView input, size_t most);

// Gives `accept` an honest message with an edit for each 3 bytes (place u16, mask) and its end cut off by 7 for each
// byte more; what differs from `honest` must be refused, and nothing else. True when it was taken.
bool AcceptEdited(const Bytes& honest, ByteView edits, absl::FunctionRef<bool(ByteView)> accept);

// A file that lives in memory, for readers that take a path.
class MemoryFile {
 public:
  explicit MemoryFile(ByteView content);
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile();
  const std::string& path() const { return path_; }

 private:
  int fd_;
  std::string path_;
};

}  // namespace entente::fuzz
