#include "services/metrics/pages.h"

#include "services/metrics/test_node.h"

namespace entente::metrics {
namespace {

using Pages = TestNode;

TEST_F(Pages, MetricsSayTheirFormatAndVersion) {
  const Page page = Answer(Sources(), "/metrics");
  EXPECT_EQ(page.status, 200u);
  EXPECT_EQ(page.content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_NE(page.body.find("# TYPE entente_build_info gauge\nentente_build_info{version=\"9.8.7\"} 1\n"),
            std::string::npos);
  EXPECT_NE(page.body.find("# TYPE entente_rejections_total counter\n"), std::string::npos);
}

TEST_F(Pages, ReadyWhileEveryCheckHolds) {
  EXPECT_EQ(Answer(Sources(), "/readyz").body, "ready\n");
  EXPECT_EQ(Answer(Sources(), "/readyz").status, 200u);
  EXPECT_EQ(Answer(Sources(), "/readyz?verbose").body, "ok   store\nok   serving\nready\n");
}

TEST_F(Pages, NotReadyNamesTheReason) {
  store_ = Reject(RejectReason::kDiskFull, "no space");
  const Page page = Answer(Sources(), "/readyz");
  EXPECT_EQ(page.status, 503u);
  EXPECT_EQ(page.body, "FAIL store: no space [DISK_FULL ENT-4008]\nnot ready\n");
  EXPECT_EQ(Answer(Sources(), "/livez").status, 200u);
}

TEST_F(Pages, RootNamesThePathsAndOthersAreNotFound) {
  const std::string root = Answer(Sources(), "/").body;
  for (const std::string path : {"/metrics", "/livez", "/readyz"})
    EXPECT_NE(root.find(path), std::string::npos) << path;
  for (const std::string path : {"", "/metrics/", "//", "/../metrics", "/status"}) {
    EXPECT_EQ(Answer(Sources(), path).status, 404u) << path;
  }
}

}  // namespace
}  // namespace entente::metrics
