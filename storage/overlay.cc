#include "storage/rows.h"

namespace entente::storage {

absl::StatusOr<std::optional<Bytes>> Overlay::Get(Family family, ByteView key) const {
  const Changes& own = changes(family);
  if (const auto found = own.find(key); found != own.end()) return found->second;
  return below_.Get(family, key);
}

absl::Status Overlay::Scan(Family family, ByteView prefix, ByteView from, Visit visit) const {
  const Changes& own = changes(family);
  auto next = own.lower_bound(from);
  bool wanted = true;
  // Shows own rows in front of `limit` (all when empty); they hide rows below with the same key.
  const auto show_own = [&](std::optional<ByteView> limit) {
    for (; wanted && next != own.end() && ByteView(next->first).starts_with(prefix); ++next) {
      if (limit && ByteView(next->first) >= *limit) return;
      if (next->second) wanted = visit(next->first, *next->second);
    }
  };
  const absl::Status status = below_.Scan(family, prefix, from, [&](ByteView key, ByteView value) {
    show_own(key);
    if (!wanted) return false;
    if (next != own.end() && next->first == key) {
      if (next->second) wanted = visit(next->first, *next->second);
      ++next;
      return wanted;
    }
    wanted = visit(key, value);
    return wanted;
  });
  if (!status.ok()) return status;
  show_own(std::nullopt);
  return absl::OkStatus();
}

void Overlay::Put(Family family, Bytes key, Bytes value) {
  bytes_ += key.size() + value.size();
  changes(family).insert_or_assign(std::move(key), std::move(value));
}

void Overlay::Delete(Family family, Bytes key) {
  bytes_ += key.size();
  changes(family).insert_or_assign(std::move(key), std::nullopt);
}

void Overlay::MoveInto(Overlay& target) {
  for (size_t family = 0; family < kFamilies; ++family) {
    Changes& from = changes_[family];
    Changes& into = target.changes_[family];
    while (!from.empty()) {
      auto node = from.extract(from.begin());
      auto result = into.insert(std::move(node));
      if (!result.inserted) result.position->second = std::move(result.node.mapped());
    }
  }
  target.bytes_ += bytes_;
  bytes_ = 0;
}

void Overlay::Clear() {
  for (Changes& changes : changes_) changes.clear();
  bytes_ = 0;
}

}  // namespace entente::storage
