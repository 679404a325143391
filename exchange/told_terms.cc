#include "exchange/told_terms.h"

#include <google/protobuf/text_format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "crypto/encoding.h"
#include "model/timestamp.h"

namespace entente::exchange {
namespace {

using google::protobuf::FieldDescriptor;

std::string ToldBytes(const Room& room, const FieldDescriptor& field, const std::string& value) {
  if (field.name() == "addressees") {
    if (const auto org = OrgId::From(value)) return room.directory.NameOf(*org);
  }
  if (field.name() == "sg_id") {
    const auto group = GroupId::From(value);
    const auto membership = group ? room.groups.Newest(*group) : nullptr;
    if (membership) return membership->document().name();
  }
  return crypto::ToHex(value);
}

// "LABEL_AMBER_STRICT" of the enum Label is "AMBER_STRICT".
std::string Bare(const google::protobuf::EnumValueDescriptor& value) {
  const std::string& name = value.name();
  const std::string zero = value.type()->value(0)->name();
  const size_t prefix = zero.ends_with("UNSPECIFIED") ? zero.size() - std::string_view("UNSPECIFIED").size() : 0;
  return name.substr(name.starts_with(zero.substr(0, prefix)) ? prefix : 0);
}

std::string Told(const Room& room, const v1::ReleaseConstraints& terms, const FieldDescriptor& field, int index) {
  const auto& reflection = *terms.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING: {
      const std::string value = field.is_repeated() ? reflection.GetRepeatedString(terms, &field, index)
                                                    : reflection.GetString(terms, &field);
      return field.type() == FieldDescriptor::TYPE_BYTES ? ToldBytes(room, field, value) : value;
    }
    case FieldDescriptor::CPPTYPE_ENUM:
      return Bare(field.is_repeated() ? *reflection.GetRepeatedEnum(terms, &field, index)
                                      : *reflection.GetEnum(terms, &field));
    case FieldDescriptor::CPPTYPE_INT64:
      if (!field.is_repeated() && field.name().ends_with("_us")) {
        return model::FormatTimestamp(absl::FromUnixMicros(reflection.GetInt64(terms, &field)));
      }
      [[fallthrough]];
    default: {
      std::string out;
      google::protobuf::TextFormat::PrintFieldValueToString(terms, &field, field.is_repeated() ? index : -1, &out);
      return out;
    }
  }
}

}  // namespace

std::vector<std::string> ToldTerms(const Room& room, const v1::ReleaseConstraints& terms, const std::string& source) {
  std::vector<const FieldDescriptor*> fields;
  terms.GetReflection()->ListFields(terms, &fields);
  std::vector<std::string> lines;
  for (const FieldDescriptor* field : fields) {
    if (field->name() == "source_role" && terms.source_role() == v1::SOURCE_ROLE_AUTHOR) continue;  // as ever
    std::string name = field->name();
    if (name.ends_with("_us")) name.resize(name.size() - 3);
    if (name == "sg_id") name = "group";
    std::replace(name.begin(), name.end(), '_', ' ');
    const int values = field->is_repeated() ? terms.GetReflection()->FieldSize(terms, field) : 1;
    std::string line = name + ": ";
    for (int i = 0; i < values; ++i) line += (i > 0 ? ", " : "") + Told(room, terms, *field, i);
    lines.push_back(std::move(line));
  }
  if (!source.empty() && source != policy::kPublishSource) lines.push_back("source: " + source);
  return lines;
}

}  // namespace entente::exchange
