#include "services/peer/shedding.h"

#include <algorithm>
#include <tuple>

namespace entente::peer {

std::optional<OrgId> Shedding::Look(uint64_t used, uint64_t limit, const std::vector<Burden>& burdens,
                                    SteadyTime now) {
  const double share = limit == 0 ? 0 : static_cast<double>(used) / static_cast<double>(limit);
  refuses_ = share >= kRefuseAt;
  if (share < kShedAt || now < not_before_ || burdens.empty()) return std::nullopt;
  const auto worst = std::max_element(burdens.begin(), burdens.end(), [](const Burden& a, const Burden& b) {
    return std::tie(a.held, a.recent) < std::tie(b.held, b.recent);
  });
  if (worst->held + worst->recent < kLeastShed) return std::nullopt;
  not_before_ = now + kShedSpacing;
  return worst->peer;
}

}  // namespace entente::peer
