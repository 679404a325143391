#pragma once

#include <gtest/gtest.h>

#include "trust/sample_world.h"

namespace entente::trust {

// Four members: 0 and 1 issue, 0 logs, 3 may be taken out.
class SampleWorldTest : public testing::Test {
 protected:
  const OrgId& Org(size_t i) const { return world_.founders.orgs[i].org(); }
  SampleNode& Node(size_t i) { return *world_.nodes[i]; }
  RejectReason Seals(size_t node, absl::Time now) { return ReasonOf(Node(node).groups->ToSealUnder(world_.group, now).status()); }
  RejectReason Opens(size_t node, const RouteTag& tag, absl::Time now) { return ReasonOf(Node(node).groups->ForTag(tag, now).status()); }
  RouteTag TagOf(size_t node, absl::Time now) { return Node(node).groups->ToSealUnder(world_.group, now)->tag; }
  GroupTerms Without(size_t i) {
    GroupTerms terms = world_.Terms();
    terms.members.erase(Org(i));
    return terms;
  }

  SampleWorld world_{4};
};

}  // namespace entente::trust
