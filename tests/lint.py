#!/usr/bin/python3
"""Rules that the compiler does not know: what may include what, how long a file may be, words that must not appear.

  tests/lint.py [--json] [--root DIR]    prints each breach as file:line: rule: what; exit 1 when there is one

--json prints {"rule": [breach, ...]} for tests/run.py instead. tests/functional/test_lint.py plants a breach of each rule.
"""

import json
import pathlib
import re
import subprocess
import sys

import reasons

RULES = ("size", "wall", "layer", "upward", "cycle", "word", "sleep", "reason")
ROOT = pathlib.Path(sys.argv[sys.argv.index("--root") + 1] if "--root" in sys.argv else
                    pathlib.Path(__file__).resolve().parents[1])

# Lines of a file, by how its name ends; the first match counts. A split follows an idea, so the limit is a reason to look for one.
SIZES = [("_test.cc", 360), (".h", 150), (".cc", 260), (".py", 300)]

# Third-party headers and the only places that may include them.
WALLS = {
    r"sodium(\.h|/)": ["crypto/"],
    r"p11-kit/": ["crypto/"],
    r"openssl/": ["crypto/", "services/peer/tls_end.cc", "services/peer/testing/"],
    r"rocksdb/": ["storage/", "bench/machine_limits.cc"],
    r"simdjson": ["model/json_walk.", "crypto/testing/corpus.h", "crypto/corpus_"],
    r"toml\+\+": ["services/entented/config", "policy/rule_file.", "policy/rule_toml.", "services/entente/policy_cases."],
    r"spdlog/": ["services/entented/log.cc"],
    r"prometheus/": ["services/metrics/"],
    r"boost/": ["services/metrics/http_server.cc"],
    r"CLI/": ["services/command_line/"],
    r"grpcpp/": ["services/", "tests/hostile/", "bench/"],
}

# Words that say a thing is not finished, or that belong to a machine and not to the project.
WORDS = {
    r"\b(TODO|FIXME|HACK)\b": "unfinished work belongs in an issue",
    r"(?i)\b(simplified for now|not implemented yet|placeholder)\b": "unfinished work belongs in an issue",
    r"(?<![\w/.])/(home|work|root)/\w": "a path of one machine",
    r"\b(class|struct) \w*(Manager|Helper|Util|Utils|Handler|Impl|Info)\b": "a name that says nothing (docs/glossary.md)",
}
SLEEPS = re.compile(r"sleep_for|sleep_until|\busleep\(|\btime\.sleep\(|absl::SleepFor")
# wait_for polls a condition; the load of a program that has to be slow is another thing.
SLEEPS_ALLOWED = ["tests/functional/federation.py"]
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')


def tracked():
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True)
    return [path for path in listed.stdout.decode().split("\n") if path and (ROOT / path).is_file()]


def modules():
    """Module name -> (folder, direct dependencies), as the CMakeLists.txt say."""
    found = {}
    for path in ROOT.glob("**/CMakeLists.txt"):
        if "build" in path.relative_to(ROOT).parts:
            continue
        for kind, call in re.findall(r"entente_(module|program)\(([^)]*)\)", path.read_text()):
            name = re.search(r"NAME (\w+)", call).group(1)
            deps = re.search(r"\bDEPS ([\w\s]*?)(?=\b[A-Z_]{4,}\b|$)", call)
            tests = re.search(r"\bTEST_DEPS ([\w\s]*?)(?=\b[A-Z_]{4,}\b|$)", call)
            files = re.search(r"\bFILES((?:\s+(?![A-Z_]+\b)\S+)+)", call).group(1).split()
            at = str(path.parent.relative_to(ROOT))
            if files[0].startswith("testing/"):
                at += "/testing"
            if kind == "program":  # owns the files that it lists, no folder
                name, at = f"program {name}", ""
            if "SERVICE_SOURCES" not in files[0]:  # all generated: no folder of its own
                found[name] = (at, (deps.group(1).split() if deps else []), (tests.group(1).split() if tests else []),
                               {f"{path.parent.relative_to(ROOT)}/{file}" for file in re.findall(r"[\w/]+\.(?:cc|h)\b", call)})
    return found


def check_layers(breach):
    """cmake/module.cmake refuses an upward dependency too; here it has a file and a place."""
    layers, uses = {}, []
    for path in ROOT.glob("**/CMakeLists.txt"):
        at = str(path.relative_to(ROOT))
        for call in re.findall(r"entente_module\(([^)]*)\)", "" if at.startswith("build/") else path.read_text()):
            name, layer = re.search(r"NAME (\w+)", call).group(1), re.search(r"LAYER (\d+)", call)
            if layer:
                layers[name] = int(layer.group(1))
                uses.append((at, name, re.search(r"\bDEPS ([\w\s]*?)(?=\b[A-Z_]{4,}\b|$)", call)))
    for at, name, deps in uses:
        for dep in deps.group(1).split() if deps else ():
            if layers.get(dep, -1) >= layers[name]:
                breach("upward", at, 1, f"{name} of layer {layers[name]} depends on {dep} of layer {layers[dep]}")


def reach(name, known, seen=None):
    seen = set() if seen is None else seen
    if name in seen or name not in known:
        return seen
    seen.add(name)
    for dep in known[name][1]:
        reach(dep, known, seen)
    return seen


def owner(path, known):
    """The module that lists `path`, or the .cc of a header; else the first one whose folder is the longest that holds it."""
    for name, (_, _, _, listed) in known.items():
        if path in listed or path.removesuffix(".h") + ".cc" in listed:
            return name
    fits = [(at, name) for name, (at, *_) in known.items() if path.startswith(at + "/")]
    return max(fits, key=lambda fit: len(fit[0]))[1] if fits else None


def includes(text):
    for number, line in enumerate(text.split("\n"), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match.group(1), match.group(2)


def check_includes(path, text, known, breach):
    mine = owner(path, known)
    allowed = reach(mine, known) if mine else None
    if mine and ("_test." in path or "test_" in path or "/testing/" in path):
        for dep in known[mine][2]:
            allowed = allowed | reach(dep, known)
    for number, _, name in includes(text):
        for wall, places in WALLS.items():
            if re.match(wall, name) and not any(path.startswith(place) for place in places):
                breach("wall", path, number, f"<{name}> belongs to {' '.join(places)}")
        target = owner(name, known) if (ROOT / name).exists() else None
        if allowed is not None and target and target not in allowed:
            breach("layer", path, number, f'"{name}" is of module {target}, which {mine} does not depend on')


def check_cycles(graph, breach):
    state = {}

    def visit(node, trail):
        state[node] = 1
        for following in graph.get(node, ()):
            if state.get(following) == 1:
                breach("cycle", node, 1, " -> ".join(trail[trail.index(following):] + [following]))
            elif following not in state:
                visit(following, trail + [following])
        state[node] = 2

    for node in sorted(graph):
        if node not in state:
            visit(node, [node])


def check_words(path, text, breach):
    if path == "tests/lint.py":
        return
    code = path.endswith((".cc", ".h", ".py", ".proto", ".cmake", "CMakeLists.txt"))
    for number, line in enumerate(text.split("\n"), 1):
        for word, why in WORDS.items():
            if (code or "path" in why) and re.search(word, line):
                breach("word", path, number, f"{why}: {line.strip()[:60]}")
        in_test = path.endswith("_test.cc") or path.startswith("tests/")
        if in_test and SLEEPS.search(line) and path not in SLEEPS_ALLOWED:
            breach("sleep", path, number, "tests wait for conditions")


def main():
    breaches = {rule: [] for rule in RULES}

    def breach(rule, path, number, what):
        breaches[rule].append(f"{path}:{number}: {rule}: {what}")

    known, graph = modules(), {}
    for path in tracked():
        if not path.endswith((".cc", ".h", ".py", ".proto", ".md", ".cmake", ".txt", ".toml", ".json", ".yaml")):
            continue
        text = (ROOT / path).read_text(errors="replace")
        check_words(path, text, breach)
        limit = next((lines for end, lines in SIZES if path.endswith(end)), 0)
        if limit and text.count("\n") > limit:
            breach("size", path, text.count("\n"), f"more than {limit} lines")
        if path.endswith((".cc", ".h")):
            check_includes(path, text, known, breach)
            graph[path] = [name for _, quote, name in includes(text) if quote == '"' and (ROOT / name).exists()]
    check_layers(breach)
    for what in reasons.breaches(ROOT) if (ROOT / "base/reject.cc").exists() else ():
        breach("reason", "base/reject.cc", 1, what)
    check_cycles({node: following for node, following in graph.items() if node.endswith(".h")}, breach)
    if "--json" in sys.argv:
        print(json.dumps(breaches))
        return
    for name, why in reasons.NOT_REACHABLE.items():
        print(f"reason {name} is not reachable in this version: {why}")
    for lines in breaches.values():
        for line in lines:
            print(line)
    count = sum(map(len, breaches.values()))
    print(f"{count} breaches" if count else f"lint: {len(graph)} sources hold to the rules")
    sys.exit(1 if count else 0)


main()
