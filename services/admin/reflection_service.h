#pragma once

#include <string>
#include <vector>

#include "grpc/reflection/v1alpha/reflection.grpc.pb.h"

namespace entente::admin {

// What `question` gets: the services named in `services`, or a file of the wire contract with everything that it
// imports. There are no extensions.
grpc::reflection::v1alpha::ServerReflectionResponse Reflect(
    const grpc::reflection::v1alpha::ServerReflectionRequest& question, const std::vector<std::string>& services);

// gRPC server reflection for the admin socket alone: tools find the calls without a copy of the .proto files.
class ReflectionService final : public grpc::reflection::v1alpha::ServerReflection::Service {
 public:
  explicit ReflectionService(std::vector<std::string> services) : services_(std::move(services)) {}
  grpc::Status ServerReflectionInfo(
      grpc::ServerContext*,
      grpc::ServerReaderWriter<grpc::reflection::v1alpha::ServerReflectionResponse,
                               grpc::reflection::v1alpha::ServerReflectionRequest>* stream) override;

 private:
  const std::vector<std::string> services_;
};

}  // namespace entente::admin
