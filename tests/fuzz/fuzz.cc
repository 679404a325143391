#include "tests/fuzz/fuzz.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace entente::fuzz {
namespace {

constexpr size_t kKiB = 1024;
constexpr Target kTargets[] = {
    {"agreement", FuzzAgreement, 8 * kKiB},
    {"bundle", FuzzBundle, 16 * kKiB},
    {"card", FuzzCard, 8 * kKiB},
    {"certificate", FuzzCertificate, 4 * kKiB},
    {"config", FuzzConfig, 4 * kKiB},
    {"envelope", FuzzEnvelope, 8 * kKiB},
    {"epoch", FuzzEpoch, 4 * kKiB},
    {"export_file", FuzzExportFile, 4 * kKiB},
    {"frame", FuzzFrame, 16 * kKiB},
    {"group_envelope", FuzzGroupEnvelope, 8 * kKiB},
    {"head", FuzzHead, 9 * kKiB},
    {"identity", FuzzIdentity, 4 * kKiB},
    {"identity_chain", FuzzIdentityChain, 8 * kKiB},
    {"json", FuzzJson, 16 * kKiB},
    {"keystore", FuzzKeystore, 4 * kKiB},
    {"membership", FuzzMembership, 8 * kKiB},
    {"marking", FuzzMarking, 8 * kKiB},
    {"note", FuzzNote, 4 * kKiB},
    {"notice", FuzzNotice, 8 * kKiB},
    {"payload", FuzzPayload, 16 * kKiB},
    {"proof", FuzzProof, 8 * kKiB},
    {"record", FuzzRecord, 16 * kKiB},
    {"rules", FuzzRules, 8 * kKiB},
    {"statement", FuzzStatement, 8 * kKiB},
    {"stix", FuzzStix, 16 * kKiB},
    {"warning_list", FuzzWarningList, 8 * kKiB},
    {"wire", FuzzWire, 8 * kKiB},
    {"words", FuzzWords, 4 * kKiB},
};

std::string_view current_input;

}  // namespace

std::span<const Target> Targets() {
  return kTargets;
}

const Target* FindTarget(std::string_view name) {
  for (const Target& target : kTargets) {
    if (target.name == name) return &target;
  }
  return nullptr;
}

void NameInput(std::string_view name) {
  current_input = name;
}

void Broken(const char* promise, const char* file, int line, std::string_view detail) {
  std::fprintf(stderr, "%s:%d: broken promise: %s %.*s\ninput: %.*s\n", file, line, promise,
               static_cast<int>(detail.size()), detail.data(), static_cast<int>(current_input.size()),
               current_input.data());
  std::abort();
}

void CheckRefused(const absl::Status& status, std::initializer_list<RejectReason> allowed) {
  const RejectReason reason = ReasonOf(status);
  const RejectEntry& entry = Describe(reason);
  if (status.ok() || reason == RejectReason::kInternal || entry.grpc == absl::StatusCode::kInternal) {
    Broken("a refusal has a reason other than INTERNAL", __FILE__, __LINE__, entry.name);
  }
  if (allowed.size() > 0 && std::find(allowed.begin(), allowed.end(), reason) == allowed.end()) {
    Broken("a refusal has one of its documented reasons", __FILE__, __LINE__, entry.name);
  }
  const std::string message(status.message());
  FUZZ_CHECK(!message.empty() && message.size() < 2048);
  FUZZ_CHECK(std::all_of(message.begin(), message.end(),
                         [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; }));
}

std::vector<ByteView> Pieces(ByteView input, size_t most) {
  std::vector<ByteView> pieces;
  while (input.size() >= 2 && pieces.size() < most) {
    const size_t size = ReadBigEndian<uint16_t>(input);
    input.remove_prefix(2);
    pieces.push_back(input.substr(0, size));
    input.remove_prefix(pieces.back().size());
  }
  return pieces;
}

bool AcceptEdited(const Bytes& honest, ByteView edits, absl::FunctionRef<bool(ByteView)> accept) {
  Bytes wire = honest;
  for (; edits.size() >= 3; edits.remove_prefix(3)) {
    wire[ReadBigEndian<uint16_t>(edits) % wire.size()] ^= edits[2];
  }
  wire.resize(wire.size() - std::min(wire.size(), edits.size() * 7));
  const bool accepted = accept(wire);
  FUZZ_CHECK(accepted == (wire == honest));
  return accepted;
}

MemoryFile::MemoryFile(ByteView content) : fd_(memfd_create("fuzz", MFD_CLOEXEC)) {
  FUZZ_CHECK(fd_ >= 0 && write(fd_, content.data(), content.size()) == static_cast<ssize_t>(content.size()));
  path_ = "/proc/self/fd/" + std::to_string(fd_);
}

MemoryFile::~MemoryFile() {
  close(fd_);
}

}  // namespace entente::fuzz
