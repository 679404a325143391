#include "services/entented/config_seats.h"

#include <grp.h>
#include <pwd.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <vector>

#include "base/reject.h"
#include "model/text.h"

namespace entente::node {
namespace {

constexpr size_t kNameBuffer = 64 * 1024;  // for one entry of the user database

std::optional<uint32_t> UserNamed(const std::string& name) {
  std::vector<char> buffer(kNameBuffer);
  passwd entry{}, *found = nullptr;
  if (getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr)
    return std::nullopt;
  return found->pw_uid;
}

std::optional<gid_t> GroupNamed(const std::string& name) {
  std::vector<char> buffer(kNameBuffer);
  group entry{}, *found = nullptr;
  if (getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr)
    return std::nullopt;
  return found->gr_gid;
}

// Reads one file and remembers where it stands, for messages.
class Loading {
 public:
  explicit Loading(std::string path) : path_(std::move(path)) {}

  absl::StatusOr<SeatsFile> Load(const toml::table& root) {
    for (const auto& [key, value] : root) {
      if (absl::Status status = Take(key, value); !status.ok()) return status;
    }
    if (!versioned_) return Reject(RejectReason::kConfig, path_ + ":1:1: 'version = 1' is missing");
    if (file_.seats.officers.empty()) {
      return Reject(RejectReason::kConfig,
                    path_ +
                        ":1:1: 'officers' is missing or empty: nobody could add a peer or change "
                        "a rule any more; name one user at least");
    }
    return std::move(file_);
  }

  absl::Status At(const toml::source_region& where, const std::string& what) const {
    return Reject(RejectReason::kConfig, path_ + ":" + std::to_string(where.begin.line) + ":" +
                                             std::to_string(where.begin.column) + ": " + what);
  }

 private:
  absl::Status Take(const toml::key& key, const toml::node& value) {
    exchange::Seats& seats = file_.seats;
    if (key == "version") return TakeVersion(value);
    if (key == "socket_group") return TakeGroup(value);
    if (key == "second_officer_above") return TakeLabel(value);
    if (key == "need_to_know") return TakeUsers(value, seats.need_to_know);
    if (key == "records") return TakeUsers(value, seats.records);
    if (key == "officers") return TakeUsers(value, seats.officers);
    if (key == "seat") return TakeSeats(value);
    return Unknown(key,
                   {"version", "socket_group", "second_officer_above", "need_to_know", "records", "officers", "seat"});
  }

  absl::Status Unknown(const toml::key& key, const std::vector<std::string>& known) const {
    const std::string near = model::DidYouMean(key.str(), known);
    std::string choices;
    for (const std::string& one : known) choices += (choices.empty() ? "" : ", ") + one;
    return At(key.source(), "unknown key '" + model::Escaped(key.str(), 64) + "'; " +
                                (near.empty() ? "known are " + choices : "did you mean '" + near + "'?"));
  }

  absl::Status TakeVersion(const toml::node& value) {
    versioned_ = value.is_integer() && value.as_integer()->get() == 1;
    return versioned_ ? absl::OkStatus() : At(value.source(), "'version' must be 1");
  }

  absl::Status TakeGroup(const toml::node& value) {
    if (!value.is_string()) return At(value.source(), "'socket_group' must be a group's name, in quotes");
    file_.socket_group = GroupNamed(value.as_string()->get());
    if (file_.socket_group) return absl::OkStatus();
    return At(value.source(),
              "no group '" + model::Escaped(value.as_string()->get(), 64) + "' is known to this machine");
  }

  absl::Status TakeLabel(const toml::node& value) {
    if (!value.is_string()) return At(value.source(), "'second_officer_above' must be a label, in quotes");
    const absl::StatusOr<model::Label> label = model::ParseLabel(value.as_string()->get());
    if (!label.ok()) return At(value.source(), "'second_officer_above': " + std::string(label.status().message()));
    if (*label == model::Label::kRed) {
      return At(value.source(), "no label is above RED; leave 'second_officer_above' out where one officer is enough");
    }
    file_.seats.second_officer_above = *label;
    return absl::OkStatus();
  }

  absl::Status TakeUser(const toml::node& value, std::set<uint32_t>& users) const {
    std::optional<uint32_t> uid;
    if (value.is_integer()) {
      const int64_t number = value.as_integer()->get();
      if (number < 0 || number >= UINT32_MAX) return At(value.source(), "a user's number is 0 to 4294967294");
      uid = static_cast<uint32_t>(number);
    } else if (value.is_string()) {
      const std::string& name = value.as_string()->get();
      uid = UserNamed(name);
      if (!uid) {
        return At(value.source(), "no user '" + model::Escaped(name, 64) +
                                      "' is known to this machine; write a name that it knows, or the user's number");
      }
    } else {
      return At(value.source(), "a user is a name in quotes, or a number");
    }
    if (!users.insert(*uid).second) return At(value.source(), "this user stands in the list already");
    return absl::OkStatus();
  }

  absl::Status TakeUsers(const toml::node& value, std::set<uint32_t>& users) const {
    if (!value.is_array()) return At(value.source(), "must be a list of users, such as [\"anna\", 1002]");
    if (value.as_array()->size() > kMaxSeatUsers) {
      return At(value.source(), "more than " + std::to_string(kMaxSeatUsers) + " users in one list");
    }
    for (const toml::node& user : *value.as_array()) {
      if (absl::Status status = TakeUser(user, users); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::Status TakeSeats(const toml::node& value) {
    if (!value.is_array_of_tables()) return At(value.source(), "a seat is a table of its own: [[seat]]");
    if (value.as_array()->size() > kMaxSeats) {
      return At(value.source(), "more than " + std::to_string(kMaxSeats) + " seats");
    }
    for (const toml::node& seat : *value.as_array()) {
      if (absl::Status status = TakeSeat(*seat.as_table()); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::Status TakeSeat(const toml::table& table) {
    exchange::Seats::Seat seat;
    for (const auto& [key, value] : table) {
      absl::Status status;
      if (key == "name") {
        status = TakeName(value, seat.name);
      } else if (key == "users") {
        status = TakeUsers(value, seat.users);
      } else {
        status = Unknown(key, {"name", "users"});
      }
      if (!status.ok()) return status;
    }
    if (seat.name.empty()) return At(table.source(), "a seat needs a 'name'");
    if (seat.users.empty())
      return At(table.source(), "seat '" + seat.name + "' is nobody's: 'users' is missing or empty");
    file_.seats.seats.push_back(std::move(seat));
    return absl::OkStatus();
  }

  absl::Status TakeName(const toml::node& value, std::string& name) const {
    const std::string text = value.is_string() ? value.as_string()->get() : "";
    const bool plain = std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
    if (text.empty() || text.size() > kMaxSeatName || !plain) {
      return At(value.source(), "'name' must be 1 to 64 printable ASCII characters, in quotes");
    }
    for (const exchange::Seats::Seat& other : file_.seats.seats) {
      if (other.name == text) return At(value.source(), "there is a seat '" + text + "' already");
    }
    name = text;
    return absl::OkStatus();
  }

  const std::string path_;
  SeatsFile file_;
  bool versioned_ = false;
};

}  // namespace

absl::StatusOr<std::optional<SeatsFile>> LoadSeats(const std::string& path) {
  std::error_code error;
  const bool there = std::filesystem::exists(std::filesystem::symlink_status(path, error));
  if (!there && (!error || error == std::errc::no_such_file_or_directory)) return std::nullopt;
  std::ifstream file(path, std::ios::binary);
  std::string text(kMaxSeatsBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || !file.eof()) {
    return Reject(RejectReason::kConfig, path + ":1:1: cannot be read, or is larger than 64 KiB");
  }
  text.resize(static_cast<size_t>(file.gcount()));
  Loading loading(path);
  try {
    absl::StatusOr<SeatsFile> seats = loading.Load(toml::parse(text, path));
    if (!seats.ok()) return seats.status();
    return std::optional<SeatsFile>(*std::move(seats));
  } catch (const toml::parse_error& fault) {
    return loading.At(fault.source(), model::Escaped(fault.description(), 256));
  }
}

}  // namespace entente::node
