#pragma once

#include "storage/reader.h"
#include "storage/rows.h"

namespace entente::storage {

// Reader's questions, answered from rows. Cheap to make; as thread-safe as its rows and keys. `rows` is borrowed.
class ViewReader {
 public:
  ViewReader(const Rows& rows, Keys keys) : rows_(rows), keys_(keys) {}
  absl::StatusOr<std::optional<v1::Record>> FindRecord(uint64_t seq) const;
  absl::StatusOr<std::optional<VersionEntry>> FindVersion(std::string_view id, int64_t version_ns) const;
  absl::StatusOr<std::optional<VersionEntry>> NewestVersion(std::string_view id) const;
  absl::StatusOr<std::vector<QuarantineEntry>> FindQuarantine(std::string_view id) const;
  absl::StatusOr<bool> HasStatement(const StatementId& id) const;
  absl::StatusOr<bool> HasEnvelope(const EnvelopeId& id) const;
  absl::StatusOr<std::optional<envelope::StreamPosition>> InboundStream(const OrgId& origin,
                                                                        const StreamId& stream) const;
  absl::StatusOr<std::optional<envelope::StreamPosition>> OutboundStream(
      const std::vector<OrgId>& audience, const std::optional<GroupId>& group) const;
  absl::StatusOr<std::optional<StatementId>> StatementAt(const OrgId& origin, const StreamId& stream,
                                                         uint64_t sequence) const;
  absl::StatusOr<bool> DefinesStatementMarking(const OrgId& origin, std::string_view marking_id) const;
  absl::StatusOr<std::vector<uint64_t>> DerivedFrom(std::string_view id, int64_t version_ns) const;

 private:
  absl::StatusOr<bool> Has(Family family, ByteView key) const;
  absl::StatusOr<std::optional<envelope::StreamPosition>> StreamRow(ByteView key) const;
  const Rows& rows_;
  Keys keys_;
};

// Gives `Base`, a Reader, its answers from the rows and keys that a derived class lends.
template <typename Base>
class AnswersReader : public Base {
 public:
  absl::StatusOr<std::optional<v1::Record>> FindRecord(uint64_t seq) const override {
    return ViewReader(rows(), keys()).FindRecord(seq);
  }
  absl::StatusOr<std::optional<VersionEntry>> FindVersion(std::string_view id, int64_t version_ns) const override {
    return ViewReader(rows(), keys()).FindVersion(id, version_ns);
  }
  absl::StatusOr<std::optional<VersionEntry>> NewestVersion(std::string_view id) const override {
    return ViewReader(rows(), keys()).NewestVersion(id);
  }
  absl::StatusOr<std::vector<QuarantineEntry>> FindQuarantine(std::string_view id) const override {
    return ViewReader(rows(), keys()).FindQuarantine(id);
  }
  absl::StatusOr<bool> HasStatement(const StatementId& id) const override {
    return ViewReader(rows(), keys()).HasStatement(id);
  }
  absl::StatusOr<bool> HasEnvelope(const EnvelopeId& id) const override {
    return ViewReader(rows(), keys()).HasEnvelope(id);
  }
  absl::StatusOr<std::optional<envelope::StreamPosition>> InboundStream(const OrgId& origin,
                                                                        const StreamId& stream) const override {
    return ViewReader(rows(), keys()).InboundStream(origin, stream);
  }
  absl::StatusOr<std::optional<envelope::StreamPosition>> OutboundStream(
      const std::vector<OrgId>& audience, const std::optional<GroupId>& group) const override {
    return ViewReader(rows(), keys()).OutboundStream(audience, group);
  }
  absl::StatusOr<std::optional<StatementId>> StatementAt(const OrgId& origin, const StreamId& stream,
                                                         uint64_t sequence) const override {
    return ViewReader(rows(), keys()).StatementAt(origin, stream, sequence);
  }
  absl::StatusOr<bool> DefinesStatementMarking(const OrgId& origin, std::string_view marking_id) const override {
    return ViewReader(rows(), keys()).DefinesStatementMarking(origin, marking_id);
  }
  absl::StatusOr<std::vector<uint64_t>> DerivedFrom(std::string_view id, int64_t version_ns) const override {
    return ViewReader(rows(), keys()).DerivedFrom(id, version_ns);
  }
  Bytes DerivedSpace() const override { return keys().DerivedSpace(); }

 protected:
  virtual const Rows& rows() const = 0;
  virtual Keys keys() const = 0;
};

}  // namespace entente::storage
