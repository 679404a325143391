"""Every call on the write path of one publish and of one admission goes wrong once, in every way, in real daemons.

faults.py has the rule that must hold, docs/development.md how to run one of these by hand."""

import os
import random

import pytest

from faults import KINDS, fresh
from federation import wait_for
from federation_faults import made_ready, make_federation, strike

SIZES = (10, 70_000, 3_000)  # of one publish: small, larger than a block of the log and than what lies in blob files, small
# What one publish and one admission cost at least: space, space, log, sync, head, sync; a publish also the peer's answer.
LEAST_CALLS = {"publisher": 12, "receiver": 6}
MOST_CALLS = 40  # more than any publish of SIZES; a loop that comes so far does not end by itself
STRIKES = ["kill-before", "kill-after", "torn", "eio", "full", "short"]
LONG_STRIKES = ["no-space", "quota"]
START_STEP = 11  # of the calls of a start, each how-maniest is met in CI
LEAST_START_CALLS = 60
SEEDS = int(os.environ.get("ENTENTE_FAULT_SEEDS", "1000"))
SEEDS_OF_ONE_FEDERATION = 20  # so that its stores stay small


@pytest.mark.parametrize("kind", [*STRIKES, *(pytest.param(kind, marks=pytest.mark.long) for kind in LONG_STRIKES)])
@pytest.mark.parametrize("side", ["publisher", "receiver"])
def test_every_call_of_the_write_path(ready, side, kind):
    for at in range(1, MOST_CALLS):
        strike(ready, side, kind, at, fresh(*SIZES))
        calls = ready.shims[side].calls()
        print(at, kind, calls[at - 1] if len(calls) >= at else "there was no such call")
        if len(calls) < at:
            break
    assert LEAST_CALLS[side] < at < MOST_CALLS - 1


def die_in_start(federation, side, at):
    """False when the start has fewer calls than `at`, and the node runs."""
    node, shim = federation.nodes[side], federation.shims[side]
    node.kill()
    shim.arm("kill-before", at)
    federation.start(side, wait=False)
    wait_for(lambda: federation.dead(side) or node.cli("status").returncode == 0, "the start to end, one way or the other")
    if not shim.fired:
        return False
    node.process.wait(10)
    federation.revive(side)
    return True


@pytest.mark.parametrize("step", [START_STEP, pytest.param(1, marks=pytest.mark.long)])
def test_killed_while_it_starts_over_what_a_kill_left(ready, step):
    at = 1
    while at < 400:
        texts = fresh(10, 70_000)  # for the next start to find in the log
        ready.converge(texts)
        if not die_in_start(ready, "publisher", at):
            break
        ready.converge(texts)
        at += step
    assert LEAST_START_CALLS < at < 400


def meet_seed(federation, seed):
    """Random side, fault, moment and load; sometimes also a kill while the node starts again."""
    print(f"seed {seed}: repeat with ENTENTE_SEED={seed}")
    rng = random.Random(seed)
    side, kind = rng.choice(["publisher", "receiver"]), rng.choice([*STRIKES, *LONG_STRIKES, "slow"])
    assert kind in KINDS
    texts = fresh(*(rng.choice((0, 700, 5_000, 70_000)) for _ in range(rng.randint(1, 40))))
    strike(federation, side, kind, rng.randint(1, 14 if side == "publisher" else 8), texts, delay_ms=rng.randint(1, 200))
    if rng.random() < 0.2:
        die_in_start(federation, rng.choice(["publisher", "receiver"]), rng.randint(1, 120))
        made_ready(federation)
        federation.converge(texts)


def seeds_of(block):
    if "ENTENTE_SEED" in os.environ:
        return [int(os.environ["ENTENTE_SEED"])] if block == 0 else []
    count = min(SEEDS_OF_ONE_FEDERATION, SEEDS - block * SEEDS_OF_ONE_FEDERATION)
    return [random.SystemRandom().randrange(1 << 32) for _ in range(count)]


@pytest.mark.long
@pytest.mark.parametrize("block", range((SEEDS + SEEDS_OF_ONE_FEDERATION - 1) // SEEDS_OF_ONE_FEDERATION))
def test_random_faults(tmp_path, block):
    federation = make_federation(tmp_path)
    try:
        for seed in seeds_of(block):
            meet_seed(made_ready(federation), seed)
    finally:
        federation.kill()
