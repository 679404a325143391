#include "services/entente/remedies.h"

#include <array>
#include <utility>

namespace entente::cli {
namespace {

constexpr std::string_view kPeerBytes =
    "nothing of the envelope was kept and the peer sends it again; if it repeats, compare versions with its operator "
    "and "
    "run `entente doctor` on both nodes";
constexpr std::string_view kPeerKeys =
    "compare the fingerprint with the peer's operator over a channel you trust, then add its current card with "
    "`entente peer add CARD --fingerprint F --nation XX --kind K`";
constexpr std::string_view kPeerDocuments =
    "nothing of it was taken and what is on file stays; ask the peer's operator, over a channel you trust, whether the "
    "document is theirs, and for all versions that follow the one on file";
constexpr std::string_view kGroupDocuments =
    "nothing of it was taken and what is on file stays; ask the group's admins whether they know of it, and an issuer for the "
    "membership documents and epochs behind those on file";
constexpr std::string_view kTerms =
    "look at the decision with `entente explain ID --peer P`; change the label, the addressees or the peer's record "
    "only "
    "if the owner of the information agrees";
constexpr std::string_view kObject =
    "correct the object and publish the file again; what was accepted stays and is counted as unchanged";
constexpr std::string_view kStore =
    "keep a copy of the folder as it is, run `entente fsck`, and restore the last backup; never edit the store";

// What differs from the remedy of its family.
constexpr auto kRemedies = std::to_array<std::pair<RejectReason, std::string_view>>({
    {RejectReason::kNone, "nothing needs to be done"},
    {RejectReason::kTime, "compare both nodes' clocks with `entente doctor`; ten minutes of difference are tolerated"},
    {RejectReason::kNoKey, kPeerKeys},
    {RejectReason::kUnknownParty, kPeerKeys},
    {RejectReason::kKeyUse, kPeerKeys},
    {RejectReason::kIdentity, kPeerKeys},
    {RejectReason::kPrekey, kPeerKeys},
    {RejectReason::kLimit, "split what is over the limit; docs/cli.md lists the limits"},
    {RejectReason::kBudget, "nothing: the peer is let in again by itself, entente status says when; if it recurs, ask its operator"},
    {RejectReason::kIdentityChain, kPeerDocuments},
    {RejectReason::kRollback, kPeerDocuments},
    {RejectReason::kFreeze, "ask the peer's operator to issue the next version of their identity document; until then nothing new of theirs counts"},
    {RejectReason::kFloor, kPeerDocuments},
    {RejectReason::kRevoked,
     "tell the peer's operator that a revoked key of theirs was used; what they still stand by they sign again with a current key"},
    {RejectReason::kEpoch, "nothing: this node asks for the epoch, and the peer sends again; if it repeats, ask the group's issuers"},
    {RejectReason::kEpochStale, "nothing: the sender seals again under the group's current epoch; if it repeats, ask the group's issuers"},
    {RejectReason::kIssuer, kGroupDocuments},
    {RejectReason::kMemberHash, kGroupDocuments},
    {RejectReason::kSlotProof, kGroupDocuments},
    {RejectReason::kNotMember, "ask the group's admins who is a member now; nothing goes to or comes from others under the group's name"},
    {RejectReason::kNote, "nothing of it was taken; ask whose log or witness it names for the note again"},
    {RejectReason::kNoLabel, "give the object a TLP marking, or publish the file with --tlp LABEL"},
    {RejectReason::kMarking,
     "use the marking ids of TLP 2.0 or TLP 1; put the definition of a statement marking into the file, with no level in "
     "its text"},
    {RejectReason::kConflict,
     "object: give the change a newer `modified`, a version never changes its bytes; peer: choose another name with "
     "--name; init: choose another folder"},
    {RejectReason::kOwner, "publish under an id of your own; the first origin of an id keeps it"},
    {RejectReason::kLabelLowered,
     "leave --tlp away, or raise with it; a looser label needs a new version of the object"},
    {RejectReason::kPolicyTlp, "publish under a looser label, or address the peer with --to, if the owner agrees"},
    {RejectReason::kPolicyAgreement, "add the peer with `entente peer add CARD --fingerprint F --nation XX --kind K`; where an agreement was ended, offer a new one "
     "with `entente agreement propose PEER`"},
    {RejectReason::kPolicyScope,
     "`entente explain ID --peer P` tells which: the peer's ceiling (`entente peer add ... --ceiling L`), or what was signed with it "
     "(`entente agreement propose PEER`)"},
    {RejectReason::kPolicyRelOnClear, "drop the release restriction, or use TLP:GREEN or stricter"},
    {RejectReason::kPolicyEmbargo, "wait until the embargo ends, or publish a version without one"},
    {RejectReason::kPolicyUnsupported, "drop the option that this version cannot evaluate; it is never ignored"},
    {RejectReason::kPolicyRule,
     "`entente explain ID --peer P` names the rule; change it with `entente policy apply`, if its reason is gone"},
    {RejectReason::kRulesOpen,
     "look at `entente policy diff FILE`; if all of that may flow, give --accept with the number that it says"},
    {RejectReason::kRole, "ask somebody who has the role in seats.toml, or its owner to give it; see docs/formats/seats.md"},
    {RejectReason::kSecondOfficer,
     "draft it with `entente publish --draft`; an officer who is not its author runs `entente draft publish N`"},
    {RejectReason::kNotFound, "list what there is with `entente peer list`, `entente tail` or `entente search VALUE`"},
    {RejectReason::kUsage, "see `entente COMMAND --help`"},
    {RejectReason::kConfig, "correct the named place in entente.toml; `entente doctor` checks it again"},
    {RejectReason::kStoreLocked,
     "use the daemon that runs on this folder (`entente status` shows its pid), or stop it first"},
    {RejectReason::kDiskFull,
     "free space on the store's disk; intake resumes by itself, after a failed write with the next start"},
    {RejectReason::kKeystore, "check the passphrase file and that the key files belong to this user with mode 0600"},
    {RejectReason::kSelfTest,
     "do not use this machine or build: its cryptography gave a wrong answer; reinstall, try again"},
    {RejectReason::kUnavailable, "start the daemon with `entente run --node DIR`, or wait until it is ready"},
    {RejectReason::kPeerDown, "see why with `entente status`; what is queued is delivered when the peer is back"},
    {RejectReason::kNotKept, "update this node, or ask the peer to send what its own organisation signed"},
    {RejectReason::kHsm, "see that the token is plugged in and its PIN is right; `p11-kit list-modules` shows what is there"},
    {RejectReason::kInternal, "report it with the output of `entente version` and the daemon's log"},
});

}  // namespace

std::string_view RemedyFor(RejectReason reason) {
  for (const auto& [known, remedy] : kRemedies) {
    if (known == reason) return remedy;
  }
  const std::string_view code = Describe(reason).code;
  if (code.starts_with("ENT-2")) return kObject;
  if (code.starts_with("ENT-3")) return kTerms;
  if (code.starts_with("ENT-4")) return kStore;
  return kPeerBytes;
}

}  // namespace entente::cli
