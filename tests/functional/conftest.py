"""Fixtures: nodes in temporary folders, stopped and checked for crashes behind each test."""

import pytest

from federation import Node, peer_both_ways
from federation_faults import made_ready, make_federation


@pytest.fixture(scope="session")
def fresh_nodes(tmp_path_factory):
    """Nodes as `init` leaves them, by what was asked of it. Deriving keystore keys costs most of a small test, so a test
    gets a copy; one worker runs one test at a time, so the ports are free."""
    made = {}

    def fresh(name, **options):
        key = (name, repr(sorted(options.items())))
        if key not in made:
            made[key] = Node(tmp_path_factory.mktemp("fresh") / name, name, **options)
        return made[key]

    return fresh


@pytest.fixture
def make_node(tmp_path, fresh_nodes):
    nodes = []

    def make(name, **options):
        node = Node(tmp_path / name, name, copy_of=fresh_nodes(name, **options), **options)
        nodes.append(node)
        return node

    yield make
    for node in nodes:
        if node.process and node.process.poll() is None:
            node.process.kill()
            node.process.wait()


@pytest.fixture
def pair(make_node):
    """cert.norlandia and cert.estovia, running, peers of each other."""
    norlandia = make_node("cert.norlandia", nation="XN").start()
    estovia = make_node("cert.estovia", nation="XE").start()
    peer_both_ways(norlandia, estovia)
    return norlandia, estovia


@pytest.fixture
def trio(pair, make_node):
    """The pair, and volt-energy, a private partner of Norlandia alone."""
    norlandia, estovia = pair
    volt = make_node("volt-energy", nation="XN", kind="private").start()
    peer_both_ways(norlandia, volt)
    return norlandia, estovia, volt


@pytest.fixture(scope="module")
def federation(tmp_path_factory):
    """Two nodes with a shim in front of their write path; for tests that kill them and leave them alive."""
    made = make_federation(tmp_path_factory.mktemp("faults"))
    yield made
    made.kill()


@pytest.fixture
def ready(federation):
    return made_ready(federation)
