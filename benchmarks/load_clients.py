"""A server in a process of its own, and clients of plain sockets that cost little beside it."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.request import urlopen

import psutil

Json = dict[str, Any]


class ServerProcess:
    """`upwell serve` on a free port of this machine; its log is a file."""

    command = (sys.executable, "-m", "upwell", "serve", "--port", "0")

    def __init__(self, run: Path, log: Path, *options: str) -> None:
        self.run, self.log, self.options = run, log, options

    def __enter__(self) -> Self:
        command = [*self.command, str(self.run), *self.options]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=log, env={**os.environ, "PYTHONUNBUFFERED": "1"}
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline().decode("utf-8")
        found = re.match(r"http://127\.0\.0\.1:(\d+) ", line)
        assert found, self.log.read_text(encoding="utf-8")
        self.port = int(found[1])
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.communicate()

    def tell_to_stop(self) -> None:
        """SIGTERM."""
        self.process.send_signal(signal.SIGTERM)

    def memory_mb(self) -> float:
        """Of the process, that lies in RAM."""
        return psutil.Process(self.process.pid).memory_info().rss / 2**20

    def figure(self, name: str) -> float:
        """One of /metrics, summed over its labels."""
        with urlopen(f"http://127.0.0.1:{self.port}/metrics") as response:
            lines = response.read().decode("utf-8").splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith(f"{name}{{"))

    def idle_after(self, seconds: float) -> float:
        """How long it takes until no text is written or waits; an AssertionError after `seconds`."""
        started = time.perf_counter()
        while self.figure("upwell_rows") + self.figure("upwell_waiting"):
            assert time.perf_counter() - started < seconds, "rows are still taken"
            time.sleep(0.02)
        return time.perf_counter() - started

    def logged(self, route: str) -> list[Json]:
        """What the log says of a route."""
        lines = map(json.loads, filter(lambda line: line.startswith("{"), self.log.read_text("utf-8").splitlines()))
        return [entry for entry in lines if entry.get("route") == route]


@dataclass
class Reply:
    """What came of a request."""

    status: int = 0
    """0: the connection ended before an answer began."""
    text: str = ""
    finish_reason: str | None = None
    error: str = ""
    first_s: float = 0.0
    """From connecting to the first piece of text."""
    gaps_s: list[float] = field(default_factory=list)
    """Between one piece and the next."""


def request_bytes(body: Json, *, path: str = "/v1/completions") -> bytes:
    """A whole request."""
    content = json.dumps(body).encode("utf-8")
    return head_bytes(path, f"Content-Length: {len(content)}") + content


def head_bytes(path: str, *headers: str) -> bytes:
    """The beginning of a POST request of JSON."""
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json", "Connection: close"]
    return "\r\n".join([*lines, *headers, "", ""]).encode("ascii")


async def stream(port: int, body: Json, *, pause: float = 0.0) -> Reply:
    """A streamed completion, each piece read as it comes, or `pause` seconds after the one before."""
    reply, started = Reply(), time.perf_counter()
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return reply
    try:
        writer.write(request_bytes({**body, "stream": True}))
        reply.status = int((await reader.readline()).split()[1])
        last = started
        while line := await reader.readline():
            if not line.startswith(b"data: ") or line.startswith(b"data: [DONE]"):
                continue
            now, event = time.perf_counter(), json.loads(line[len("data: ") :])
            if "error" in event:
                reply.error = event["error"]["message"]
                continue
            if reply.text:
                reply.gaps_s.append(now - last)
            else:
                reply.first_s = now - started
            choice, last = event["choices"][0], now
            reply.text += choice["text"]
            reply.finish_reason = choice["finish_reason"]
            if pause:
                await asyncio.sleep(pause)
    except (OSError, IndexError):  # reset, or closed before the first line
        pass
    finally:
        writer.transport.abort()
    return reply


def hang_up(writer: asyncio.StreamWriter, *, reset: bool) -> None:
    """Drop a connection, by a reset as a machine does that goes down, or by a plain end."""
    connection: socket.socket = writer.get_extra_info("socket")
    if reset:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
