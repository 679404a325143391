#include "crypto/token_process.h"

#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "base/reject.h"
#include "crypto/crypto.h"
#include "crypto/token_line.h"

namespace entente::crypto {
namespace {

constexpr char kOpen = 'o', kSign = 's', kHedge = 'h';
constexpr absl::Duration kForever = absl::Hours(24 * 365 * 100);
// Beyond the token's own time: the keeper answers after that at the latest.
constexpr absl::Duration kKeeperPatience = absl::Seconds(5);

struct Setting {
  const TokenReference& reference;
  const SecretBytes& pin;
  Pkcs11Key::Allowed allowed;
  ByteView trial_type;
  absl::Duration patience;
};

struct Child {
  pid_t pid = -1;
  int line = -1;
};

// A process that runs `life` on its end of a socket pair and nothing else of this one's: it dies with its parent, and
// has no other file open but the standard ones.
template <typename Life>
Child Begin(Life life) {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) return {};
  const pid_t parent = getpid(), pid = fork();
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    constexpr int kLine = STDERR_FILENO + 1;
    if (ends[1] != kLine && dup2(ends[1], kLine) != kLine) _exit(1);
    close_range(kLine + 1, ~0U, 0);
    life(kLine);
    _exit(0);
  }
  close(ends[1]);
  if (pid > 0) return {pid, ends[0]};
  close(ends[0]);
  return {};
}

absl::StatusOr<Bytes> Answer(const Pkcs11Key& key, const Question& question) {
  if (question.what == kOpen) return Bytes();
  if (question.what == kSign) return key.Sign(question.first, question.second);
  const absl::StatusOr<SecretBytes> hedged = key.Hedged(question.first, question.second);
  if (!hedged.ok()) return hedged.status();
  const auto raw = hedged->ExposeSecret();
  return Bytes(raw.begin(), raw.end());
}

// Until the keeper is gone. A token that cannot be opened is tried again with each question, but for one that refused
// its PIN.
void Work(int line, const Setting& setting) {
  std::unique_ptr<Pkcs11Key> key;
  absl::Status refused;
  bool pin_refused = false;
  while (const std::optional<Bytes> frame = ReceiveFrame(line, kForever)) {
    const std::optional<Question> question = ReadQuestion(*frame);
    if (!question) return;
    if (!key && !pin_refused) {
      auto opened = Pkcs11Key::Open(setting.reference, setting.pin, setting.allowed, setting.trial_type, &pin_refused);
      refused = opened.status();
      if (opened.ok()) key = *std::move(opened);
    }
    Bytes answer = EncodeAnswer(key ? Answer(*key, *question) : absl::StatusOr<Bytes>(refused));
    const bool sent = SendFrame(line, answer, kForever);
    Wipe(answer);
    if (!sent) return;
  }
}

Bytes Silence(absl::Duration patience) {
  return EncodeAnswer(
      Reject(RejectReason::kHsm, "the token's module ended or did not answer within " + absl::FormatDuration(patience) +
                                     " and was ended; see that the token is plugged in, the next use opens it anew"));
}

// Until the program is gone. One question at a time; who has not answered it in time is ended.
void Keep(int line, const Setting& setting) {
  signal(SIGCHLD, SIG_IGN);  // whoever is ended here leaves nothing behind
  Child worker;
  while (const std::optional<Bytes> question = ReceiveFrame(line, kForever)) {
    if (worker.pid < 0) worker = Begin([&](int own) { Work(own, setting); });
    std::optional<Bytes> answer;
    if (worker.pid > 0 && SendFrame(worker.line, *question, setting.patience)) {
      answer = ReceiveFrame(worker.line, setting.patience);
    }
    if (!answer && worker.pid > 0) {
      kill(worker.pid, SIGKILL);
      close(worker.line);
      worker = {};
    }
    if (!answer) answer = Silence(setting.patience);
    const bool sent = SendFrame(line, *answer, kForever);
    Wipe(*answer);
    if (!sent) return;
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<TokenProcess>> TokenProcess::Start(const TokenReference& reference,
                                                                  const SecretBytes& pin, Pkcs11Key::Allowed allowed,
                                                                  ByteView trial_type, absl::Duration patience) {
  std::unique_ptr<TokenProcess> process(new TokenProcess(reference.public_key, patience));
  const Setting setting{reference, pin, allowed, trial_type, patience};
  const Child keeper = Begin([&](int line) { Keep(line, setting); });
  if (keeper.pid < 0)
    return Reject(RejectReason::kHsm, "no process for the token can be started; see this machine's limits");
  process->keeper_ = keeper.pid;
  process->line_ = keeper.line;
  if (const auto opened = process->Ask(kOpen, {}, {}); !opened.ok()) return opened.status();
  return process;
}

absl::StatusOr<Bytes> InTokenProcess(const std::function<absl::StatusOr<Bytes>()>& act, absl::Duration patience) {
  const Child worker = Begin([&](int line) { SendFrame(line, EncodeAnswer(act()), kForever); });
  if (worker.pid < 0)
    return Reject(RejectReason::kHsm, "no process for the token can be started; see this machine's limits");
  const std::optional<Bytes> answer = ReceiveFrame(worker.line, patience);
  close(worker.line);
  kill(worker.pid, SIGKILL);
  waitpid(worker.pid, nullptr, 0);
  return ReadAnswer(answer ? *answer : Silence(patience));
}

TokenProcess::~TokenProcess() {
  if (line_ >= 0) close(line_);
  if (keeper_ <= 0) return;
  kill(keeper_, SIGKILL);
  waitpid(keeper_, nullptr, 0);
}

absl::StatusOr<Bytes> TokenProcess::Ask(char what, ByteView first, ByteView second) const {
  const std::lock_guard lock(mutex_);
  std::optional<Bytes> answer;
  if (line_ >= 0 && SendFrame(line_, EncodeQuestion(what, first, second), patience_ + kKeeperPatience)) {
    answer = ReceiveFrame(line_, 2 * patience_ + kKeeperPatience);
  }
  if (answer) return ReadAnswer(*answer);
  if (line_ >= 0) close(line_);
  line_ = -1;
  return Reject(RejectReason::kHsm, "the process that holds the token is gone; start this program again");
}

absl::StatusOr<Bytes> TokenProcess::Sign(ByteView payload_type, ByteView body) const {
  if (payload_type.size() + body.size() > kMaxTokenMessage) {
    return Reject(RejectReason::kLimit, "too much for a token to sign at once: over 264 KiB");
  }
  absl::StatusOr<Bytes> signature = Ask(kSign, payload_type, body);
  if (!signature.ok() || Verify(public_key_, payload_type, body, *signature)) return signature;
  return Reject(RejectReason::kHsm,
                "the token's signature does not verify under the enrolled key; do not use this token");
}

absl::StatusOr<SecretBytes> TokenProcess::Hedged(ByteView label, ByteView context) const {
  absl::StatusOr<Bytes> bytes = Ask(kHedge, label, context);
  if (!bytes.ok()) return bytes.status();
  SecretBytes secret = SecretBytes::CopyOf(*bytes);
  Wipe(*bytes);
  return secret;
}

}  // namespace entente::crypto
