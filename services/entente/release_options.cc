#include "services/entente/release_options.h"

namespace entente::cli {

void AddReleaseOptions(Command command, PublishFlags& flags) {
  const auto list = [&command](const std::string& name, std::vector<std::string>& into, const std::string& help) {
    return command.AddOption(name, into, help + "; repeat for more").OneEach().Group("Release");
  };
  const auto text = [&command](const std::string& name, std::string& into, const std::string& help) {
    return command.AddOption(name, into, help).Group("Release");
  };
  text("--tlp", flags.tlp, "CLEAR, GREEN, AMBER, AMBER+STRICT or RED: labels what has none, may raise, never lowers")
      .Kind("LABEL");
  list("--to", flags.to, "Address it to this peer").Kind("PEER");
  list("--rel-to", flags.rel_to, "Releasable to this nation only");
  list("--not-rel-to", flags.not_rel_to, "Not releasable to this nation");
  command.AddFlag("--orcon", flags.orcon, "The originator controls onward release").Group("Release");
  text("--pap", flags.pap, "Permissible actions: CLEAR, GREEN, AMBER or RED");
  text("--embargo-until", flags.embargo_until, "UTC time before which it is held to the addressees");
  text("--post-embargo-tlp", flags.post_embargo_tlp, "Label from the end of the embargo on").Kind("LABEL");
  list("--sector-to", flags.sector_to, "For organisations of this sector only");
  list("--purpose", flags.purpose, "Permitted use");
  text("--personal-data", flags.personal_data, "none, present or special");
  text("--retain-until", flags.retain_until, "UTC time after which receivers delete it");
  command.AddOption("--hop-limit", flags.hop_limit, "How many more organisations may pass it on").Group("Release");
  text("--exercise", flags.exercise, "Id of the exercise it belongs to");
  text("--group", flags.group, "Name of a group (or digits of its id), for its members alone");
  text("--source", flags.source, "Where it comes from: the import profile publish:NAME labels what has no label");
  text("--source-role", flags.source_role, "author or custodian of the objects");
}

}  // namespace entente::cli
