#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class Option;
}  // namespace CLI

namespace entente::cli {

// One option or argument as the parser knows it.
struct OptionEntry {
  std::vector<std::string> names;  // "-n", "--last"; empty for an argument
  std::string argument;            // name of an argument: "FILE"
  std::string value;  // kind of its value: "FILE", "DIR", "PEER", "LABEL", "KIND", "TEXT"; empty for a flag
  std::vector<std::string> choices;  // where the values are a closed list
  std::string help, standard;        // standard: the default that the parser fills in
  bool required = false, repeats = false;
};

// An option or argument of a command. A handle: copies mean the same option, and none outlives the CommandLine. The
// rules are checked when words are parsed; what breaks one is said there, by the option's name.
class Option {
 public:
  explicit Option(CLI::Option* option) : option_(option) {}

  Option Required();
  Option Kind(const std::string& kind);  // of its value, as help and completion show it
  Option Group(const std::string& heading);
  Option OneEach();       // repeated with its name; words that follow a value are arguments
  Option ShowStandard();  // what the variable holds now is the default that help shows
  Option FromEnvironment(const std::string& variable);
  Option OneOf(std::vector<std::string> values);
  Option Between(uint32_t low, uint32_t high);
  // `wrong` answers what is wrong with a value, or nothing.
  Option Check(std::function<std::string(const std::string& value)> wrong);
  Option OnlyWith(Option other);
  Option NeverWith(Option other);

  bool given() const;        // was it among the words
  bool takes_value() const;  // false for a flag
  bool is_argument() const;
  OptionEntry Entry() const;

 private:
  CLI::Option* option_;
};

}  // namespace entente::cli
