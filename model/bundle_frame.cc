// What stands around the objects of a bundle: its frame, checked as one JSON value once it has ended.
#include "base/reject.h"
#include "model/bundle_reader.h"
#include "model/json_walk.h"
#include "model/value_scan.h"

namespace entente::model {

absl::Status BundleReader::Follow(char opening, Capture& kept) {
  const bool inside_frame = &kept == &frame_;
  ValueScan scan(opening, inside_frame ? 1 : 0);
  input_.Take(1, &kept);
  while (true) {
    const ByteView ahead = input_.Ahead();
    if (ahead.empty()) return Broken("");
    size_t read = 0;
    const ValueScan::Stop stop = scan.Read(ahead, read);
    input_.Take(read, &kept);
    switch (stop) {
      case ValueScan::Stop::kMore:
        break;
      case ValueScan::Stop::kDone:
        return absl::OkStatus();
      case ValueScan::Stop::kTooDeep:
        if (!too_deep_) too_deep_ = input_.place();
        break;
      case ValueScan::Stop::kMismatch:
        return Broken("a bracket closes another kind of bracket");
    }
  }
}

absl::StatusOr<bool> BundleReader::FrameIsBundle(ByteView closing) const {
  if (frame_.over()) return FrameTooLarge();
  const Bytes text = Bytes(frame_.view()).append(closing);
  Bytes buffer;
  JsonValue root;
  if (const auto fault = JsonWalk::Run(text, buffer, root)) {
    const ByteView before = ByteView(text).substr(0, fault->offset);
    const bool in_tail = in_bundle_ && before.size() >= head_size_;
    return RejectAt(RejectReason::kJson, fault->what,
                    in_tail ? PlaceBehind(before.substr(head_size_), tail_start_) : PlaceBehind(before, head_start_));
  }
  return root.Find("type") == nullptr || root.StringAt("type") == "bundle";
}

absl::Status BundleReader::FrameTooLarge() const {
  return RejectAt(RejectReason::kLimit, "the bundle itself, without its objects, is over 1 MiB", input_.place());
}

}  // namespace entente::model
