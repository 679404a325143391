#include "model/marking_text.h"

#include <gtest/gtest.h>

#include <string>

namespace entente::model {
namespace {

TEST(SpellsALevel, HoweverItIsDressed) {
  for (const char* text : {
           "TLP:RED", "tlp:amber+strict", "  tlp : red", "TLP-RED", "TLP_GREEN", "tlp/clear", "TLP = WHITE",
           "[TLP] (RED)",
           "TLP:\n\tRED", "TLP.AMBER.STRICT", "TLPRED", "tlp2amber", "TLP 2.0: RED", "TLP v2 - Amber",
           "TLPv2: RED", "tlp2: amber", "TLPv2.0:RED", "PAP2: RED",
           "T.L.P.: RED", "t l p r e d", "T-L-P: R E D", "TLP level: red", "TLP Marking is Amber",
           "Traffic Light Protocol: Red", "TRAFFIC-LIGHT-PROTOCOL colour amber", "Traffic Light Protocol (TLP): GREEN",
           "This is TLP RED material, for your eyes only.", "Marked as TLP: AMBER by its author",
           "Red", "amber+strict", "(RED) TLP", "White", "pap:red", "PAP - AMBER", "Permissible Actions Protocol: red",
           "TLP:EX:CHR", "tlp : something new", "PAP: none",
           "\uFF34\uFF2C\uFF30:RED",                                   // fullwidth letters
           "\uFF34\uFF2C\uFF30\uFF1A\uFF32\uFF25\uFF24",               // and colon
           "TLP\u3000RED", "TLP\u00A0:\u00A0RED", "TLP\uFE55RED", "TLP\u2236RED", "TLP\u2014RED",
           "T\u200BL\u200BP:R\u200BE\u200BD", "TLP\u00AD:R\u00ADED", "T\u0332L\u0332P\u0332: RED", "\uFEFFTLP:RED",
           "\U0001D413\U0001D40B\U0001D40F:\U0001D42B\U0001D41E\U0001D41D",  // mathematical bold
           "\u24C9\u24C1\u24C5 \u24E1\u24D4\u24D3", "\U0001F143\U0001F13B\U0001F13F red",
           "\u0422L\u0420:RED",                                         // Cyrillic Te and Er
           "TLP:R\u0415D", "\u1D1B\u029F\u1D18: \u0280\u1D07\u1D05",
       }) {
    EXPECT_TRUE(SpellsALevel(text)) << text;
  }
}

TEST(SpellsALevel, RealStatementsDoNot) {
  for (const char* text : {
           "",
           "Copyright 2015-2025, The MITRE Corporation. MITRE ATT&CK and ATT&CK are registered trademarks of The MITRE "
           "Corporation.",
           "Copyright 2017, The MITRE Corporation",
           "Copyright 2024 Red Hat, Inc. All rights reserved.",
           "\u00A9 2026 Greenpeace; the white paper's authors", "Licensed under CC BY 4.0", "(c) Amber Road Ltd",
           "Clear Skies GmbH, Weimar", "Green Lantern, Red Team and White Rabbit projects",
           "See https://www.first.org/tlp/ for the Traffic Light Protocol.",
           "Handling follows the Traffic Light Protocol of FIRST; the label of each object applies.",
           "Use is governed by the TLP definitions of FIRST, version 2.0.",
           "TLPT scope: red team exercises under TIBER-EU", "Pap smear screening data", "PAPERS: red book",
           "The author can be reached at tlp@example.org", "x", "custom", "no foreigners", "Apache License 2.0",
           "\u041F\u0440\u0430\u0432\u0430 "
           "\u0437\u0430\u0449\u0438\u0449\u0435\u043D\u044B: \u043A\u0440\u0430\u0441\u043D\u044B\u0439",
           "\u6A29\u5229\uFF1A\u8D64", "Trafi\u010Dno svetlo: rde\u010De", "STRICT confidentiality agreement applies",
       }) {
    EXPECT_FALSE(SpellsALevel(text)) << text;
  }
}

TEST(SpellsALevel, IsBounded) {
  EXPECT_FALSE(SpellsALevel(std::string(kMaxStatementText, 'x')));
  EXPECT_TRUE(SpellsALevel(std::string(kMaxStatementText + 1, 'x')));
  EXPECT_TRUE(SpellsALevel(std::string(kMaxStatementText - 7, ' ') + "TLP:RED"));
  std::string words;
  while (words.size() + 4 < kMaxStatementText) words += "TLP ";
  EXPECT_FALSE(SpellsALevel(words + "x"));
}

TEST(SpellsALevel, IllFormedTextPartsWords) {
  EXPECT_TRUE(SpellsALevel("TLP\xFFRED"));
  EXPECT_FALSE(SpellsALevel("\xFF\xC3"));
}

}  // namespace
}  // namespace entente::model
