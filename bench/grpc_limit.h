#pragma once

#include <cstddef>

namespace entente::bench {

// Sends `messages` frames of `bytes` each over one client stream on loopback (no TLS) and waits until the server has read
// them all. Returns the seconds that took. What a session could do if nodes had nothing to check.
double StreamFrames(size_t messages, size_t bytes);

}  // namespace entente::bench
