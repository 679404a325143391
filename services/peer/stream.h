#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include <grpcpp/alarm.h>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "entente/v1/peer.pb.h"

namespace entente::peer {

// A frame of 256 KiB that a reader takes longer for is slower than 4 kB/s: the stream is cancelled.
inline constexpr absl::Duration kWriteDeadline = absl::Seconds(60);

// What differs between the two ends of a call. Made by a reactor, which gRPC deletes after OnDone.
class Wire {
 public:
  virtual void Open() = 0;  // begins the call, behind the first Read
  virtual void Read(v1::Frame* into) = 0;
  virtual void Write(const v1::Frame* frame) = 0;
  // No read or write is begun by us after this, but reads inside a reaction of the dialling end. Once.
  virtual void End(bool broken) = 0;
  virtual void Cancel() = 0;
  virtual bool reads_after_end() const = 0;

 protected:
  ~Wire() = default;
};

// The rules of one stream: one write under way, one read under way, End once and never while a write is under way.
// gRPC never runs a reaction inside Open, Read, Write or Cancel, so those are called with the lock held; End may run
// OnDone.
class Stream : public std::enable_shared_from_this<Stream> {
 public:
  explicit Stream(Wire* wire, absl::Duration write_deadline = kWriteDeadline)
      : wire_(wire), write_deadline_(write_deadline) {}
  bool Write(const v1::Frame& frame);
  void Start(std::function<void(v1::Frame)> on_frame, std::function<void(absl::Status)> on_closed);
  void Close();
  void ReadDone(bool ok);
  void WriteDone(bool ok);
  // The wire is about to be deleted.
  void Detach();
  // Behind Detach, when the call and what it held are gone.
  void Done(absl::Status status);

 private:
  void EndWhenIdle();
  void Cancel();

  std::mutex mutex_;
  std::condition_variable idle_;
  Wire* wire_;
  const absl::Duration write_deadline_;
  v1::Frame in_, out_;
  bool writing_ = false, broken_ = false, closing_ = false, ended_ = false;
  std::optional<absl::Status> over_;  // set by Done
  std::function<void(v1::Frame)> on_frame_;
  std::function<void(absl::Status)> on_closed_;
  grpc::Alarm alarm_;
};

}  // namespace entente::peer
