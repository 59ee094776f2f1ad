"""What the server bears: crowds, clients that leave or are slow, requests that are too long, and an end under load.

python -m benchmarks.serving_load
python -m benchmarks.serving_load --redraw

`upwell serve` in a process of its own with a model of random weights; clients of plain sockets in this one. Every text is compared with
what the same request gave when it was alone. Fills the table of docs/serving.md; --redraw does so from what was recorded.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import socket
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from benchmarks.load_clients import Json, Reply, ServerProcess, hang_up, head_bytes, request_bytes, stream
from benchmarks.report import RESULTS, about, fill_table, read_result, write_result
from benchmarks.serving import PAGES, make, prompts
from upwell.api import LanguageModel

REQUESTS = 96
"""Different ones, each with a text of its own."""
SLOW, BESIDE = 16, 16
"""Clients of each slow kind, and others whose texts are timed beside them."""
STOP_SEED = 2**40
"""By which the log knows the requests of the last trial; greedy texts are the same with any."""
LONG_BODY = 100 * 10**6
PIECE = 64 * 1024


def make_run(folder: Path, size: int) -> Path:
    """A run of random weights that hardly ever ends a text by itself."""
    network, tokenizer = make("lstm", size)
    LanguageModel(network, tokenizer).save(folder)
    return folder


def make_requests() -> list[Json]:
    """Bodies that differ in prompt and length; greedy, so that each has one right text."""
    return [
        {"prompt": prompt, "max_tokens": 20 + (37 * i) % 80, "temperature": 0}
        for i, prompt in enumerate(prompts(REQUESTS, 40))
    ]


async def alone(port: int, bodies: Sequence[Json]) -> list[str]:
    """The text of each request when there is no other."""
    return [(await stream(port, body)).text for body in bodies]


def faults(reply: Reply, expected: str) -> list[str]:
    """What is wrong with a reply."""
    if reply.status != 200 or reply.error:
        return [f"status {reply.status} {reply.error}".strip()]
    if reply.text != expected:
        return ["another text"]
    return [] if reply.finish_reason == "length" else [f"ended by {reply.finish_reason}"]


async def crowd(port: int, bodies: Sequence[Json], expected: Sequence[str], *, clients: int, seconds: float) -> Json:
    """Clients that ask again as soon as they have their text; times in ms."""
    end = time.perf_counter() + seconds
    gaps: list[float] = []
    firsts: list[float] = []
    wrong: list[str] = []

    async def client(number: int) -> None:
        choices = random.Random(number)
        while time.perf_counter() < end:
            i = choices.randrange(len(bodies))
            reply = await stream(port, bodies[i])
            wrong.extend(faults(reply, expected[i]))
            gaps.extend(reply.gaps_s)
            firsts.append(reply.first_s)

    started = time.perf_counter()
    await asyncio.gather(*map(client, range(clients)))
    took = time.perf_counter() - started
    return {
        "clients": clients,
        "seconds": took,
        "texts": len(firsts),
        "wrong": len(wrong),
        "what_was_wrong": sorted(set(wrong)),
        "tokens_per_second": (len(gaps) + len(firsts)) / took,
        **{f"between_tokens_{name}_ms": value for name, value in _percentiles(gaps).items()},
        **{f"first_token_{name}_ms": value for name, value in _percentiles(firsts).items()},
    }


def _percentiles(seconds: Sequence[float]) -> dict[str, float]:
    found = np.percentile(seconds, [50, 99, 100]) * 1000
    return dict(zip(("p50", "p99", "most"), map(float, found), strict=True))


async def abort(port: int, body: Json, choices: random.Random) -> None:
    """A request whose client is gone at some moment: before it is sent, in the middle of it, or of the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    content = request_bytes({**body, "stream": choices.random() < 0.7})
    sent = choices.choice([0, choices.randrange(len(content)), len(content), len(content), len(content)])
    try:
        writer.write(content[:sent])
        await writer.drain()
        if sent == len(content):
            await asyncio.wait_for(reader.readexactly(choices.randrange(20_000)), choices.uniform(0, 0.5))
    except (TimeoutError, OSError, asyncio.IncompleteReadError):
        pass
    finally:
        hang_up(writer, reset=choices.random() < 0.5)


async def aborts(port: int, bodies: Sequence[Json], *, number: int, clients: int, seed: int = 0) -> None:
    """So many of them, `clients` at a time."""
    choices = random.Random(seed)
    left = iter(range(number))

    async def client() -> None:
        for _ in left:
            await abort(port, choices.choice(bodies), choices)

    await asyncio.gather(*(client() for _ in range(clients)))


def after_aborts(server: ServerProcess, bodies: Sequence[Json], expected: Sequence[str], number: int) -> Json:
    """Memory, rows and places before and after; every place that there is is taken once more at the end."""
    asyncio.run(aborts(server.port, bodies, number=max(50, number // 10), clients=64, seed=1))
    server.idle_after(30)
    before, started = server.memory_mb(), time.perf_counter()
    asyncio.run(aborts(server.port, bodies, number=number, clients=64))
    took = time.perf_counter() - started
    idle = server.idle_after(30)

    async def all_at_once() -> list[Reply]:
        places = [i % len(bodies) for i in range(_places(server))]
        replies = await asyncio.gather(*(stream(server.port, bodies[i]) for i in places))
        return [reply for i, reply in zip(places, replies, strict=True) if faults(reply, expected[i])]

    refused = asyncio.run(all_at_once())
    return {
        "aborted": number,
        "seconds": took,
        "idle_after_s": idle,
        "memory_before_mb": before,
        "memory_after_mb": server.memory_mb(),
        "places": _places(server),
        "places_lost": len(refused),
    }


def _places(server: ServerProcess) -> int:
    options = dict(zip(server.options[::2], server.options[1::2], strict=True))
    return int(options["--max-rows"]) + int(options["--max-waiting"])


async def beside(work: Callable[[], Awaitable[None]], measured: Awaitable[Json]) -> Json:
    """What is `measured` while `work` goes on, which is given up then."""
    task = asyncio.ensure_future(work())
    found = await measured
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return found


async def slow_clients(port: int, body: Json) -> None:
    """Clients that read little by little, that never read, and that send a byte now and then; for ever."""
    loop = asyncio.get_running_loop()
    body = {**body, "max_tokens": 2000}

    async def reads_slowly() -> None:
        while True:
            await stream(port, body, pause=0.3)

    async def never_reads() -> None:
        with socket.socket() as connection:
            connection.setblocking(False)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            await loop.sock_connect(connection, ("127.0.0.1", port))
            await loop.sock_sendall(connection, request_bytes({**body, "stream": True, "logprobs": 20}))
            await asyncio.sleep(10**6)

    async def sends_slowly() -> None:
        while True:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                for byte in request_bytes(body):
                    writer.write(bytes([byte]))
                    await writer.drain()
                    await asyncio.sleep(0.2)
            except OSError:  # it took too long
                pass
            finally:
                writer.transport.abort()

    await asyncio.gather(*(kind() for kind in (reads_slowly, never_reads, sends_slowly) for _ in range(SLOW)))


async def long_bodies(port: int, *, length: int = LONG_BODY) -> list[int]:
    """The status codes of requests that are far too long: one that says so, one that does not, by four clients each."""

    async def send(*headers: str, frame: bytes) -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        answer = asyncio.ensure_future(reader.readline())
        try:
            with suppress(OSError):  # the server hung up: it has said what it had to
                writer.write(head_bytes("/v1/completions", *headers))
                for _ in range(length // PIECE):
                    writer.write(frame)
                    await writer.drain()
            return int((await answer).split()[1])
        finally:
            answer.cancel()
            writer.transport.abort()

    piece = b"a" * PIECE
    honest = (send(f"Content-Length: {length}", frame=piece) for _ in range(4))
    silent = (send("Transfer-Encoding: chunked", frame=b"%x\r\n%s\r\n" % (PIECE, piece)) for _ in range(4))
    return list(await asyncio.gather(*honest, *silent))


async def with_long_bodies(
    server: ServerProcess, bodies: Sequence[Json], expected: Sequence[str], *, seconds: float, length: int = LONG_BODY
) -> Json:
    """Others' texts, the memory and the answers while such requests come in without end."""
    statuses: list[int] = []
    most = [before := server.memory_mb()]

    async def send() -> None:
        while True:
            statuses.extend(await long_bodies(server.port, length=length))
            most.append(server.memory_mb())

    found = await beside(send, crowd(server.port, bodies, expected, clients=BESIDE, seconds=seconds))
    refused = statuses.count(413)
    return {**found, "refused": refused, "not_refused": len(statuses) - refused, "memory_growth_mb": max(most) - before}


def stop_under_load(server: ServerProcess, bodies: Sequence[Json], expected: Sequence[str], *, clients: int) -> Json:
    """SIGTERM while all clients wait for texts and others go on coming: who was let in gets the whole text."""

    async def ask_until_it_is_gone(number: int, told: asyncio.Event) -> list[tuple[int, Reply]]:
        choices, replies = random.Random(number), []
        while not replies or replies[-1][1].status:
            i = choices.randrange(len(bodies))
            replies.append((i, await stream(server.port, {**bodies[i], "seed": STOP_SEED})))
            told.set()
        return replies

    async def under_load() -> tuple[list[tuple[int, Reply]], float]:
        told = asyncio.Event()
        asking = asyncio.gather(*(ask_until_it_is_gone(number, told) for number in range(clients)))
        await told.wait()
        at = time.perf_counter()
        server.tell_to_stop()
        return [reply for replies in await asking for reply in replies], at

    replies, told_at = asyncio.run(under_load())
    code = server.process.wait(60)
    stopped_at = time.perf_counter()
    right = [reply for i, reply in replies if not faults(reply, expected[i])]
    let_in = [entry for entry in server.logged("/v1/completions") if entry.get("seed") == STOP_SEED]
    return {
        "clients": clients,
        "let_in": len(let_in),
        "lost": len(let_in) - len(right),
        "exit_code": code,
        "stopped_after_s": stopped_at - told_at,
    }


def measure(run: Path, log: Path, arguments: argparse.Namespace) -> Json:
    """All of it, one after the other."""
    bodies = make_requests()
    options = ("--max-rows", str(arguments.clients), "--max-waiting", "64", "--threads", str(arguments.threads))
    figures: Json = {"size": arguments.size, "threads": arguments.threads}

    def note(name: str, found: Json) -> None:
        figures[name] = found
        print(name, found, flush=True)

    with ServerProcess(run, log, *options) as server:
        expected = asyncio.run(alone(server.port, bodies))
        figures["different_texts"] = len(set(expected))
        seconds = 60 * arguments.minutes
        note("crowd", asyncio.run(crowd(server.port, bodies, expected, clients=arguments.clients, seconds=seconds)))
        note("aborts", after_aborts(server, bodies, expected, arguments.aborts))
        note("few", asyncio.run(crowd(server.port, bodies, expected, clients=BESIDE, seconds=arguments.beside)))
        slow = crowd(server.port, bodies, expected, clients=BESIDE, seconds=arguments.beside)
        note("slow_clients", asyncio.run(beside(lambda: slow_clients(server.port, bodies[0]), slow)))
        server.idle_after(30)
        note("long_bodies", asyncio.run(with_long_bodies(server, bodies, expected, seconds=arguments.beside)))
        note("stop", stop_under_load(server, bodies, expected, clients=arguments.clients))
    return figures


def table(figures: Json, *, zh: bool) -> str:
    """A row for each trial."""
    crowd, aborts, few, slow, long, stop = (
        figures[name] for name in ("crowd", "aborts", "few", "slow_clients", "long_bodies", "stop")
    )

    def waits(found: Json) -> str:
        return f"{found['between_tokens_p50_ms']:.0f} / {found['between_tokens_p99_ms']:.0f} ms"

    texts = sum(found["texts"] for found in (crowd, few, slow, long))
    wrong = sum(found["wrong"] for found in (crowd, few, slow, long))
    minutes = crowd["seconds"] / 60
    first = f"{crowd['first_token_p50_ms']:.0f} / {crowd['first_token_p99_ms']:.0f} ms"
    memory = f"{aborts['memory_before_mb']:.0f} → {aborts['memory_after_mb']:.0f} MB"
    if zh:
        head = ["| 考验 | 结果 |", "|---|---|"]
        rows = {
            "所有文字，与单独写时相比": f"{texts:,} 段，{wrong} 段有错",
            f"{crowd['clients']} 个客户端，{minutes:.0f} 分钟：词元之间，中位数 / 第 99 百分位": waits(crowd),
            "同上：到第一个词元": first,
            "同上：每秒词元": f"{crowd['tokens_per_second']:,.0f}",
            f"{aborts['aborted']:,} 个在随机时刻断开的请求：内存": memory,
            "同上：没有空出的位置": f"{aborts['places']} 个中 {aborts['places_lost']} 个",
            f"{few['clients']} 个客户端：词元之间": waits(few),
            f"同样多，旁边有 {3 * SLOW} 个读得慢、不读、发得慢的": waits(slow),
            f"同样多，旁边有 {long['refused']} 个 100 MB 的请求（全部拒绝）": waits(long),
            "同上：内存增加": f"{long['memory_growth_mb']:.0f} MB",
            f"{stop['clients']} 个客户端时的 SIGTERM": f"收下 {stop['let_in']} 个请求，丢失 {stop['lost']} 个",
        }
    else:
        head = ["| trial | found |", "|---|---|"]
        rows = {
            "all texts, beside those of the same requests alone": f"{texts:,}, {wrong} wrong",
            f"{crowd['clients']} clients for {minutes:.0f} minutes: between tokens, median / 99th percentile": waits(
                crowd
            ),
            "the same: to the first token": first,
            "the same: tokens a second": f"{crowd['tokens_per_second']:,.0f}",
            f"{aborts['aborted']:,} requests dropped at random moments: memory": memory,
            "the same: places that did not come back": f"{aborts['places_lost']} of {aborts['places']}",
            f"{few['clients']} clients: between tokens": waits(few),
            f"as many, beside {3 * SLOW} that read slowly, never read, or send slowly": waits(slow),
            f"as many, beside {long['refused']} requests of 100 MB, all refused": waits(long),
            "the same: memory grew by": f"{long['memory_growth_mb']:.0f} MB",
            f"SIGTERM among {stop['clients']} clients": f"{stop['let_in']} requests let in, {stop['lost']} lost",
        }
    return "\n".join([*head, *(f"| {name} | {found} |" for name, found in rows.items())])


def redraw() -> None:
    """Write the recorded table into both pages."""
    result = read_result("serving_load")
    for name, zh in PAGES.items():
        path = RESULTS.parent / name
        content = f"{table(result['figures'], zh=zh)}\n\n{about(result, zh=zh)}"
        path.write_text(
            fill_table(path.read_text(encoding="utf-8"), "serving load", content), encoding="utf-8", newline="\n"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=3_000_000)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--aborts", type=int, default=10_000)
    parser.add_argument("--beside", type=float, default=30.0, help="seconds beside slow clients and long requests")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--redraw", action="store_true", help="only write the recorded table into the pages")
    arguments = parser.parse_args()
    if arguments.redraw:
        redraw()
        return
    with tempfile.TemporaryDirectory() as folder:
        run = make_run(Path(folder) / "run", arguments.size)
        figures = measure(run, Path(folder) / "log", arguments)
    write_result("serving_load", figures)
    redraw()


if __name__ == "__main__":
    main()
