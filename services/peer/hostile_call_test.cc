// Calls by an accepted peer that abuses gRPC itself.
#include <gtest/gtest.h>

#include <grpc/byte_buffer.h>
#include <grpcpp/generic/generic_stub.h>
#include <zlib.h>

#include "base/testing/peak_memory.h"
#include "exchange/testing/test_node.h"
#include "services/peer/links.h"
#include "services/peer/peer_server.h"
#include "services/peer/testing/dialling.h"

// The friend that gRPC declares for tests: its public interface cannot send bytes that are compressed already.
namespace grpc::internal {
class GrpcByteBufferPeer {
 public:
  static void Set(ByteBuffer& buffer, grpc_byte_buffer* raw) { buffer.set_buffer(raw); }
};
}  // namespace grpc::internal

namespace entente::peer {
namespace {

using exchange::testing::TestNode;

constexpr size_t kBombBytes = 512u << 20;

// A frame's worth of zeros, deflated as it is made: half a MiB that would become half a GiB.
std::string GzipOfZeros(size_t bytes) {
  z_stream stream{};
  if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) abort();
  std::string zeros(1 << 20, '\0'), out;
  std::string buffer(1 << 16, '\0');
  for (size_t done = 0; done <= bytes; done += zeros.size()) {
    stream.next_in = reinterpret_cast<Bytef*>(zeros.data());
    stream.avail_in = done < bytes ? static_cast<uInt>(zeros.size()) : 0;
    do {
      stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
      stream.avail_out = static_cast<uInt>(buffer.size());
      deflate(&stream, done < bytes ? Z_NO_FLUSH : Z_FINISH);
      out.append(buffer, 0, buffer.size() - stream.avail_out);
    } while (stream.avail_out == 0);
  }
  deflateEnd(&stream);
  return out;
}

class Calls : public ::testing::Test {
 protected:
  void SetUp() override {
    norlandia_.Accept(estovia_);
    estovia_.Accept(norlandia_);
    LinkOptions options;
    options.listen = "127.0.0.1:0";
    options.handshake_timeout = absl::Seconds(30);
    links_ = *Links::Start(norlandia_.room(), {*norlandia_.admission, *norlandia_.groups}, options, [](absl::Status) {});
    tunnels_ = testing::DiallingTunnels(room_);
    channel_ = ChannelOver(tunnels_->Dial(*Resolve(links_->address()), {norlandia_.org(), [](const absl::Status&) {}})->release());
  }
  // Opens a session call, sends `message` and returns how the call ended.
  grpc::Status Send(const grpc::ByteBuffer& message, grpc_compression_algorithm algorithm) {
    grpc::GenericStub stub(channel_);
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
    context.set_compression_algorithm(algorithm);
    grpc::CompletionQueue queue;
    const auto call = stub.PrepareCall(&context, "/entente.v1.Peer/Session", &queue);
    const auto await = [&queue] {
      void* tag;
      bool ok = false;
      return queue.Next(&tag, &ok) && ok;
    };
    call->StartCall(nullptr);
    if (await()) {
      call->Write(message, nullptr);
      await();
    }
    grpc::ByteBuffer answer;
    do call->Read(&answer, nullptr);
    while (await());
    grpc::Status status;
    call->Finish(&status, nullptr);
    await();
    return status;
  }
  TestNode norlandia_{"cert.norlandia"}, estovia_{"cert.estovia"};
  exchange::Room room_ = estovia_.room();
  std::unique_ptr<Links> links_;
  std::unique_ptr<Tunnels> tunnels_;
  std::shared_ptr<grpc::Channel> channel_;
};

TEST_F(Calls, P54AGzipBombIsRefusedWithoutGrowth) {
  const std::string bomb = GzipOfZeros(kBombBytes);
  ASSERT_LT(bomb.size(), 1u << 20);
  grpc_slice slice = grpc_slice_from_copied_buffer(bomb.data(), bomb.size());
  grpc::ByteBuffer message;
  grpc::internal::GrpcByteBufferPeer::Set(message,
                                          grpc_raw_compressed_byte_buffer_create(&slice, 1, GRPC_COMPRESS_GZIP));
  grpc_slice_unref(slice);
  const entente::test::PeakMemory memory;
  EXPECT_EQ(Send(message, GRPC_COMPRESS_GZIP).error_code(), grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_TRUE(memory.GrewLessThan(32u << 20)) << memory.Growth();
}

TEST_F(Calls, H70AMessageOverTheLimitEndsItsCall) {
  const grpc::Slice slice(std::string(kMaxMessageBytes + 1, '\0'));
  EXPECT_EQ(Send(grpc::ByteBuffer(&slice, 1), GRPC_COMPRESS_NONE).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(Calls, BytesThatAreNoFrameEndTheirCall) {
  const grpc::Slice slice(std::string(64, '\xff'));
  EXPECT_NE(Send(grpc::ByteBuffer(&slice, 1), GRPC_COMPRESS_NONE).error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
}

}  // namespace
}  // namespace entente::peer
