#include "services/admin/reflection_service.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <set>

namespace entente::admin {

using google::protobuf::FileDescriptor;
using grpc::reflection::v1alpha::FileDescriptorResponse;
using grpc::reflection::v1alpha::ServerReflectionRequest;
using grpc::reflection::v1alpha::ServerReflectionResponse;

namespace {

void AddWithImports(const FileDescriptor& file, std::set<const FileDescriptor*>& seen, FileDescriptorResponse& reply) {
  if (!seen.insert(&file).second) return;
  google::protobuf::FileDescriptorProto proto;
  file.CopyTo(&proto);
  reply.add_file_descriptor_proto(proto.SerializeAsString());
  for (int i = 0; i < file.dependency_count(); ++i) AddWithImports(*file.dependency(i), seen, reply);
}

void Answer(const FileDescriptor* file, ServerReflectionResponse& reply) {
  if (file == nullptr) {
    reply.mutable_error_response()->set_error_code(grpc::StatusCode::NOT_FOUND);
    reply.mutable_error_response()->set_error_message("no such file or symbol");
    return;
  }
  std::set<const FileDescriptor*> seen;
  AddWithImports(*file, seen, *reply.mutable_file_descriptor_response());
}

}  // namespace

ServerReflectionResponse Reflect(const ServerReflectionRequest& question, const std::vector<std::string>& services) {
  const auto* pool = google::protobuf::DescriptorPool::generated_pool();
  ServerReflectionResponse reply;
  reply.set_valid_host(question.host());
  *reply.mutable_original_request() = question;
  switch (question.message_request_case()) {
    case ServerReflectionRequest::kListServices:
      for (const std::string& name : services) reply.mutable_list_services_response()->add_service()->set_name(name);
      break;
    case ServerReflectionRequest::kFileByFilename:
      Answer(pool->FindFileByName(question.file_by_filename()), reply);
      break;
    case ServerReflectionRequest::kFileContainingSymbol:
      Answer(pool->FindFileContainingSymbol(question.file_containing_symbol()), reply);
      break;
    case ServerReflectionRequest::kFileContainingExtension:
    case ServerReflectionRequest::kAllExtensionNumbersOfType:
      Answer(nullptr, reply);
      break;
    case ServerReflectionRequest::MESSAGE_REQUEST_NOT_SET:
      reply.mutable_error_response()->set_error_code(grpc::StatusCode::INVALID_ARGUMENT);
      reply.mutable_error_response()->set_error_message("nothing was asked");
      break;
  }
  return reply;
}

grpc::Status ReflectionService::ServerReflectionInfo(
    grpc::ServerContext*, grpc::ServerReaderWriter<ServerReflectionResponse, ServerReflectionRequest>* stream) {
  ServerReflectionRequest question;
  while (stream->Read(&question)) {
    if (!stream->Write(Reflect(question, services_))) break;
  }
  return grpc::Status::OK;
}

}  // namespace entente::admin
