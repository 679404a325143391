#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "crypto/crypto.h"
#include "crypto/keystore.h"
#include "services/entente/checks.h"
#include "services/entented/config.h"

namespace entente::cli {
namespace {

using Result = Finding::Result;
constexpr auto kFiles = "configuration and files";

std::string Mode(mode_t mode) {
  char text[8];
  std::snprintf(text, sizeof text, "%04o", static_cast<unsigned>(mode & 07777));
  return text;
}

// `path` must be there and closed to everybody but its owner; `let_through` are bits that do no harm.
void ExaminePrivate(const std::string& path, const std::string& wanted, std::vector<Finding>& findings,
                    mode_t let_through = 0) {
  struct stat facts {};
  if (stat(path.c_str(), &facts) != 0) {
    findings.push_back({kFiles, Result::kFailure, path + ": " + std::strerror(errno), "restore it from the backup"});
  } else if ((facts.st_mode & 077 & ~let_through) != 0) {
    findings.push_back({kFiles, Result::kFailure, path + " has mode " + Mode(facts.st_mode) + ", open to others",
                        "chmod " + wanted + " " + path});
  } else if (facts.st_uid != geteuid() && geteuid() != 0) {
    findings.push_back(
        {kFiles, Result::kFailure, path + " belongs to another user", "run as the user that owns the folder"});
  } else {
    findings.push_back({kFiles, Result::kOk, path + " is private", ""});
  }
}

void ExamineKeystore(const node::NodePaths& paths, const std::string& given, std::vector<Finding>& findings) {
  const std::string file = given.empty() ? paths.passphrase : given;
  if (access(file.c_str(), F_OK) != 0) {
    findings.push_back({kFiles, Result::kWarning, "no passphrase at " + file + ": the keystore was not tried",
                        "give --passphrase-file F, here and to `entente run`"});
    return;
  }
  if (const absl::Status status = crypto::Initialise(); !status.ok()) {
    findings.push_back({kFiles, Result::kFailure, std::string(status.message()), "entente help E_SELFTEST"});
    return;
  }
  const auto passphrase = crypto::ReadPassphrase(file);
  const absl::Status opened =
      passphrase.ok() ? crypto::Keystore::Open(paths.keystore, *passphrase).status() : passphrase.status();
  if (opened.ok()) {
    findings.push_back({kFiles, Result::kOk, "the keystore opens with the passphrase", ""});
  } else {
    findings.push_back({kFiles, Result::kFailure, std::string(opened.message()), "entente help E_KEYSTORE"});
  }
}

}  // namespace

void ExamineFiles(const std::string& folder, const std::string& passphrase_file, std::vector<Finding>& findings) {
  const node::NodePaths paths(folder);
  // With seats the socket may be a group's, whose members pass the folder and list nothing.
  const mode_t passed = access(paths.seats.c_str(), F_OK) == 0 ? 010 : 0;
  ExaminePrivate(paths.folder, "0700", findings, passed);
  const auto config = node::LoadConfig(paths.config);
  if (config.ok()) {
    findings.push_back({kFiles, Result::kOk,
                        paths.config + " is valid: " + config->name + ", " + config->nation + ", " + config->kind, ""});
  } else {
    findings.push_back(
        {kFiles, Result::kFailure, std::string(config.status().message()), "correct that place in the file"});
  }
  for (const std::string& path : {paths.keystore, paths.root_keystore}) ExaminePrivate(path, "0600", findings);
  ExaminePrivate(paths.store, "0700", findings);
  ExamineKeystore(paths, passphrase_file, findings);
}

}  // namespace entente::cli
