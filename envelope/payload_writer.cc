#include "envelope/payload_writer.h"

#include <google/protobuf/io/coded_stream.h>

#include "crypto/crypto.h"

namespace entente::envelope {
namespace {

using google::protobuf::io::CodedOutputStream;

constexpr uint32_t kLengthDelimited = 2;  // wire type

// All field numbers here are below 16: one byte of tag.
size_t FieldSize(size_t value) {
  return 1 + CodedOutputStream::VarintSize32(static_cast<uint32_t>(value)) + value;
}

void AppendFront(Bytes& out, int field, size_t size) {
  uint8_t front[16];
  uint8_t* end = CodedOutputStream::WriteTagToArray(static_cast<uint32_t>(field) << 3 | kLengthDelimited, front);
  end = CodedOutputStream::WriteVarint32ToArray(static_cast<uint32_t>(size), end);
  out.append(reinterpret_cast<const char*>(front), static_cast<size_t>(end - front));
}

void AppendField(Bytes& out, int field, ByteView value) {
  AppendFront(out, field, value.size());
  out.append(value);
}

Bytes EntryWithoutContent(const Sealable& statement, bool whole) {
  v1::StatementEntry entry;
  entry.set_body(Bytes(statement.body));
  entry.set_salt(Bytes(statement.salt));
  entry.set_index(statement.index);
  if (!whole) {
    for (const Digest& hash : statement.path) entry.add_path(hash.str());
  }
  return entry.SerializeAsString();
}

size_t EntrySize(const Bytes& without_content, ByteView content) {
  return without_content.size() + FieldSize(content.size());
}

}  // namespace

PayloadWriter::PayloadWriter(const v1::SignedBody* batch, const std::vector<Sealable>& statements, bool whole,
                             const v1::Payload& beside)
    : statements_(statements), beside_(beside.SerializeAsString()) {
  if (batch != nullptr) AppendField(batch_, v1::Payload::kBatchFieldNumber, batch->SerializeAsString());
  size_ = batch_.size() + beside_.size();
  entries_.reserve(statements.size());
  for (const Sealable& statement : statements) {
    entries_.push_back(EntryWithoutContent(statement, whole));
    size_ += FieldSize(EntrySize(entries_.back(), statement.content));
  }
}

size_t PayloadWriter::SizeWithLength(const v1::SealBody& seal) const {
  const size_t signed_seal = FieldSize(seal.ByteSizeLong()) + FieldSize(crypto::kSignatureSize);
  return sizeof(uint32_t) + size_ + FieldSize(signed_seal);
}

Bytes PayloadWriter::Write(const v1::SignedBody& seal, size_t padded) const {
  Bytes out;
  out.reserve(padded);
  const Bytes seal_bytes = seal.SerializeAsString();
  AppendBigEndian(out, static_cast<uint32_t>(size_ + FieldSize(seal_bytes.size())));
  out.append(batch_);
  for (size_t i = 0; i < statements_.size(); ++i) {
    AppendFront(out, v1::Payload::kStatementsFieldNumber, EntrySize(entries_[i], statements_[i].content));
    out.append(entries_[i]);
    AppendField(out, v1::StatementEntry::kContentFieldNumber, statements_[i].content);
  }
  AppendField(out, v1::Payload::kSealFieldNumber, seal_bytes);
  out.append(beside_);
  out.resize(padded, '\0');
  return out;
}

}  // namespace entente::envelope
