#pragma once

#include <gtest/gtest.h>
#include <p11-kit/p11-kit.h>
#include <p11-kit/pkcs11.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "base/bytes.h"
#include "crypto/crypto.h"
#include "crypto/encoding.h"
#include "crypto/primitives.h"

#ifdef ENTENTE_ADDRESS_SANITIZER
#include <sanitizer/lsan_interface.h>
#endif

namespace entente::crypto::testing {

// SoftHSM 2.6.1 forgets 37 bytes at each signature by a key that it made itself: the name of the curve. While one of
// these lives, what is allocated is not counted as leaked.
class ForgivenLeaks {
#ifdef ENTENTE_ADDRESS_SANITIZER
  __lsan::ScopedDisabler disabler_;
#else
 public:
  ForgivenLeaks() {}
#endif
};

// SoftHSM's tokens in a folder of their own, made with its own program. Skips where SoftHSM is not installed.
class SoftTokenTest : public ::testing::Test {
 protected:
  static constexpr ByteView kPin = "1234";

  void SetUp() override {
    if (std::system("command -v softhsm2-util >/dev/null") != 0 || !std::filesystem::exists(kModuleFile)) {
      GTEST_SKIP() << "SoftHSM is not installed; deploy/setup.sh installs it";
    }
    std::string name = ::testing::TempDir() + "entente-token-XXXXXX";
    folder_ = mkdtemp(name.data());
    std::filesystem::create_directory(folder_ + "/tokens");
    std::ofstream(folder_ + "/conf") << "directories.tokendir = " << folder_ << "/tokens\nlog.level = ERROR\n";
    setenv("SOFTHSM2_CONF", (folder_ + "/conf").c_str(), 1);
    Initialise("entente");
  }
  void TearDown() override {
    unsetenv("SOFTHSM2_CONF");
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }

  void Initialise(const std::string& label) const {
    Run("--init-token --free --label " + label + " --pin 1234 --so-pin 567890");
  }
  // The PKCS#8 prefix of Ed25519 unless another is given; `options` as softhsm2-util has them.
  void Import(const Bytes& seed, const std::string& label, const std::string& id, const std::string& options = "",
              ByteView prefix = "302e020100300506032b657004220420") const {
    const std::string file = folder_ + "/key.pem";
    std::ofstream(file) << "-----BEGIN PRIVATE KEY-----\n"
                        << ToBase64(*FromHex(prefix) + seed) << "\n-----END PRIVATE KEY-----\n";
    Run("--import " + file + " --token entente --label " + label + " --id " + id + " --pin 1234 " + options);
  }
  void Run(const std::string& arguments) const {
    const std::string command = "softhsm2-util " + arguments + " >" + folder_ + "/out 2>&1";
    ASSERT_EQ(std::system(command.c_str()), 0) << command << std::ifstream(folder_ + "/out").rdbuf();
  }

  const std::string& folder() const { return folder_; }

  // Calls `act(module, slot)` beside the program under test, as another user of the same loaded module.
  template <typename Act>
  static void Beside(Act act) {
    CK_FUNCTION_LIST* module = p11_kit_module_load(ModulePath().c_str(), P11_KIT_MODULE_UNMANAGED);
    ASSERT_NE(module, nullptr);
    const CK_RV begun = module->C_Initialize(nullptr);
    ASSERT_TRUE(begun == CKR_OK || begun == CKR_CRYPTOKI_ALREADY_INITIALIZED) << begun;
    CK_SLOT_ID slots[128];  // the first token's, others', and the empty one that SoftHSM always has
    CK_ULONG count = std::size(slots);
    ASSERT_EQ(module->C_GetSlotList(CK_TRUE, slots, &count), CKR_OK);
    act(module, slots[0]);
    if (begun == CKR_OK) module->C_Finalize(nullptr);
    p11_kit_module_release(module);
  }

 private:
  static std::string ModulePath() {
    std::ifstream in(kModuleFile);
    for (std::string line; std::getline(in, line);) {
      if (line.starts_with("module:")) return line.substr(line.find_first_not_of(' ', 7));
    }
    return "";
  }

  static constexpr const char* kModuleFile = "/usr/share/p11-kit/modules/softhsm2.module";
  std::string folder_;
};

}  // namespace entente::crypto::testing
