#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "base/testing/damage_table.h"
#include "crypto/backup.h"
#include "crypto/keystore.h"
#include "crypto/keystore_file.h"
#include "crypto/primitives.h"
#include "crypto/self_test.h"
#include "tests/vectors/vector_file.h"

// Keystores and backups with one thing wrong, and a library that is not what it should be.
namespace entente::crypto {
namespace {

using enum RejectReason;
using test::Damage;
using test::DamageTable;
using test::EachBit;
using test::OneAnswer;
using test::Outcome;
using test::VectorRecord;

VectorRecord KnownFile(KeyFile kind) {
  return test::ReadVectors(kind == KeyFile::kBackup ? "backup.txt" : "keystore.txt")[0];
}
// The known file's bytes under its derived key: no Argon2id, so that every bit can be tried.
std::function<Outcome()> UnderItsKey(KeyFile kind,
                                     std::function<Outcome(const Bytes& file, const SecretBytes& key)> bend) {
  return [kind, bend = std::move(bend)] {
    const VectorRecord v = KnownFile(kind);
    return bend(v.at("file"), SecretBytes::CopyOf(v.at("derived_key")));
  };
}
template <KeyFile kFile, KeyFile kReadAs = kFile>
Outcome EveryBit(const Bytes& file, const SecretBytes& key) {
  EXPECT_TRUE(OpenKeystore(file, key, kFile).ok());
  OneAnswer answer;
  Bytes bent = file;
  for (size_t bit = 0; bit < bent.size() * 8; ++bit) {
    test::FlipBit(bent, bit);
    answer.Take(OpenKeystore(bent, key, kReadAs), bit);
    test::FlipBit(bent, bit);
  }
  return answer.Said();
}
template <KeyFile kFile>
Outcome EveryPrefix(const Bytes& file, const SecretBytes& key) {
  OneAnswer answer;
  for (size_t size = 0; size < file.size(); ++size)
    answer.Take(OpenKeystore(ByteView(file).substr(0, size), key, kFile), size);
  return answer.Said();
}
template <KeyFile kFile>
Outcome AByteMore(const Bytes& file, const SecretBytes& key) {
  return OpenKeystore(file + "x", key, kFile);
}
template <KeyFile kFile>
Outcome AnotherKey(const Bytes& file, const SecretBytes&) {
  return OpenKeystore(file, SecretBytes::Random(kKeySize), kFile);
}
constexpr KeyFile kStore = KeyFile::kKeystore, kCopy = KeyFile::kBackup;
const Damage kByteRows[] = {
    {0, "AsItIs", kNone,
     UnderItsKey(kStore, [](const Bytes& file, const SecretBytes& key) { return OpenKeystore(file, key, kStore); })},
    {39, "EveryBit", kKeystore, UnderItsKey(kStore, EveryBit<kStore>)},
    {39, "EveryPrefix", kKeystore, UnderItsKey(kStore, EveryPrefix<kStore>)},
    {39, "AByteMore", kKeystore, UnderItsKey(kStore, AByteMore<kStore>)},
    {39, "AnotherKey", kKeystore, UnderItsKey(kStore, AnotherKey<kStore>)},
    {39, "EveryBitOfABackup", kKeystore, UnderItsKey(kCopy, EveryBit<kCopy>)},
    {39, "EveryBitOfABackupReadAsAKeystore", kKeystore, UnderItsKey(kCopy, EveryBit<kCopy, kStore>)},
    {39, "EveryPrefixOfABackup", kKeystore, UnderItsKey(kCopy, EveryPrefix<kCopy>)},
    {39, "AByteMoreOfABackup", kKeystore, UnderItsKey(kCopy, AByteMore<kCopy>)},
    {39, "ABackupAsAKeystore", kKeystore,
     UnderItsKey(kCopy, [](const Bytes& file, const SecretBytes& key) { return OpenKeystore(file, key, kStore); })},
};
const DamageTable kByteTable("KeystoreBytes", kByteRows);

// A file on disk, opened with a passphrase.
struct OnDisk {
  OnDisk() {
    std::string name = testing::TempDir() + "entente-damage-XXXXXX";
    folder = mkdtemp(name.data());
  }
  OnDisk(const OnDisk&) = delete;
  OnDisk& operator=(const OnDisk&) = delete;
  ~OnDisk() { std::filesystem::remove_all(folder); }
  absl::Status Open(KeyFile kind, const Bytes& content, ByteView passphrase, mode_t mode) const {
    const std::string path = folder + "/keys";
    std::ofstream(path, std::ios::binary) << content;
    chmod(path.c_str(), mode);
    const SecretBytes secret = SecretBytes::CopyOf(passphrase);
    return kind == kCopy ? ReadBackup(path, secret).status() : Keystore::Open(path, secret).status();
  }
  std::string folder;
};
struct Opening {
  Bytes file, passphrase;
  mode_t mode = 0600;
  std::string says = {};  // what an operator reads
};
// `hashed`: whether Argon2id runs before the answer.
std::function<Outcome()> Opened(KeyFile kind, bool hashed, std::function<void(Opening&)> bend) {
  return [=] {
    const VectorRecord v = KnownFile(kind);
    Opening opening{v.at("file"), v.at("passphrase")};
    bend(opening);
    const uint64_t runs = Argon2idRuns();
    const absl::Status status = OnDisk().Open(kind, opening.file, opening.passphrase, opening.mode);
    EXPECT_EQ(Argon2idRuns() - runs, hashed ? 1u : 0u);
    EXPECT_NE(status.ToString().find(opening.says), std::string::npos) << status;
    return Outcome(status);
  };
}
// Passes and kibibytes, as they stand at byte 5.
std::function<void(Opening&)> Cost(ByteView cost) {
  return [cost](Opening& opening) { opening.file.replace(5, 12, cost), opening.says = "cost"; };
}
constexpr ByteView kTooFewPasses("\0\0\0\2\0\0\0\0\4\0\0\0", 12),
    kTooLittleMemory("\0\0\0\3\0\0\0\0\3\xff\xff\xff", 12), kTooManyPasses("\0\0\0\x0b\0\0\0\0\4\0\0\0", 12),
    kTooMuchMemory("\0\0\0\3\0\0\0\1\0\0\0\1", 12), kAllOnes("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12);
const Damage kFileRows[] = {
    {0, "AsItIs", kNone, Opened(kStore, true, [](Opening&) {})},
    {39, "WrongPassphrase", kKeystore, Opened(kStore, true, [](Opening& o) { o.passphrase = "wrong"; })},
    {39, "AnotherSalt", kKeystore,
     Opened(kStore, true, [](Opening& o) { o.file[20] = static_cast<char>(o.file[20] ^ 1); })},
    {39, "PassesUnderTheFloor", kKeystore, Opened(kStore, false, Cost(kTooFewPasses))},
    {39, "MemoryUnderTheFloor", kKeystore, Opened(kStore, false, Cost(kTooLittleMemory))},
    {39, "PassesOverTheCap", kKeystore, Opened(kStore, false, Cost(kTooManyPasses))},
    {39, "MemoryOverTheCap", kKeystore, Opened(kStore, false, Cost(kTooMuchMemory))},
    {39, "CostsOfAllOnes", kKeystore, Opened(kStore, false, Cost(kAllOnes))},
    {39, "ReadableByOthers", kKeystore, Opened(kStore, false, [](Opening& o) { o.mode = 0644, o.says = "chmod 600"; })},
    {39, "TooLarge", kKeystore, Opened(kStore, false, [](Opening& o) { o.file = Bytes(kMaxKeystoreBytes + 1, 'x'); })},
};
const DamageTable kFileTable("KeystoreFile", kFileRows);

// Each bit of magic and version, each prefix without a ciphertext.
Outcome EachUnhashed(const std::vector<Bytes>& files) {
  const uint64_t runs = Argon2idRuns();
  OneAnswer answer;
  for (size_t i = 0; i < files.size(); ++i)
    answer.Take(OnDisk().Open(kCopy, files[i], KnownFile(kCopy).at("passphrase"), 0600), i);
  EXPECT_EQ(Argon2idRuns(), runs);
  return answer.Said();
}
const Damage kBackupRows[] = {
    {0, "AsItIs", kNone, Opened(kCopy, true, [](Opening&) {})},
    {39, "WrongPassphrase", kKeystore, Opened(kCopy, true, [](Opening& o) { o.passphrase = "wrong"; })},
    {39, "NoPassphrase", kKeystore, Opened(kCopy, false, [](Opening& o) { o.passphrase.clear(); })},
    {39, "PassesUnderTheFloor", kKeystore, Opened(kCopy, false, Cost(kTooFewPasses))},
    {39, "MemoryUnderTheFloor", kKeystore, Opened(kCopy, false, Cost(kTooLittleMemory))},
    {39, "PassesOverTheCap", kKeystore, Opened(kCopy, false, Cost(kTooManyPasses))},
    {39, "MemoryOverTheCap", kKeystore, Opened(kCopy, false, Cost(kTooMuchMemory))},
    {39, "ReadableByOthers", kKeystore, Opened(kCopy, false, [](Opening& o) { o.mode = 0644, o.says = "chmod 600"; })},
    {39, "TooLarge", kKeystore, Opened(kCopy, false, [](Opening& o) { o.file = Bytes(kMaxKeystoreBytes + 1, 'x'); })},
    {39, "MagicAndVersion", kKeystore,
     [] {
       std::vector<Bytes> files;
       for (size_t bit = 0; bit < 5 * 8; ++bit) test::FlipBit(files.emplace_back(KnownFile(kCopy).at("file")), bit);
       return EachUnhashed(files);
     }},
    {39, "PrefixesWithoutACiphertext", kKeystore,
     [] {
       std::vector<Bytes> files;
       for (size_t size = 0; size < 57 + 32 + 16; ++size) files.push_back(KnownFile(kCopy).at("file").substr(0, size));
       return EachUnhashed(files);
     }},
};
const DamageTable kBackupTable("BackupFile", kBackupRows);

std::function<Outcome()> CostIs(KeystoreCost cost) {
  return [cost] { return CheckCost(cost); };
}
constexpr uint64_t kMiB = 1u << 20;
const Damage kCostRows[] = {
    {0, "TheDaemons", kNone, CostIs(kDaemon)},
    {0, "TheSensitive", kNone, CostIs(kSensitive)},
    {0, "TheCap", kNone, CostIs({10, 4096 * kMiB})},
    {39, "PassesUnderTheFloor", kKeystore, CostIs({2, 64 * kMiB})},
    {39, "MemoryUnderTheFloor", kKeystore, CostIs({3, 64 * kMiB - 1})},
    {39, "PassesOverTheCap", kKeystore, CostIs({11, 64 * kMiB})},
    {39, "MemoryOverTheCap", kKeystore, CostIs({3, 4096 * kMiB + 1})},
    {39, "None", kKeystore, CostIs({})},
};
const DamageTable kCostTable("KeystoreCost", kCostRows);

std::function<Outcome()> Library(int major, ByteView version) {
  return [=] { return CheckSodiumVersion(major, version); };
}
const Damage kLibraryRows[] = {
    {0, "AsBuiltAgainst", kNone, Library(26, "1.0.22")},
    {40, "AnEarlierMajor", kSelfTest, Library(23, "1.0.22")},
    {40, "ALaterMajor", kSelfTest, Library(27, "1.0.22")},
    {40, "AnOlderVersion", kSelfTest, Library(26, "1.0.21")},
    {40, "AMuchOlderVersion", kSelfTest, Library(26, "1.0.3")},
    {40, "AnOlderRelease", kSelfTest, Library(26, "0.9.99")},
    {40, "NoVersion", kSelfTest, Library(26, "")},
    {40, "AWordForAVersion", kSelfTest, Library(26, "one")},
    {40, "HalfAVersion", kSelfTest, Library(26, "1.0")},
    {40, "EachWrongAnswer", kSelfTest,
     [] {
       OneAnswer answer;
       for (size_t wrong = 0; wrong < KnownAnswers().size(); ++wrong) {
         std::vector<KnownAnswer> answers(KnownAnswers().begin(), KnownAnswers().end());
         answers[wrong].holds = [] { return false; };
         answer.Take(CheckKnownAnswers(answers), wrong);
       }
       return answer.Said();
     }},
};
const DamageTable kLibraryTable("SelfTest", kLibraryRows);

}  // namespace
}  // namespace entente::crypto
