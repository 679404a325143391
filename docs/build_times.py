#!/usr/bin/python3
"""Writes the table of build times in docs/development.md from a build's .ninja_log.

  docs/build_times.py [BUILD_DIR]     default: build/release

The log keeps what each step took when it last ran. For honest figures let every step run, on an idle machine:
  CCACHE_DISABLE=1 cmake --preset release && rm build/release/.ninja_log && ninja -C build/release clean
  CCACHE_DISABLE=1 ninja -C build/release && docs/build_times.py
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/development.md"
MARKS = re.compile(r"(<!-- build times -->\n).*?(<!-- end of build times -->)", re.S)
UNITS = 25
OBJECT = re.compile(r"^(?:(.*)/)?CMakeFiles/([\w.-]+)\.dir/(.*?)(?:\.o|\.gch)$")


def steps(log):
    """Output -> seconds of its last run."""
    found = {}
    for line in log.read_text().splitlines():
        fields = line.split("\t")
        if len(fields) == 5:
            found[fields[3]] = (int(fields[1]) - int(fields[0])) / 1000
    return found


def named(output):
    """(room, unit) of a step: the folder that its sources stand in, and what is made."""
    match = OBJECT.match(output)
    if match:
        folder, target, unit = match.groups()
        if unit.startswith("cmake_pch"):
            return "precompiled headers", target
        unit = unit.replace("__", "..")
        return (folder or "top"), f"{folder}/{unit}" if folder else unit
    return ("linking", output) if "/" in output and "generated" not in output else ("generating", output)


def table(log):
    by_room, units = {}, []
    for output, seconds in steps(log).items():
        room, unit = named(output)
        count, total = by_room.get(room, (0, 0.0))
        by_room[room] = (count + 1, total + seconds)
        units.append((seconds, unit))
    lines = ["| room | steps | seconds |", "|---|---|---|"]
    for room, (count, total) in sorted(by_room.items(), key=lambda row: -row[1][1]):
        lines.append(f"| {room} | {count} | {total:.0f} |")
    total = sum(seconds for seconds, _ in units)
    lines += [f"| all, one behind the other | {len(units)} | {total:.0f} |", "", "| unit | seconds |", "|---|---|"]
    lines += [f"| `{unit}` | {seconds:.1f} |" for seconds, unit in sorted(units, reverse=True)[:UNITS]]
    return "\n".join(lines) + "\n"


def main():
    log = ROOT / (sys.argv[1] if len(sys.argv) > 1 else "build/release") / ".ninja_log"
    if not log.exists():
        sys.exit(f"build_times: there is no {log}; build first")
    page = PAGE.read_text()
    if not MARKS.search(page):
        sys.exit(f"build_times: {PAGE} has no marks for the table")
    PAGE.write_text(MARKS.sub(lambda match: match[1] + table(log) + match[2], page))


main()
