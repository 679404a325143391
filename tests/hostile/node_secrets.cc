// Prints every secret of a node's keystores, so that tests/functional/test_secrets.py can look where they leaked to.
//
//   node_secrets KEYSTORE PASSPHRASE_FILE      one line for each: NAME HEX
#include <cstdio>

#include "crypto/crypto.h"
#include "crypto/keystore.h"

int main(int argc, char** argv) {
  if (argc != 3 || !entente::crypto::Initialise().ok()) return 2;
  const auto passphrase = entente::crypto::ReadPassphrase(argv[2]);
  if (!passphrase.ok()) return 1;
  const auto keystore = entente::crypto::Keystore::Open(argv[1], *passphrase);
  if (!keystore.ok()) return 1;
  for (const auto& [name, secret] : keystore->secrets()) {
    std::printf("%s ", name.c_str());
    for (const uint8_t byte : secret.ExposeSecret()) std::printf("%02x", byte);
    std::printf("\n");
  }
  return 0;
}
