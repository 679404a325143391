#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <optional>
#include <set>
#include <thread>
#include <utility>  // before Asio: its coroutine support in 1.74 relies on it

#include "base/reject.h"
#include "services/metrics/pages.h"

namespace entente::metrics {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

class Connection;

// Connections that are open, so that Stop can close them and no more than kMaxHttpConnections exist. Loop thread only.
using OpenConnections = std::set<Connection*>;

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket socket, const MetricsSources& sources, OpenConnections& open)
      : stream_(std::move(socket)), buffer_(kMaxRequestBytes), sources_(sources), open_(open) {
    open_.insert(this);
  }
  ~Connection() { open_.erase(this); }

  void Read() {
    parser_.emplace();
    parser_->header_limit(kMaxRequestBytes);
    parser_->body_limit(kMaxRequestBytes);
    stream_.expires_after(absl::ToChronoMilliseconds(kHttpPatience));
    http::async_read(stream_, buffer_, *parser_, [self = shared_from_this()](error_code error, size_t) {
      if (!error) self->Write();
    });
  }
  void Close() {
    error_code ignored;
    stream_.socket().close(ignored);
  }

 private:
  void Write() {
    const auto& request = parser_->get();
    const bool known = request.method() == http::verb::get || request.method() == http::verb::head;
    const Page page = known ? Answer(sources_, {request.target().data(), request.target().size()}) : WrongMethod();
    reply_ = {static_cast<http::status>(page.status), request.version()};
    reply_.set(http::field::content_type, page.content_type);
    reply_.set(http::field::cache_control, "no-store");
    reply_.set("X-Content-Type-Options", "nosniff");
    if (!known) reply_.set(http::field::allow, "GET, HEAD");
    reply_.keep_alive(request.keep_alive());
    reply_.body() = page.body;
    reply_.prepare_payload();
    if (request.method() == http::verb::head) reply_.body().clear();  // the length stays that of the page
    stream_.expires_after(absl::ToChronoMilliseconds(kHttpPatience));
    http::async_write(stream_, reply_, [self = shared_from_this()](error_code error, size_t) {
      if (error) return;
      if (self->reply_.keep_alive()) return self->Read();
      error_code ignored;
      self->stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
    });
  }

  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> reply_;
  const MetricsSources& sources_;
  OpenConnections& open_;
};

class LoopServer final : public MetricsServer {
 public:
  explicit LoopServer(MetricsSources sources) : sources_(std::move(sources)), acceptor_(loop_), pause_(loop_) {}
  ~LoopServer() override { Stop(); }

  absl::Status Open(const std::string& host, const std::string& port) {
    error_code error;
    const auto found = tcp::resolver(loop_).resolve(host, port, tcp::resolver::passive, error);
    if (error || found.empty()) return Refuse("is no address of this machine: ", error);
    const tcp::endpoint endpoint = found.begin()->endpoint();
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(kMaxHttpConnections, error);
    if (error) return Refuse("cannot be bound: ", error);
    const tcp::endpoint bound = acceptor_.local_endpoint(error);
    const std::string address = bound.address().to_string(error);
    address_ = (bound.address().is_v6() ? "[" + address + "]" : address) + ":" + std::to_string(bound.port());
    Accept();
    thread_ = std::thread([this] { loop_.run(); });
    return absl::OkStatus();
  }
  std::string address() const override { return address_; }

  void Stop() override {
    if (!thread_.joinable()) return;
    asio::post(loop_, [this] {
      error_code ignored;
      stopping_ = true;
      acceptor_.close(ignored);
      pause_.cancel();
      for (Connection* connection : open_) connection->Close();
    });
    thread_.join();
  }

 private:
  static absl::Status Refuse(const std::string& what, const error_code& error) {
    return Reject(RejectReason::kConfig, "metrics_listen " + what + error.message());
  }

  void Accept() {
    acceptor_.async_accept([this](error_code error, tcp::socket socket) {
      if (stopping_) return;
      if (error) return AcceptLater();
      if (open_.size() < kMaxHttpConnections) std::make_shared<Connection>(std::move(socket), sources_, open_)->Read();
      Accept();
    });
  }
  // Without file descriptors accept fails at once, again and again: trying without a pause would burn a core.
  void AcceptLater() {
    pause_.expires_after(std::chrono::milliseconds(100));
    pause_.async_wait([this](error_code error) {
      if (!error && !stopping_) Accept();
    });
  }

  const MetricsSources sources_;
  OpenConnections open_;  // outlives the loop, whose handlers own the connections
  asio::io_context loop_{1};
  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  bool stopping_ = false;
  std::string address_;
  std::thread thread_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<MetricsServer>> MetricsServer::Start(const std::string& listen, MetricsSources sources) {
  const size_t colon = listen.rfind(':');
  if (colon == std::string::npos) return Reject(RejectReason::kConfig, "metrics_listen must be host:port");
  std::string host = listen.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  try {  // Asio's loop and timers throw where the system has no descriptors left
    auto server = std::make_unique<LoopServer>(std::move(sources));
    if (absl::Status status = server->Open(host, listen.substr(colon + 1)); !status.ok()) return status;
    return server;
  } catch (const boost::system::system_error& error) {
    return Reject(RejectReason::kConfig, "metrics_listen cannot be served: " + std::string(error.what()));
  }
}

}  // namespace entente::metrics
