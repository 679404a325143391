#pragma once

namespace entente::node {

// A program that calls this first thing in main has two properties.
// Standard streams that its caller closed (`>&-`) are filled, before any library's initialiser runs, with a place that
// takes nothing: no socket or file of this process gets their numbers, and what is printed with them. Reading from such
// a stdin and writing to such a stdout still fail.
// SIGPIPE is ignored: a reader that has gone is an error of writing, not the end of this process.
void GuardStreams();

}  // namespace entente::node
