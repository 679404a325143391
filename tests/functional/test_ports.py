"""Nodes that are down keep their ports: no two workers are given the same one."""

import socket

from ports import BLOCK, Ports


def test_two_workers_have_no_port_in_common():
    workers = [Ports() for _ in range(4)]
    given = [{worker.next() for _ in range(BLOCK // 2)} for worker in workers]
    assert len(set().union(*given)) == sum(map(len, given)) == 4 * (BLOCK // 2)


def test_what_listens_already_is_passed_over():
    worker = Ports()
    port = int(worker.next().split(":")[1])
    with socket.create_server(("127.0.0.1", port + 1)):
        assert worker.next() == f"127.0.0.1:{port + 2}"
