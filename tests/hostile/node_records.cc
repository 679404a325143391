// Prints every record of a stopped node's journal, opened with the node's own keys: what it received and can read, for
// tests/functional/test_policy_world.py to search.
//
//   node_records FOLDER      each record's bytes behind their length, u32 big-endian
#include <cstdio>

#include "crypto/crypto.h"
#include "services/entented/node.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const auto node = entente::node::OpenOffline(argv[1], "");
  if (!node.ok()) {
    std::fprintf(stderr, "%s\n", std::string(node.status().message()).c_str());
    return 1;
  }
  const entente::storage::Journal& journal = *(*node)->journal;
  const uint64_t last = journal.Head().sequence;
  for (uint64_t seq = 1; seq <= last; ++seq) {
    const auto record = journal.FindRecord(seq);
    if (!record.ok() || !record->has_value()) return 1;
    const std::string bytes = (*record)->SerializeAsString();
    for (int shift = 24; shift >= 0; shift -= 8) std::putchar(static_cast<int>(bytes.size() >> shift) & 0xff);
    std::fwrite(bytes.data(), 1, bytes.size(), stdout);
  }
  return std::fflush(stdout) == 0 ? 0 : 1;
}
