#include "bench/grpc_limit.h"

#include <grpcpp/grpcpp.h>

#include <chrono>

#include "entente/v1/peer.grpc.pb.h"

namespace entente::bench {
namespace {

// Reads every frame and answers once, at the end.
class Sink final : public v1::Peer::Service {
  grpc::Status Session(grpc::ServerContext*, grpc::ServerReaderWriter<v1::Frame, v1::Frame>* stream) override {
    v1::Frame frame;
    while (stream->Read(&frame)) {
    }
    v1::Frame answer;
    answer.mutable_ack()->set_position(1);
    stream->Write(answer);
    return grpc::Status::OK;
  }
};

}  // namespace

double StreamFrames(size_t messages, size_t bytes) {
  Sink sink;
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&sink);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  const auto stub = v1::Peer::NewStub(
      grpc::CreateChannel("127.0.0.1:" + std::to_string(port), grpc::InsecureChannelCredentials()));
  v1::Frame frame;
  frame.mutable_envelope()->set_piece(std::string(bytes, 'e'));
  grpc::ClientContext context;
  const auto stream = stub->Session(&context);
  const auto started = std::chrono::steady_clock::now();
  for (size_t i = 0; i < messages; ++i) stream->Write(frame);
  stream->WritesDone();
  v1::Frame answer;
  stream->Read(&answer);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - started;
  stream->Finish();
  server->Shutdown();
  return seconds.count();
}

}  // namespace entente::bench
