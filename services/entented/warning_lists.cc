#include "services/entented/warning_lists.h"

#include <algorithm>
#include <filesystem>

#include "base/reject.h"
#include "model/text.h"
#include "services/entented/files.h"

namespace entente::node {

absl::StatusOr<std::vector<model::WarningList>> LoadWarningLists(const std::string& folder) {
  std::vector<std::string> paths;
  std::error_code failed;
  for (std::filesystem::directory_iterator it(folder, failed), end; !failed && it != end; it.increment(failed)) {
    std::error_code none;
    if (it->path().extension() == ".json" && it->is_regular_file(none)) paths.push_back(it->path().string());
  }
  if (failed && failed != std::errc::no_such_file_or_directory) {
    return Reject(RejectReason::kConfig, model::Escaped(folder, 256) + " cannot be read: " + failed.message());
  }
  if (paths.size() > kMaxWarningLists) {
    return Reject(RejectReason::kConfig, model::Escaped(folder, 256) + " holds more than " +
                                             std::to_string(kMaxWarningLists) + " warning lists; join some");
  }
  std::sort(paths.begin(), paths.end());
  std::vector<model::WarningList> lists;
  for (const std::string& path : paths) {
    const absl::StatusOr<Bytes> text = ReadWholeFile(path, kMaxWarningListBytes);
    if (!text.ok()) return Reject(RejectReason::kConfig, std::string(text.status().message()));
    absl::StatusOr<model::WarningList> list = model::WarningList::Parse(*text, path);
    if (!list.ok()) return list.status();
    const auto same = [&](const model::WarningList& one) { return one.name() == list->name(); };
    if (std::any_of(lists.begin(), lists.end(), same)) {
      return Reject(RejectReason::kConfig, model::Escaped(path, 256) + ": a warning list of the name '" +
                                               model::Escaped(list->name(), 64) + "' is there already");
    }
    lists.push_back(*std::move(list));
  }
  return lists;
}

}  // namespace entente::node
