#pragma once

#include <cstdint>
#include <optional>

#include "model/marking.h"
#include "policy/standing.h"

// The table of docs/policy.md, section 2, and who stands in which of its columns.
namespace entente::policy {

struct Facts;

// What a cell asks for. Each is a letter of the page.
enum class Cell : char {
  kPermit = 'P',
  kDeny = 'D',
  kSeat = 'N',
  kNeedToKnow = 'T',
  kAddressee = 'A',
  kMember = 'G',
  kCommunity = 'Q',
  kClient = 'C',
  kGate = 'W',
  kSealed = 'X',    // no content
  kSigned = 'Y',    // no content but as signed plaintext
  kMetadata = 'M',  // no content
  kWatched = 'O',   // content as kCommunity, else as kMetadata
  kInvalid = 'I'
};
// REQUIRES one of the five labels.
Cell CellOf(bool direct, model::Label label, Relationship relationship);

// Bits 1 << Relationship of every relationship that holds; never empty.
uint16_t RelationshipsOf(const Facts& facts);

// A cell that permits the content: of the recipient's own label or a stricter one, so that whoever may have a stricter
// label may have every looser one. The first column that has one, in it the loosest label.
struct Carrier {
  Relationship relationship;
  Cell cell;
};
std::optional<Carrier> FindCarrier(const Facts& facts);

}  // namespace entente::policy
