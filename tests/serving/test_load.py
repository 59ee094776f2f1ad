"""Under load: the trials of benchmarks/serving_load.py in seconds, with a model that is tiny."""

from __future__ import annotations

import asyncio
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.load_clients import Json, ServerProcess, request_bytes, stream
from benchmarks.serving_load import after_aborts, alone, beside, crowd, slow_clients, stop_under_load, with_long_bodies
from tests.serving.conftest import Log, listening, wait_until
from upwell.serving import running

BODIES: list[Json] = [
    {"prompt": f"{start} {word}", "max_tokens": 10 + 3 * place, "temperature": 0}
    for place, start in enumerate(["the cat", "a dog", "红楼", "Question:"])
    for word in ("sat", "on", "the sea", "梦")
]


@pytest.fixture(scope="module")
def server(runs: list[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    log = tmp_path_factory.mktemp("load") / "log"
    options = ("--max-rows", "64", "--max-waiting", "16", "--threads", "1")
    with ServerProcess(Path(runs[0]), log, *options) as started:
        yield started


@pytest.fixture(scope="module")
def expected(server: ServerProcess) -> list[str]:
    texts = asyncio.run(alone(server.port, BODIES))
    assert len(set(texts)) == len(BODIES)
    return texts


def test_a_crowd_gets_the_texts_that_each_would_get_alone(server: ServerProcess, expected: list[str]) -> None:
    found = asyncio.run(crowd(server.port, BODIES, expected, clients=64, seconds=1))
    assert found["wrong"] == 0, found["what_was_wrong"]
    assert found["texts"] >= 64


def test_memory_rows_and_places_come_back_from_clients_that_leave(server: ServerProcess, expected: list[str]) -> None:
    found = after_aborts(server, BODIES, expected, 150)
    assert found["places_lost"] == 0 and found["idle_after_s"] < 5
    assert found["memory_after_mb"] - found["memory_before_mb"] < 30


def test_slow_clients_and_long_requests_change_no_text_of_others(server: ServerProcess, expected: list[str]) -> None:
    others = crowd(server.port, BODIES, expected, clients=8, seconds=1)
    found = asyncio.run(beside(lambda: slow_clients(server.port, BODIES[0]), others))
    assert found["wrong"] == 0 and found["texts"] >= 8
    found = asyncio.run(with_long_bodies(server, BODIES, expected, seconds=0.5, length=8 * 10**6))
    assert found["wrong"] == found["not_refused"] == 0 and found["refused"]
    assert found["memory_growth_mb"] < 30


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGTERM to catch")
def test_an_end_under_load_loses_nobody_who_was_let_in(server: ServerProcess, expected: list[str]) -> None:
    found = stop_under_load(server, BODIES, expected, clients=32)
    assert found["lost"] == 0 and found["let_in"] >= 32
    assert found["exit_code"] == 0


def never_reads(address: str) -> socket.socket:
    """A client that asks for more than fits on the way to it, and takes none of it."""
    host, port = address.removeprefix("http://").split(":")
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect((host, int(port)))
    body = {"prompt": "a", "max_tokens": 3000, "temperature": 0, "stream": True, "logprobs": 20}
    connection.sendall(request_bytes(body))
    return connection


def test_who_reads_nothing_is_left_at_the_deadline(runs: list[str], log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("upwell.serving.completions.LAST_WORD_SECONDS", 0.2)
    with listening(runs, log, max_seconds=1) as address:
        with never_reads(address):
            wait_until(lambda: any(entry["route"] == "/v1/completions" for entry in log), seconds=5)
        assert asyncio.run(stream(int(address.rsplit(":")[-1]), BODIES[0])).status == 200


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="only Linux drops stalled connections")
def test_a_stalled_connection_is_dropped(runs: list[str], log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    assert running.STALLED_SECONDS >= 30
    monkeypatch.setattr(running, "STALLED_SECONDS", 1)
    started = time.monotonic()
    with listening(runs, log) as address, never_reads(address):
        wait_until(lambda: any(entry["route"] == "/v1/completions" for entry in log), seconds=8)
    assert time.monotonic() - started < 10
