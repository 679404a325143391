#pragma once

#include <array>
#include <optional>
#include <vector>

#include "envelope/claims.h"

// Private to envelope/.
namespace entente::envelope {

// Reads bodies that are encoded as a first one was: the same fields in the same order, the same bytes but in what each
// statement says of itself (msg_id, sequence, previous, times, length and commitment of the content). A batch's
// statements nearly always are, and reading one so costs a tenth of a strict parse. Whatever else differs, also where
// it might, is nothing that this reads: the caller parses it.
class AlikeBody {
 public:
  // REQUIRES that StrictParse took `first` and `claim` is what it says. Borrows `first`.
  AlikeBody(ByteView first, Claim claim);
  // What StrictParse and the checks of ReadClaims would find in `body`, or nothing where it is not encoded alike.
  std::optional<Claim> Read(ByteView body) const;

 private:
  struct Piece {
    uint32_t own;    // number of the field that may differ behind these bytes; 0 for the last piece
    ByteView bytes;  // what must be the same, the own field's tag (and length) included
  };
  std::vector<Piece> pieces_;  // empty: nothing is alike
  Claim first_;
};

}  // namespace entente::envelope
