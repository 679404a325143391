#include "rocksdb/db.h"
#include "storage/database.h"
#include "storage/database_status.h"

namespace entente::storage {
namespace {

rocksdb::Slice ToSlice(ByteView bytes) {
  return {bytes.data(), bytes.size()};
}
ByteView ToView(const rocksdb::Slice& slice) {
  return {slice.data(), slice.size()};
}

}  // namespace

struct Database::Cursor::Bounds {
  Bytes lower, upper;
  rocksdb::Slice lower_slice, upper_slice;
};

Database::Cursor::Cursor(Gate::Visit visit) : visit_(std::move(visit)) {}
Database::Cursor::Cursor(Cursor&&) noexcept = default;
Database::Cursor::~Cursor() = default;
void Database::Cursor::SeekToFirst() {
  iterator_->SeekToFirst();
}
void Database::Cursor::SeekToLast() {
  iterator_->SeekToLast();
}
void Database::Cursor::Seek(ByteView key) {
  iterator_->Seek(ToSlice(key));
}
void Database::Cursor::Next() {
  iterator_->Next();
}
void Database::Cursor::Prev() {
  iterator_->Prev();
}
bool Database::Cursor::Valid() const {
  return iterator_->Valid();
}
ByteView Database::Cursor::key() const {
  return ToView(iterator_->key());
}
ByteView Database::Cursor::value() const {
  return ToView(iterator_->value());
}
absl::Status Database::Cursor::status() const {
  return FromRocks(iterator_->status(), family_);
}

Database::Cursor Database::Iterate(Family family, ByteView lower, ByteView upper, const Frozen* at,
                                   bool long_scan) const {
  Cursor cursor{Gate::Visit(gate_)};
  cursor.family_ = Name(family);
  cursor.bounds_ = std::make_unique<Cursor::Bounds>();
  Cursor::Bounds& bounds = *cursor.bounds_;
  bounds.lower = lower;
  bounds.upper = upper;
  bounds.lower_slice = ToSlice(bounds.lower);
  bounds.upper_slice = ToSlice(bounds.upper);
  rocksdb::ReadOptions options;
  if (at != nullptr) options.snapshot = at->snapshot_;
  options.fill_cache = !long_scan;
  if (!lower.empty()) options.iterate_lower_bound = &bounds.lower_slice;
  if (!upper.empty()) options.iterate_upper_bound = &bounds.upper_slice;
  cursor.iterator_.reset(db_ == nullptr ? rocksdb::NewErrorIterator(rocksdb::Status::IOError("the store is closed"))
                                        : db_->NewIterator(options, handle(family)));
  return cursor;
}

}  // namespace entente::storage
