#include "services/entente/redaction.h"

#include <gtest/gtest.h>

namespace entente::cli {
namespace {

TEST(Redaction, AHostHasOneNameWhereverItStands) {
  Redaction redaction;
  EXPECT_EQ(redaction.Of("from 192.0.2.7 to 198.51.100.2:7443, from 192.0.2.7."),
            "from redacted-1 to redacted-2:7443, from redacted-1.");
  EXPECT_EQ(redaction.Of("{\"detail\":\"198.51.100.2\"}"), "{\"detail\":\"redacted-2\"}");
}

TEST(Redaction, EveryFormOfAnAddressGoes) {
  for (const std::string address :
       {"10.0.0.1", "2001:db8::5", "fe80::1%eth0", "::ffff:192.0.2.1", "2001:DB8:0:0:0:0:0:1", "gateway.internal.example:7443",
        "[2001:db8::5]:7443"}) {
    for (const std::string around : {"at * now", "\"*\"", "*", "at *.", "(*)", "at=*, so", "ipv4:*:12"}) {
      Redaction redaction;
      std::string text = around;
      text.replace(text.find('*'), 1, address);
      const std::string out = redaction.Of(text);
      EXPECT_NE(out.find("redacted-1"), std::string::npos) << text << " -> " << out;
      for (const std::string part : {"10.0", "db8", "DB8", "fe80", "eth0", "192", "gateway", "internal"}) {
        EXPECT_EQ(out.find(part), std::string::npos) << text << " -> " << out;
      }
    }
  }
}

TEST(Redaction, KnownHostsGoAsWordsInAnyCase) {
  Redaction redaction;
  redaction.Know("gw.example:1");
  redaction.Know("gw:2");
  EXPECT_EQ(redaction.Of("GW, gw.example and x.gw.example; not gwen, my-gw or gw-2"),
            "redacted-2, redacted-1 and x.redacted-1; not gwen, my-gw or gw-2");
}

TEST(Redaction, WhatIsNoAddressStays) {
  Redaction redaction;
  for (const std::string address : {"127.0.0.1:80", "localhost:80", "[::1]:80", "0.0.0.0:80", "no host"}) redaction.Know(address);
  for (const std::string text :
       {"at 127.0.0.1:7443 and 127.0.0.3, [::1]:9464, 0.0.0.0, :: or localhost:1", "2026-11-22T11:36:33.012345Z",
        "7.8.3 and 1.2.3.4.5 and 256.1.1.1 and v1.2.3.4", "grpc::ByteBuffer a_b::c std::string", "secure_endpoint.cc:296",
        "entente.toml:3:5: no", "ENT-4001: cert.estovia is up", "entente_ready{check=\"store\"} 1", ""}) {
    EXPECT_EQ(redaction.Of(text), text);
  }
}

}  // namespace
}  // namespace entente::cli
