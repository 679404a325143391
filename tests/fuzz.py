"""Builds the fuzz targets with clang and runs each for a while. ./test --fuzz calls it; docs/development.md has the rest."""

import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
CORPUS = ROOT / "tests/fuzz/corpus"
PROGRAMS = ROOT / "build/asan/tests/fuzz"
FOUND = ROOT / "build/found"    # what ended a target; one folder each
GROWN = ROOT / "build/corpus"   # what reached something new; kept between runs
INPUT_SECONDS, MEMORY_MIB = 10, 1024
# A target that gets through fewer inputs in a run is stuck or dies at its start.
LEAST_EXECUTIONS = 100


def limits():
    """Target name -> longest input, as the program says itself."""
    said = subprocess.run([PROGRAMS / "fuzz"], capture_output=True, text=True).stderr
    return {name: int(size) for name, size in re.findall(r" (\w+):(\d+)", said)}


def run_target(name, max_len, seconds):
    """One row for tests/run.py's table: (name, passed, failed, skipped, seconds, output)."""
    found, grown = FOUND / name, GROWN / name
    for folder in (found, grown):
        folder.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    command = [PROGRAMS / name, grown, CORPUS / name, f"-max_total_time={seconds}", f"-max_len={max_len}",
               f"-timeout={INPUT_SECONDS}", f"-rss_limit_mb={MEMORY_MIB}", f"-artifact_prefix={found}/",
               "-print_final_stats=1", "-verbosity=1", "-use_value_profile=1"]
    environment = {**os.environ, "ASAN_OPTIONS": "detect_leaks=1:allocator_may_return_null=0"}
    try:
        done = subprocess.run(command, capture_output=True, env=environment, timeout=seconds + 120)
        output, code = (done.stdout + done.stderr).decode(errors="replace"), done.returncode
    except subprocess.TimeoutExpired as late:
        output, code = f"{(late.stderr or b'').decode(errors='replace')}\nstill running {late.timeout} s after its start", 1
    count = max([0, *map(int, re.findall(r"stat::number_of_executed_units: (\d+)", output))])
    coverage = max([0, *map(int, re.findall(r"cov: (\d+)", output))])
    label = f"fuzz {name} ({count} runs, cov {coverage})"
    if code == 0 and count >= LEAST_EXECUTIONS:
        return label, 1, 0, [], time.monotonic() - started, ""
    files = sorted(str(path.relative_to(ROOT)) for path in found.iterdir())
    again = "\n".join(f"again: build/asan/tests/fuzz/{name} {path}" for path in files)
    return label, 0, 1, [], time.monotonic() - started, f"{output[-6000:]}\n{again or 'no input was kept'}"


def run(seconds):
    """Every target for `seconds`, two at a time."""
    shutil.rmtree(FOUND, ignore_errors=True)
    targets, corpora = limits(), {folder.name for folder in CORPUS.iterdir()}
    if set(targets) != corpora:
        yield "fuzz targets", 0, 1, [], 0.0, f"the program has the targets {sorted(targets)}, the corpus {sorted(corpora)}"
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        yield from pool.map(lambda target: run_target(*target, seconds), targets.items())
