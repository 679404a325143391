#include <gtest/gtest.h>

#include "envelope/export_file.h"
#include "exchange/file_export.h"
#include "exchange/file_import.h"
#include "exchange/testing/delivery_test.h"

// Envelopes as a file: from one node's queue into another's journal, without a line between them.
namespace entente::exchange {
namespace {

using enum RejectReason;
using model::Label;
using testing::DeliverAll;
using testing::IdOf;
using testing::TestNode;

class Files : public testing::DeliveryTest {
 protected:
  Bytes Export(v1::ExportReport* report = nullptr) {
    Bytes file;
    const auto sink = [&](ByteView piece) { return file.append(piece), true; };
    const auto done = ExportTo(norlandia_.room(), *norlandia_.groups, estovia_.org(), estovia_.OfferedPrekey(), sink);
    EXPECT_TRUE(done.ok()) << done.status();
    if (report != nullptr) *report = *done;
    return file;
  }
  struct Imported {
    absl::Status status;
    v1::ImportReport report;
  };
  static Imported Import(TestNode& node, ByteView file, size_t step = 1000) {
    FileImport import(node.room(), *node.admission, *node.groups);
    absl::Status status;
    for (size_t at = 0; at < file.size() && status.ok(); at += step) status = import.Take(file.substr(at, step));
    const absl::Status finished = import.Finish();
    EXPECT_TRUE(status.ok() || finished == status);  // a refusal is final
    return {finished, import.Report()};
  }
};

TEST_F(Files, WhatWasExportedIsImportedByteForByte) {
  Publish(0, 300);
  v1::ExportReport exported;
  const Bytes file = Export(&exported);
  EXPECT_EQ(exported.envelopes(), 2u);
  EXPECT_EQ(exported.objects(), 300u);
  const Imported in = Import(estovia_, file);
  ASSERT_TRUE(in.status.ok()) << in.status;
  EXPECT_EQ(in.report.from(), "cert.norlandia");
  EXPECT_TRUE(in.report.for_this_node());
  EXPECT_EQ(in.report.entries(), 3u);  // its identity document stands in front
  EXPECT_EQ(in.report.taken(), 2u);
  EXPECT_EQ(in.report.refused_size(), 0);
  EXPECT_EQ(estovia_.journal->Count().objects, 300u);
  for (const char* tail : {"0", "150", "299"}) {
    EXPECT_EQ(estovia_.reading->Get(IdOf(tail), "")->content, norlandia_.reading->Get(IdOf(tail), "")->content);
  }
}

TEST_F(Files, ExportMovesNoCursorAndASessionBringsNothingTwice) {
  Publish(0, 3);
  const Bytes file = Export();
  EXPECT_EQ(Cursor().delivered, 0u);
  EXPECT_EQ(norlandia_.journal->Lag(estovia_.org()), 3u);
  ASSERT_TRUE(Import(estovia_, file).status.ok());
  EXPECT_EQ(DeliverAll(norlandia_, estovia_), 1u);
  EXPECT_EQ(estovia_.journal->Count().objects, 3u);
  v1::ExportReport nothing;
  Export(&nothing);
  EXPECT_EQ(nothing.envelopes(), 0u);
}

TEST_F(Files, ASecondImportIsCountedAndChangesNothing) {
  Publish(0, 3);
  const Bytes file = Export();
  ASSERT_TRUE(Import(estovia_, file).status.ok());
  const uint64_t before = estovia_.journal->Head().sequence;
  const Imported again = Import(estovia_, file);
  EXPECT_TRUE(again.status.ok());
  EXPECT_EQ(again.report.known(), 1u);
  EXPECT_EQ(again.report.taken(), 0u);
  EXPECT_EQ(estovia_.journal->Head().sequence, before);
}

TEST_F(Files, WhatStandsBeforeAFaultStays) {
  Publish(0, 257);
  const Bytes file = Export();
  const Imported in = Import(estovia_, ByteView(file).substr(0, file.size() - 60));
  EXPECT_EQ(ReasonOf(in.status), kTruncated);
  EXPECT_EQ(in.report.taken(), 1u);
  EXPECT_EQ(estovia_.journal->Count().objects, 256u);
}

TEST_F(Files, PolicyIsAskedAnew) {
  Publish(0, 2);
  norlandia_.Accept(estovia_, Label::kClear);
  v1::ExportReport report;
  Export(&report);
  EXPECT_EQ(report.envelopes(), 0u);
  EXPECT_EQ(report.withheld(), 2u);
}

TEST_F(Files, AnEmbargoHoldsBackFilesToo) {
  PublishTerms terms;
  terms.constraints.embargo_until = norlandia_.clock.now + absl::Hours(2);
  terms.constraints.post_embargo_label = Label::kGreen;
  Publish(0, 2, terms);
  v1::ExportReport report;
  Export(&report);
  EXPECT_EQ(report.objects(), 0u);
  Forward(absl::Hours(2) + kEmbargoMargin);
  const Bytes file = Export(&report);
  EXPECT_EQ(report.objects(), 2u);
  EXPECT_EQ(Cursor().embargoed, 2u);
  EXPECT_EQ(Import(estovia_, file).report.taken(), 1u);
  ExpectClean();
}

TEST_F(Files, WhatThePeerRefusedIsInTheFile) {
  Publish(0, 2);
  Delivery delivery(norlandia_.room(), estovia_.org());
  Run(delivery, {IdOf("1")});
  ASSERT_EQ(Cursor().held, 1u);
  v1::ExportReport report;
  const Bytes file = Export(&report);
  EXPECT_EQ(report.objects(), 1u);
  ASSERT_TRUE(Import(estovia_, file).status.ok());
  EXPECT_EQ(estovia_.journal->Count().objects, 2u);
}

TEST_F(Files, AFileOfNobodyOnFileIsRefused) {
  TestNode stranger("cert.elsewhere", "XX");
  stranger.Accept(estovia_);
  Bytes file;
  ASSERT_TRUE(
      ExportTo(stranger.room(), *stranger.groups, estovia_.org(), estovia_.OfferedPrekey(), [&](ByteView piece) {
        return file.append(piece), true;
      }).ok());
  EXPECT_EQ(ReasonOf(Import(estovia_, file).status), kUnknownParty);
  EXPECT_EQ(ReasonOf(ExportTo(norlandia_.room(), *norlandia_.groups, stranger.org(), estovia_.OfferedPrekey(),
                              [](ByteView) { return true; })
                         .status()),
            kUnknownParty);
}

// Whose keys changed while no line was there: the file brings the documents that its envelopes are checked with.
TEST_F(Files, LaterDocumentsComeInFrontOfWhatTheySigned) {
  Publish(0, 1);
  norlandia_.Become(norlandia_.Next());
  Forward(absl::Seconds(1));
  const Bytes file = Export();
  const Imported in = Import(estovia_, file);
  ASSERT_TRUE(in.status.ok()) << in.status;
  EXPECT_EQ(in.report.refused_size(), 0);
  EXPECT_EQ(in.report.taken(), 1u);
  EXPECT_EQ(estovia_.directory->Find(norlandia_.org())->identity.version(), 2u);
  EXPECT_EQ(estovia_.journal->Count().objects, 1u);
  EXPECT_EQ(estovia_.journal->LaterIdentities(norlandia_.org())->size(), 1u);
  EXPECT_EQ(Import(estovia_, file).report.refused_size(), 0);
}

TEST_F(Files, AFileForAnotherSaysSoAndOpensNothing) {
  TestNode elsewhere("cert.elsewhere", "XX");
  elsewhere.Accept(norlandia_);
  Publish(0, 1);
  const Imported in = Import(elsewhere, Export());
  EXPECT_TRUE(in.status.ok());
  EXPECT_FALSE(in.report.for_this_node());
  EXPECT_EQ(in.report.taken(), 0u);
  EXPECT_EQ(in.report.refused().at("E_NOSLOT"), 1u);
}

TEST_F(Files, EachEntryIsRefusedForItself) {
  Publish(0, 1);
  const Bytes file = Export();
  std::vector<envelope::ExportEntry> entries;
  envelope::ExportReader reader;
  ASSERT_TRUE(reader
                  .Take(file,
                        [&](envelope::ExportEntry entry) {
                          entries.push_back(std::move(entry));
                          return absl::OkStatus();
                        })
                  .ok());
  TestNode stranger("cert.elsewhere", "XX");
  envelope::ExportWriter writer;
  Bytes bent = writer.Begin(norlandia_.org(), estovia_.org());
  using envelope::ExportKind;
  bent += *writer.Add(ExportKind::kIdentity, "no document");
  bent += *writer.Add(ExportKind::kIdentity, stranger.self->identity.wire().SerializeAsString());
  bent += *writer.Add(ExportKind::kPrekey, norlandia_.prekeys->Offer().SerializeAsString());  // not of class offline
  bent += *writer.Add(ExportKind::kEpoch, "");
  bent += *writer.Add(ExportKind::kEnvelope, "no envelope");
  bent += *writer.Add(entries.back().kind, entries.back().bytes);
  const Imported in = Import(estovia_, bent + writer.End());
  EXPECT_TRUE(in.status.ok()) << in.status;
  EXPECT_EQ(in.report.taken(), 1u);
  EXPECT_EQ(in.report.refused().at("E_PARSE"), 2u);
  EXPECT_EQ(in.report.refused().at("E_IDCHAIN"), 1u);
  EXPECT_EQ(in.report.refused().at("E_PREKEY"), 1u);
  EXPECT_EQ(in.report.refused().at("E_HEADER"), 1u);
  EXPECT_EQ(estovia_.counters.Rejects(Door::kPeer, kPrekey), 1u);
  EXPECT_EQ(estovia_.journal->Count().objects, 1u);
}

TEST_F(Files, RefusedDocumentsAreBounded) {
  const auto file = [&](int refused) {
    envelope::ExportWriter writer;
    Bytes bytes = writer.Begin(norlandia_.org(), estovia_.org());
    for (int i = 0; i < refused; ++i) bytes += *writer.Add(envelope::ExportKind::kPrekey, "no prekey");
    return bytes + writer.End();
  };
  EXPECT_TRUE(Import(estovia_, file(kMaxRefusedDocuments)).status.ok());
  const Imported in = Import(estovia_, file(kMaxRefusedDocuments + 9));
  EXPECT_EQ(ReasonOf(in.status), kLimit);
  EXPECT_EQ(in.report.refused().at("E_PARSE"), kMaxRefusedDocuments + 1u);
}

// Anyone can write a file that names norlandia as its writer.
TEST_F(Files, WhoIsNamedInAFileIsNotChargedForIt) {
  Publish(0, 1);
  Bytes file = Export();
  file[file.size() - 60] ^= 1;  // in the last envelope
  EXPECT_EQ(Import(estovia_, file).report.refused_size(), 1);
  EXPECT_EQ(estovia_.counters.Peer(norlandia_.org()).fruitless_cpu_ns, 0u);
}

TEST_F(Files, NothingAboveItsCeilingIsSealedToAPrekey) {
  Publish(0, 2);
  trust::Prekey prekey = estovia_.OfferedPrekey();
  prekey.ceiling = Label::kClear;
  const auto report =
      ExportTo(norlandia_.room(), *norlandia_.groups, estovia_.org(), prekey, [](ByteView) { return true; });
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->withheld(), 2u);
  EXPECT_EQ(report->envelopes(), 0u);
  prekey.ceiling = Label::kGreen;
  EXPECT_EQ(
      ExportTo(norlandia_.room(), *norlandia_.groups, estovia_.org(), prekey, [](ByteView) { return true; })->objects(),
      2u);
}

TEST_F(Files, WhoAskedMayGoWhileAllIsWithheld) {
  Publish(0, 1);
  norlandia_.Accept(estovia_, Label::kClear);
  bool gone = false;
  const auto leave = [&](ByteView piece) {
    gone = gone || piece.empty();
    return !gone;
  };
  EXPECT_EQ(
      ReasonOf(
          ExportTo(norlandia_.room(), *norlandia_.groups, estovia_.org(), estovia_.OfferedPrekey(), leave).status()),
      kUnavailable);
  EXPECT_TRUE(gone);
}

TEST_F(Files, WhoAskedMayGo) {
  Publish(0, 1);
  const auto gone = ExportTo(norlandia_.room(), *norlandia_.groups, estovia_.org(), estovia_.OfferedPrekey(),
                             [](ByteView) { return false; });
  EXPECT_EQ(ReasonOf(gone.status()), kUnavailable);
}

TEST_F(Files, TheNewestPrekeyThatCanBeSealedToIsTaken) {
  trust::HeardPrekeys& heard = norlandia_.directory->heard_prekeys();
  const trust::IdentityHistory owner(estovia_.self->identity);
  EXPECT_EQ(ReasonOf(heard.ForFile(owner, norlandia_.clock.now).status()), kPrekey);
  heard.Keep(estovia_.org(), v1::PREKEY_CLASS_ONLINE, estovia_.prekeys->Offer(),
             norlandia_.clock.now + absl::Hours(24));
  const auto found = heard.ForFile(owner, norlandia_.clock.now);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->id, estovia_.OfferedPrekey().id);
  v1::SignedBody older = estovia_.prekeys->Offer();
  older.set_body("heard again, as a recording");
  heard.Keep(estovia_.org(), v1::PREKEY_CLASS_ONLINE, older, norlandia_.clock.now + absl::Hours(23));
  EXPECT_EQ(heard.ForFile(owner, norlandia_.clock.now)->id, found->id);
  EXPECT_EQ(ReasonOf(heard.ForFile(owner, norlandia_.clock.now + trust::kPrekeyUse + absl::Hours(1)).status()),
            kPrekey);
}

}  // namespace
}  // namespace entente::exchange
