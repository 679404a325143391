#include "services/entente/tar_file.h"

#include <cstdio>
#include <numeric>

namespace entente::cli {
namespace {

constexpr size_t kBlock = 512;
constexpr size_t kNameAt = 0, kModeAt = 100, kUidAt = 108, kGidAt = 116, kSizeAt = 124, kTimeAt = 136, kSumAt = 148,
                 kTypeAt = 156, kMagicAt = 257;

void PutOctal(Bytes& header, size_t at, size_t width, uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof text, "%0*llo", static_cast<int>(width - 1), static_cast<unsigned long long>(value));
  header.replace(at, width - 1, text, width - 1);
}

}  // namespace

void TarFile::Add(const std::string& name, ByteView content, int64_t unix_seconds) {
  Bytes header(kBlock, '\0');
  header.replace(kNameAt, name.size(), name);
  PutOctal(header, kModeAt, 8, 0600);
  PutOctal(header, kUidAt, 8, 0);
  PutOctal(header, kGidAt, 8, 0);
  PutOctal(header, kSizeAt, 12, content.size());
  PutOctal(header, kTimeAt, 12, static_cast<uint64_t>(unix_seconds));
  header[kTypeAt] = '0';
  header.replace(kMagicAt, 8,
                 Bytes("ustar\0"
                       "00",
                       8));
  header.replace(kSumAt, 8, 8, ' ');  // counted as spaces
  const uint64_t sum = std::accumulate(header.begin(), header.end(), uint64_t{0},
                                       [](uint64_t so_far, char c) { return so_far + static_cast<unsigned char>(c); });
  PutOctal(header, kSumAt, 7, sum);
  header[kSumAt + 6] = '\0';
  members_ += header;
  members_ += content;
  members_.append((kBlock - content.size() % kBlock) % kBlock, '\0');
}

Bytes TarFile::Finish() const {
  return members_ + Bytes(2 * kBlock, '\0');
}

}  // namespace entente::cli
