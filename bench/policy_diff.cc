// What a comparison of local rules over a whole store costs (`policy diff`), beside what nothing that reads the store
// can do without: each record read and opened once, by as many threads. Wall-clock time; memory as the kernel counts
// it.
//
//   policy_diff [OBJECTS [PEERS]]       1,000,000 and 50

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "exchange/rule_changes.h"
#include "exchange/testing/test_node.h"

namespace entente::exchange {
namespace {

using testing::Indicator;
using testing::TestNode;

void Demand(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "policy_diff: %s\n", what);
  std::abort();
}

double Seconds(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Resident now, in MiB.
double Resident() {
  std::ifstream statm("/proc/self/statm");
  double all = 0, resident = 0;
  statm >> all >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1 << 20);
}

// A thousand rules that ask for properties, labels, confidence and peers; some match.
std::string ThousandRules() {
  std::string text = "version = 1\n";
  for (int i = 0; i < 1000; ++i) {
    const std::string n = std::to_string(i);
    text += "[[rule]]\nid = \"r" + n + "\"\nwhen = { direction = \"out\", type = \"indicator\", peer_kind = \"" +
            (i % 2 == 0 ? "cert" : "private") + "\", has_property = \"x_case=" + n +
            "\", confidence_below = " + std::to_string(i % 90 + 10) + " }\neffect = \"withhold\"\n";
  }
  return text;
}

void Fill(TestNode& node, uint64_t objects) {
  constexpr uint64_t kChunk = 256;
  std::vector<std::string> chunk;
  for (uint64_t i = 0; i < objects; ++i) {
    char tail[24];
    std::snprintf(tail, sizeof tail, "%012llx", static_cast<unsigned long long>(i));
    // One object in a hundred is one that some rule is about; all differ in what no rule reads.
    const std::string extra = ",\"confidence\":" + std::to_string(i % 100) + ",\"x_number\":" + std::to_string(i) +
                              (i % 100 == 0 ? ",\"x_case\":\"" + std::to_string(i / 100 % 1000) + "\"" : "");
    chunk.push_back(Indicator(tail, std::to_string(i) + ".example",
                              i % 2 == 0 ? model::Label::kGreen : model::Label::kAmber, "2026-01-02T03:04:05.678Z",
                              extra));
    if (chunk.size() < kChunk && i + 1 < objects) continue;
    Demand(node.Publish(chunk).published() == chunk.size(), "not all objects were published");
    chunk.clear();
  }
}

void ReadAll(const storage::Journal& journal) {
  const uint64_t last = journal.Head().sequence;
  const unsigned threads = std::clamp(std::thread::hardware_concurrency(), 1u, kMaxReplayThreads);
  std::vector<std::thread> workers;
  for (unsigned t = 0; t < threads; ++t) {
    workers.emplace_back([&journal, last, threads, t] {
      for (uint64_t seq = 1 + t; seq <= last; seq += threads)
        Demand(journal.FindRecord(seq).ok(), "a record is missing");
    });
  }
  for (std::thread& worker : workers) worker.join();
}

void Print(const char* what, double value) {
  std::printf("  %-48s %12.1f\n", what, value);
}

int Run(uint64_t objects, int peers) {
  TestNode node("cert.norlandia", "XN");
  std::vector<std::unique_ptr<TestNode>> others;
  for (int i = 0; i < peers; ++i) {
    others.push_back(std::make_unique<TestNode>("peer-" + std::to_string(i), i % 2 == 0 ? "XE" : "XN",
                                                i % 2 == 0 ? model::PartyKind::kCert : model::PartyKind::kPrivate));
    node.Accept(*others.back());
  }
  Fill(node, objects);
  RuleChanges changes(node.room(), node.rules);
  v1::RulesText rules;
  rules.set_file("rules.toml");
  rules.set_text(ThousandRules());
  const double before = Resident();
  double most = before;
  uint64_t told = 0;
  v1::PolicyReply reply;
  const double reading = Seconds([&] { ReadAll(*node.journal); });
  const double comparing = Seconds([&] {
    auto compared = changes.Compare(rules, [&](uint64_t, uint64_t) {
      most = std::max(most, Resident());
      ++told;
      return true;
    });
    Demand(compared.ok(), "the comparison was refused");
    reply = *std::move(compared);
  });
  Demand(reply.difference().objects() == objects, "not every object was asked about");
  std::printf("policy diff: %llu objects, %d peers, 1000 rules\n", static_cast<unsigned long long>(objects), peers);
  Print("compared_s", comparing);
  Print("records_read_alone_s", reading);
  Print("classes", static_cast<double>(reply.difference().classes()));
  Print("parties_that_differ", reply.difference().parties_size());
  Print("memory_more_at_most_MiB", most - before);
  Print("progress_told", static_cast<double>(told));
  return 0;
}

}  // namespace
}  // namespace entente::exchange

int main(int argc, char** argv) {
  const uint64_t objects = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  const int peers = argc > 2 ? std::atoi(argv[2]) : 50;
  return entente::exchange::Run(objects, peers);
}
