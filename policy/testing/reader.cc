#include "policy/testing/reader.h"

#include <map>

namespace entente::policy::testing {
namespace {

std::string Row(bool direct_table, int of) {
  static const std::map<int, std::string> kDirect = {{1, "P P I P P P W X P"},
                                                     {2, "P Q G Q Q Q D X O"},
                                                     {3, "T T G D A A D X M"},
                                                     {4, "T A G D A A D X M"},
                                                     {5, "N N N D N N D X M"}};
  static const std::map<int, std::string> kOnward = {{1, "P P I P P P W X P"},
                                                     {2, "P Q G Q Q Q D X O"},
                                                     {3, "T C D D D D D X M"},
                                                     {4, "T D D D D D D X M"},
                                                     {5, "D D D D D D D X M"}};
  return direct_table ? kDirect.at(of) : kOnward.at(of);
}

}  // namespace

Reader::Reader(const Question& asked) : q(asked), c(asked.constraints), s(asked.standing) {
  home = q.sender.org == q.recipient.org && !(q.recipient.org == OrgId()) && !s.public_channel;
  named = In(q.recipient.org, c.addressees) && !s.public_channel;
  direct = q.hop == Hop::kDirect || (q.hop == Hop::kOnward && q.release_token);
  running = c.embargo_until > q.now;
  own = static_cast<int>(c.label);
  const int post = static_cast<int>(c.post_embargo_label);
  const bool embargo = c.embargo_until != absl::InfinitePast();
  label = !embargo || own == 0 || own > 5 ? own : !running && post != 0 && post < 6 ? post : std::max(own, 4);
  if (q.iep && own != 0) label = std::max(label, static_cast<int>(q.iep->label));
  foreign = s.public_channel || q.sender.nation.empty() || q.sender.nation != q.recipient.nation;
  nation = s.public_channel ? "" : q.recipient.nation;
}

std::set<std::string> Reader::Relationships() const {
  const int kind = static_cast<int>(q.recipient.kind);
  if (home) return {"same_org"};
  if (s.public_channel || s.unverified) return {"public"};
  if (kind == 5) return {"relay"};
  if (kind == 4) return {"observer"};
  std::set<std::string> all;
  if (s.client) all.insert("client");
  if (!c.sg_id.empty() && s.group && s.group->member) all.insert("same_sg");
  if (s.community && *s.community) all.insert("community");
  if (kind == 0 || kind == 1) all.insert("peer_nation");
  if (kind == 2 || kind == 3) all.insert("private_partner");
  return all.empty() ? std::set<std::string>{"public"} : all;
}

bool Reader::Met(char code) const {
  switch (code) {
    case 'P':
      return true;
    case 'N':
      return s.seat ? *s.seat : home;
    case 'T':
      return s.need_to_know ? *s.need_to_know : home;
    case 'C':
      return s.need_to_know == true;
    case 'A':
      return named;
    case 'G':
      return s.group && s.group->member;
    case 'Q':
    case 'O':
      return !s.community || *s.community;
    case 'W':
      return !running && c.personal_data == PersonalData::kNone && q.names_victims == false;
    default:
      return false;
  }
}

std::pair<std::string, char> Reader::Carried() const {
  static const std::vector<std::string> kColumns = {"same_org",        "client", "same_sg", "community", "peer_nation",
                                                    "private_partner", "public", "relay",   "observer"};
  const std::set<std::string> holding = Relationships();
  for (size_t column = 0; column < kColumns.size(); ++column) {
    if (!holding.contains(kColumns[column])) continue;
    for (int row = label; row <= 5; ++row) {
      if (row >= 4 && s.shared_operator && !home) continue;
      const char code = Row(direct, row)[2 * column];
      if (Met(code)) return {kColumns[column], code};
    }
  }
  return {"", 'D'};
}

std::optional<uint32_t> Reader::HopLimit(bool distributor) const {
  std::vector<uint32_t> limits;
  if (label >= 3) limits.push_back(label > 3 ? 0 : distributor ? 2 : 1);
  if (c.hop_limit) limits.push_back(*c.hop_limit);
  if (!home && !s.public_channel && s.terms.hop_limit) limits.push_back(*s.terms.hop_limit);
  if (!home && !s.public_channel && s.group && s.group->hop_limit) limits.push_back(*s.group->hop_limit);
  if (limits.empty()) return std::nullopt;
  return *std::min_element(limits.begin(), limits.end());
}

}  // namespace entente::policy::testing
