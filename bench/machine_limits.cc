// The limits of this machine for each thing a node must do, measured in one run: bench/node_load.py prints them beside
// what whole nodes reach.

#include <benchmark/benchmark.h>
#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>
#include <stdlib.h>

#include <filesystem>

#include "bench/grpc_limit.h"
#include "crypto/crypto.h"

namespace entente::bench {
namespace {

constexpr size_t kIndicatorBytes = 1536, kBatch = 256;

void Ed25519Verify(benchmark::State& state) {
  const crypto::SigningKey key = crypto::SigningKey::Generate();
  const Bytes body(200, 'b');
  const Bytes signature = *key.Sign("application/vnd.entente.batch.v1", body);
  for (auto _ : state) {
    if (!crypto::Verify(key.public_key(), "application/vnd.entente.batch.v1", body, signature)) abort();
  }
  state.counters["verify_per_second"] = benchmark::Counter(static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}

void Sha256(benchmark::State& state) {
  const Bytes block(1 << 20, 's');
  for (auto _ : state) benchmark::DoNotOptimize(crypto::Sha256(block));
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(block.size()));
}

void PayloadOpen(benchmark::State& state) {
  const Digest core = crypto::Sha256("core");
  const crypto::PayloadKeys keys = crypto::DerivePayloadKeys(crypto::SecretBytes::Random(crypto::kKeySize), core);
  const Bytes sealed = *crypto::SealPayload(keys, core, Bytes(1 << 20, 'p'));
  for (auto _ : state) benchmark::DoNotOptimize(crypto::OpenPayload(keys, core, sealed));
  state.SetBytesProcessed(state.iterations() * (1 << 20));
}

void RocksDbSyncedBatch(benchmark::State& state) {
  char folder[] = "/tmp/entente-limits-XXXXXX";
  if (mkdtemp(folder) == nullptr) abort();
  rocksdb::Options options;
  options.create_if_missing = true;
  rocksdb::DB* opened = nullptr;
  if (!rocksdb::DB::Open(options, folder, &opened).ok()) abort();
  const std::unique_ptr<rocksdb::DB> db(opened);
  rocksdb::WriteOptions synced;
  synced.sync = true;
  const Bytes value(kIndicatorBytes, 'v');
  uint64_t next = 0;
  for (auto _ : state) {
    rocksdb::WriteBatch batch;
    for (size_t i = 0; i < kBatch; ++i) {
      Bytes key;
      AppendBigEndian(key, next++);
      batch.Put(key, value);
    }
    if (!db->Write(synced, &batch).ok()) abort();
  }
  state.counters["records_per_second"] = benchmark::Counter(static_cast<double>(next), benchmark::Counter::kIsRate);
  std::filesystem::remove_all(folder);
}

void GrpcStream(benchmark::State& state) {
  constexpr size_t kMessages = 500;
  for (auto _ : state) state.SetIterationTime(StreamFrames(kMessages, kIndicatorBytes * kBatch / 2));
  const double batches = static_cast<double>(state.iterations()) * kMessages / 2;
  state.counters["batches_per_second"] = benchmark::Counter(batches, benchmark::Counter::kIsRate);
}

BENCHMARK(Ed25519Verify);
BENCHMARK(Sha256);
BENCHMARK(PayloadOpen);
BENCHMARK(RocksDbSyncedBatch)->UseRealTime();
BENCHMARK(GrpcStream)->UseManualTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace entente::bench

int main(int argc, char** argv) {
  if (!entente::crypto::Initialise().ok()) return 1;
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
