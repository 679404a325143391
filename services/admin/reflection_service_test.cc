#include "services/admin/reflection_service.h"

#include <google/protobuf/descriptor.pb.h>
#include <gtest/gtest.h>

#include <set>

#include "entente/v1/admin.grpc.pb.h"

namespace entente::admin {
namespace {

using grpc::reflection::v1alpha::ServerReflectionRequest;

TEST(Reflection, ListsTheServicesItWasGiven) {
  ServerReflectionRequest question;
  question.set_list_services("*");
  const auto reply = Reflect(question, {"a.B", "c.D"});
  ASSERT_EQ(reply.list_services_response().service_size(), 2);
  EXPECT_EQ(reply.list_services_response().service(1).name(), "c.D");
}

TEST(Reflection, AFileComesWithEverythingItImports) {
  ServerReflectionRequest question;
  question.set_file_containing_symbol(v1::Admin::service_full_name());
  const auto reply = Reflect(question, {});
  std::set<std::string> have, need;
  for (const std::string& bytes : reply.file_descriptor_response().file_descriptor_proto()) {
    google::protobuf::FileDescriptorProto file;
    ASSERT_TRUE(file.ParseFromString(bytes));
    EXPECT_TRUE(have.insert(file.name()).second) << file.name();
    need.insert(file.dependency().begin(), file.dependency().end());
  }
  EXPECT_TRUE(have.contains("entente/v1/admin.proto"));
  for (const std::string& name : need) EXPECT_TRUE(have.contains(name)) << name;
}

TEST(Reflection, UnknownNamesExtensionsAndEmptyQuestionsAreErrors) {
  ServerReflectionRequest file, symbol, extension, nothing;
  file.set_file_by_filename("no/such.proto");
  symbol.set_file_containing_symbol("no.Such");
  extension.set_all_extension_numbers_of_type("entente.v1.Frame");
  for (const auto& question : {file, symbol, extension}) {
    EXPECT_EQ(Reflect(question, {}).error_response().error_code(), grpc::StatusCode::NOT_FOUND);
  }
  EXPECT_EQ(Reflect(nothing, {}).error_response().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

}  // namespace
}  // namespace entente::admin
