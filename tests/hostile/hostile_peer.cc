// An accepted peer that misbehaves: holds a real session with a real daemon, sends one crafted envelope per scenario and
// prints the answer, one JSON line each; "hoard", "flood", "waste", "documents" and "wants" go on until the daemon ends the
// session. Functional tests drive it and read the daemon's metrics.
//
//   hostile_peer NODE_DIR TARGET_CARD SCENARIO...
//
// For tests/oracle, which makes and opens envelopes itself: "prekey=FILE" writes what the daemon offers (SignedBody),
// "send=FILE" sends the envelope in FILE, "receive=N:PATH" writes N envelopes of the daemon's outbox to PATH1, PATH2, ...
//
//   hostile_peer NODE_DIR --certificate      prints a transport certificate and its key, PEM
#include <cstdio>
#include <fstream>
#include <iostream>
#include <sstream>

#include "crypto/crypto.h"
#include "crypto/transport_certificate.h"
#include "envelope/testing/hostile.h"
#include "envelope/testing/test_party.h"
#include "services/entented/node.h"
#include "services/peer/credentials.h"
#include "services/peer/dial.h"
#include "services/peer/document_inbox.h"
#include "services/peer/inbound.h"
#include "tests/hostile/forgeries.h"
#include "tests/hostile/line.h"
#include "trust/card.h"

namespace entente::hostile {
namespace {

using envelope::testing::HonestPayload;
using envelope::testing::HostileBatch;
using envelope::testing::HostileSeal;

std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

Bytes Content(int number) {
  char text[400];
  std::snprintf(text, sizeof text,
                R"({"type":"indicator","spec_version":"2.1","id":"indicator--00000000-0000-4000-8000-%012d",)"
                R"("created":"2026-01-02T03:04:05.678Z","modified":"2026-01-02T03:04:05.678Z","pattern_type":"stix",)"
                R"("pattern":"[domain-name:value = 'hostile-%d.example']","valid_from":"2026-01-01T00:00:00Z"})",
                number, number);
  return text;
}

struct Hostile {
  const trust::Self& self;
  OrgId target;
  Line& line;
  int number = 0;

  v1::Payload Honest(const std::vector<OrgId>& audience) {
    return HonestPayload(self, envelope::testing::Green(), audience, {Content(++number)}, absl::Now());
  }
  Bytes Sealed(const v1::Payload& payload) { return HostileSeal{self, {line.prekey()}, absl::Now()}.Make(payload); }

  std::string Flip(size_t at) {
    Bytes wire = Sealed(Honest({target}));
    wire[at < wire.size() ? at : wire.size() - 1] ^= 0x04;
    return line.Send(wire);
  }
  // Of a group that nobody knows: nobody asked for it, and it is none.
  v1::Frame Document() const {
    v1::Frame frame;
    frame.mutable_document()->set_kind(v1::DOCUMENT_KIND_LEAVE);
    frame.mutable_document()->set_id(Bytes(GroupId::kSize, 'g'));
    frame.mutable_document()->set_document("no leave at all");
    return frame;
  }
  v1::Frame Want() const {
    v1::Frame frame;
    frame.mutable_want()->set_kind(v1::DOCUMENT_KIND_IDENTITY);
    frame.mutable_want()->set_id(target.str());
    frame.mutable_want()->set_first(1);
    frame.mutable_want()->set_count(peer::kMaxWantCount);
    return frame;
  }
  std::string Write(const std::string& path, ByteView bytes) {
    std::ofstream out(path, std::ios::binary);
    out << bytes;
    return out.flush() ? "written" : "not written";
  }
  std::string Receive(const std::string& count_and_path) {
    const std::string path = count_and_path.substr(count_and_path.find(':') + 1);
    const std::vector<Bytes> received = line.Receive(std::stoul(count_and_path));
    std::string answer = "closed";
    for (size_t i = 0; i < received.size(); ++i) answer = Write(path + std::to_string(i + 1), received[i]);
    return answer;
  }
  std::string RunForOracle(const std::string& what, const std::string& rest) {
    if (what == "prekey") return Write(rest, line.offered().SerializeAsString());
    if (what == "send") return line.Send(ReadFile(rest));
    if (what == "receive") return Receive(rest);
    std::cerr << "hostile_peer: no scenario '" << what << "='\n";
    std::exit(2);
  }
  std::string Run(const std::string& scenario) {
    if (const size_t equals = scenario.find('='); equals != std::string::npos) {
      return RunForOracle(scenario.substr(0, equals), scenario.substr(equals + 1));
    }
    constexpr size_t kSlot = envelope::kHeaderSize, kCommitment = kSlot + envelope::kSlotSize;
    if (scenario == "bye") return line.SayBye();
    if (scenario == "good") return line.Send(Sealed(Honest({target})));
    if (scenario == "never-reads") return line.NeverRead();
    if (scenario == "flip-header") return Flip(20);
    if (scenario == "flip-magic") return Flip(0);
    if (scenario == "flip-slot") return Flip(kSlot + 100);
    if (scenario == "flip-prekey-id") return Flip(kSlot + 3);
    if (scenario == "flip-commitment") return Flip(kCommitment + 5);
    if (scenario == "flip-payload") return Flip(kCommitment + 32 + 40);
    if (scenario == "unknown-party") {
      const envelope::testing::TestParty stranger("stranger", absl::Now());
      return line.Send(Sealed(HonestPayload(stranger.self(), envelope::testing::Green(), {target}, {Content(++number)}, absl::Now())));
    }
    if (scenario == "expired") {
      const auto expire = [](v1::StatementBody& body, int) {
        body.set_expires_us(body.created_us() + 1);
      };
      return line.Send(Sealed(HostileBatch{.origin = self, .statement = expire}.Sign(Honest({target}))));
    }
    if (scenario == "addressed-elsewhere") return line.Send(Sealed(Honest({self.org()})));
    if (scenario == "replayed") {
      const Bytes wire = Sealed(Honest({target}));
      const std::string first = line.Send(wire);
      return first == "accepted" ? line.Send(wire) : "first " + first;
    }
    if (scenario == "hoard") return line.Hoard(envelope::kMaxEnvelopeBytes - peer::kMaxPieceBytes);
    if (scenario == "flood") return line.Flood();
    if (scenario == "documents") return line.Repeat(Document());
    if (scenario == "wants") return line.Repeat(Want());
    if (scenario == "waste") {
      Bytes wire = Sealed(Honest({target}));
      wire.back() ^= 0x04;
      return line.Waste(wire);
    }
    const Forger forger{self, target, line.prekey(), Honest({target}), crypto::RandomId<StreamId>().str(), Content(++number)};
    std::string answer;
    for (const Bytes& wire : Forge(forger, scenario)) {
      if (!answer.empty() && answer != "accepted") return "first " + answer;
      answer = line.Send(wire);
    }
    if (!answer.empty()) return answer;
    std::cerr << "hostile_peer: no scenario '" << scenario << "'\n";
    std::exit(2);
  }
};

// A transport certificate as the node itself would show, with its key: for a peer that tests play by hand.
int PrintCertificate(const trust::Self& self) {
  const crypto::TransportCertificate made =
      Must(crypto::MakeTransportCertificate(self.org(), self.key_id, *self.statement_key, absl::Now()));
  const auto secret = made.private_key_pem.ExposeSecret();
  std::cout << made.certificate_pem;
  std::cout.write(reinterpret_cast<const char*>(secret.data()), static_cast<std::streamsize>(secret.size()));
  return 0;
}

int Run(const std::vector<std::string>& arguments) {
  std::unique_ptr<node::OfflineNode> node = Must(node::OpenOffline(arguments[0], ""));
  if (arguments[1] == "--certificate") return PrintCertificate(*node->self);
  const v1::Card card = Must(trust::ReadCard(ReadFile(arguments[1])));
  const trust::Identity identity = Must(trust::Identity::Check(card.identity(), absl::Now()));
  model::Party own, other;
  own.org = node->self->org();
  own.name = node->config.name;
  other.org = identity.org();
  other.name = "target";
  trust::Directory directory(own, node->self->history);
  Must(directory.Accept({other, identity}));
  trust::PrekeyRing prekeys(*node->self, *node->keystore);
  Must(prekeys.Rotate(absl::Now()));
  trust::GroupDirectory groups(directory, node->self->org(), prekeys, *node->keystore);
  exchange::RuleBook rules;
  const std::vector<model::WarningList> warning_lists;
  exchange::Counters counters;
  exchange::GroupEnvelopes group_envelopes;
  const exchange::Room room{*node->self, directory, prekeys, groups, *node->journal, rules, node->clock, counters,
                            group_envelopes, warning_lists};

  peer::Tunnels::Hooks hooks;
  hooks.check = [&](ByteView pem, const auto& expected) { return peer::CheckAndCount(room, pem, expected); };
  hooks.on_cut = [](const OrgId&, const peer::Http2Breach& breach) {
    std::cerr << "hostile_peer: its own guard cut the daemon off: " << breach.what << "\n";
  };
  const auto tunnels = Must(peer::Tunnels::Start(Must(peer::Credentials::Make(room)).identity, {}, std::move(hooks)));
  peer::LookUps look_ups;
  const auto attempt = std::make_shared<peer::Attempt>();
  {
    Line line(room, identity.org(), peer::DialStream(*tunnels, look_ups, card.address(), identity.org(), attempt));
    Hostile hostile{*node->self, identity.org(), line};
    for (size_t i = 2; i < arguments.size(); ++i) {
      std::cout << "{\"scenario\":\"" << arguments[i] << "\",\"answer\":\"" << hostile.Run(arguments[i]) << "\"}" << std::endl;
    }
  }
  std::cout.flush();
  std::_Exit(0);  // gRPC 1.51 may still hold the channel on a thread of its own, where it must not be dropped last
}

}  // namespace
}  // namespace entente::hostile

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: hostile_peer NODE_DIR TARGET_CARD|--certificate SCENARIO...\n";
    return 2;
  }
  return entente::hostile::Run({argv + 1, argv + argc});
}
