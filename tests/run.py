"""Builds, runs every test, and prints one table of what ran and what was skipped and why. ./test calls it."""

import argparse
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as xml

import fuzz

ROOT = pathlib.Path(__file__).resolve().parents[1]


def build(preset, targets):
    started = time.monotonic()
    build_dir = ROOT / "build" / preset
    if not (build_dir / "build.ninja").exists():
        subprocess.run(["cmake", "--preset", preset], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["ninja", "-C", str(build_dir), "--quiet", *targets], check=True)
    print(f"built {preset} in {time.monotonic() - started:.0f} s", flush=True)
    return build_dir


# What the unit tests of a build are told beside their own environment. A build with sanitizers does less of the same.
ENVIRONMENTS = {
    "release": {"ENTENTE_CUT_STEP": "5"},
    "asan": {"ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0:malloc_context_size=8", "LSAN_OPTIONS": f"suppressions={ROOT}/tests/lsan.supp",
             "ENTENTE_SEEDS": "20", "ENTENTE_CUT_STEP": "53"},
    "tsan": {"TSAN_OPTIONS": f"suppressions={ROOT}/tests/tsan.supp:second_deadlock_stack=1", "ENTENTE_SEEDS": "20",
             "ENTENTE_CUT_STEP": "53"},
    "all": {"ENTENTE_SEEDS": "1000", "ENTENTE_CUT_STEP": "1"},
}
# Under the thread sanitizer: of the store, what runs on several threads; its own checks are minutes of one thread. Of whole nodes
# all but what one thread decides about objects, alone.
THREADS_FILTER = {"storage_test": "Committer*:Journal*", "exchange_nodes_test": "-DerivedObjects*:Import*:Bundle*:MarkingDoors*"}


def run_unit(program, scratch, added):
    """Runs one GoogleTest program; returns (name, passed, failed, skipped with reasons, seconds, output)."""
    report = scratch / f"{program.name}.json"
    started = time.monotonic()
    environment = {**added, **os.environ, "GTEST_COLOR": "no"}
    if "TSAN_OPTIONS" in added and program.name in THREADS_FILTER:
        environment["GTEST_FILTER"] = THREADS_FILTER[program.name]
    try:
        done = subprocess.run([str(program), f"--gtest_output=json:{report}"], capture_output=True, timeout=1200,
                              env=environment)
        output, code = (done.stdout + done.stderr).decode(errors="replace"), done.returncode
    except subprocess.TimeoutExpired as late:
        output, code = f"timed out after {late.timeout} s", 1
    passed, failed, skipped = 0, 0, []
    if report.exists():
        for suite in json.loads(report.read_text())["testsuites"]:
            for case in suite["testsuite"]:
                name = f"{suite['name']}.{case['name']}"
                if case["result"] == "SUPPRESSED":
                    continue  # DISABLED_: the child process of another test, which runs it and counts
                if case.get("failures"):
                    failed += 1
                elif case["result"] == "SKIPPED":
                    skipped.append((name, reason_in(output, name)))
                else:
                    passed += 1
    if passed + failed + len(skipped) == 0:
        failed, output = 1, output + f"\n{program.name} ran no test"
    if code != 0 and failed == 0:
        failed = 1  # it crashed, or leaked, or never reported
    return "unit " + program.name.removesuffix("_test"), passed, failed, skipped, time.monotonic() - started, output


def reason_in(output, name):
    """The sentence that GTEST_SKIP printed before the line that reports `name` skipped."""
    lines = output.splitlines()
    for at, line in enumerate(lines):
        if "SKIPPED" in line and name in line:
            return next((earlier for earlier in reversed(lines[:at]) if earlier and "Skipped" not in earlier), "")
    return "no reason given"


def run_functional(scratch, everything):
    report = scratch / "functional.xml"
    started = time.monotonic()
    workers = str(2 * os.cpu_count())  # they wait for daemons as much as they compute
    command = ["/usr/bin/python3", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", workers,
               f"--junitxml={report}", str(ROOT / "tests/functional")]
    if not everything:
        command += ["-m", "not long"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
    output = (done.stdout + done.stderr).decode(errors="replace")
    groups = {}
    for case in xml.parse(report).iter("testcase") if report.exists() else ():
        name = "functional " + case.get("classname").split(".")[-1].removeprefix("test_")
        group = groups.setdefault(name, [0, 0, [], 0.0])
        group[3] += float(case.get("time", 0))
        skip = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            group[1] += 1
        elif skip is not None:
            group[2].append((case.get("name"), skip.get("message", "no reason given")))
        else:
            group[0] += 1
    rows = [(name, *group, "") for name, group in sorted(groups.items())]
    if done.returncode not in (0, 1) or not rows:
        rows.append(("functional", 0, 1, [], time.monotonic() - started, ""))
    return rows, output if done.returncode != 0 else ""


def run_lint():
    """One row for each rule of tests/lint.py: one passed, or each breach failed."""
    done = subprocess.run([sys.executable, ROOT / "tests/lint.py", "--json"], capture_output=True, text=True, check=True)
    for rule, breaches in json.loads(done.stdout).items():
        yield f"lint {rule}", int(not breaches), len(breaches), [], 0.0, "\n".join(breaches)


def run_fuzz(seconds):
    build("asan", ["fuzz"])
    for row in fuzz.run(seconds):
        print(row[5], end="\n" if row[5] else "", flush=True)
        yield row


def show(rows):
    print(f"\n{'what':40} {'passed':>7} {'failed':>7} {'skipped':>8} {'seconds':>8}")
    for name, passed, failed, skipped, seconds, _ in rows:
        print(f"{name:40} {passed:7} {failed:7} {len(skipped):8} {seconds:8.1f}")
    reasons = {}
    for name, _, _, skipped, _, _ in rows:
        for case, reason in skipped:
            reasons.setdefault(reason.strip(), []).append(f"{name}: {case}")
    for reason, cases in reasons.items():
        print(f"\nskipped, {reason}:")
        for case in cases:
            print(f"  {case}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--asan", action="store_true")
    parser.add_argument("--tsan", action="store_true")
    parser.add_argument("--unit", action="store_true")
    parser.add_argument("--fuzz", action="store_true", help="the fuzz targets alone")
    parser.add_argument("--seconds", type=int, help="of each fuzz target; 60, or ENTENTE_FUZZ_SECONDS (600) with --all")
    options = parser.parse_args()
    if options.fuzz:
        finish(list(run_fuzz(options.seconds or 60)))
    preset = "asan" if options.asan else "tsan" if options.tsan else "release"
    unit_alone = preset != "release" or options.unit
    threads = "all_thread_tests" if options.all else "thread_tests"
    build_dir = build(preset, [] if not unit_alone else [threads] if options.tsan else ["unit_tests"])
    added = ENVIRONMENTS["all" if options.all and preset == "release" else preset]
    rows = []
    with tempfile.TemporaryDirectory() as name:
        scratch = pathlib.Path(name)
        programs = sorted((build_dir / "tests").glob("*_test"), reverse=True)  # the longest are not last
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count() + 1) as pool:  # each waits now and then
            for row in pool.map(lambda program: run_unit(program, scratch, added), programs):
                rows.append(row)
                if row[2]:
                    print(row[5], flush=True)
        if not unit_alone:
            for row in run_lint():
                rows.append(row)
                print(row[5], end="\n" if row[5] else "", flush=True)
            functional, output = run_functional(scratch, options.all)
            rows += functional
            print(output)
    if options.all and preset == "release":
        rows += run_fuzz(options.seconds or int(os.environ.get("ENTENTE_FUZZ_SECONDS", 600)))
    finish(rows)


def finish(rows):
    show(sorted(rows, key=lambda row: row[0]))
    passed, failed = sum(row[1] for row in rows), sum(row[2] for row in rows)
    print(f"\n{passed} passed, {failed} failed", flush=True)
    sys.exit(1 if failed or not passed else 0)


main()
