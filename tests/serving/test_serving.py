"""A server behind a socket: the clients that people have, crowds, those who leave, and the end."""

from __future__ import annotations

import functools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import numpy as np
import pytest
from pydantic import BaseModel
from starlette.testclient import TestClient

from tests.serving.conftest import Log, listening, wait_until
from upwell.api import LanguageModel

openai = pytest.importorskip("openai", reason="openai is not installed: pip install upwell[dev]")


class Person(BaseModel):
    name: Literal["Tom", "安娜"]
    is_here: bool


@pytest.fixture
def address(runs: list[str], log: Log) -> Iterator[str]:
    """Of a server with room for two texts and one that waits."""
    with listening(runs, log, max_rows=2, max_waiting=1, max_tokens=10**6, api_key="secret") as address:
        yield address


def client_of(address: str, **options: Any) -> Any:
    return openai.OpenAI(base_url=f"{address}/v1", api_key="secret", **options)


def figure(address: str, name: str) -> float:
    request = Request(f"{address}/metrics", headers={"Authorization": "Bearer secret"})
    with urlopen(request) as response:
        lines = response.read().decode().splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith(f"{name}{{"))


def test_the_official_client_works_unchanged(address: str, river: LanguageModel) -> None:
    with client_of(address) as client:
        assert [model.id for model in client.models.list()] == ["river", "hill"]
        options = {"model": "river", "max_tokens": 15, "seed": 3, "temperature": 1.0}
        expected = river.generate("the cat", max_tokens=15, seed=3, temperature=1.0)
        done = client.completions.create(prompt="the cat", logprobs=2, **options)
        assert done.choices[0].text == expected and done._request_id.startswith("req-")
        parts = client.completions.create(prompt="the cat", stream=True, extra_body={"top_k": 0}, **options)
        assert "".join(part.choices[0].text for part in parts) == expected
        messages: Any = [{"role": "user", "content": "the cat"}]
        reply = client.chat.completions.create(messages=messages, logprobs=True, top_logprobs=3, n=2, **options)
        assert len(reply.choices) == 2 and len(reply.choices[0].logprobs.content[0].top_logprobs) == 3
        with client.chat.completions.stream(messages=messages, **options) as stream:
            for _ in stream:
                pass
            streamed = stream.current_completion_snapshot
        assert streamed.choices[0].message.content == reply.choices[0].message.content
        parsed = client.chat.completions.parse(
            messages=messages, response_format=Person, **options | {"max_tokens": 60}
        )
        assert isinstance(parsed.choices[0].message.parsed, Person)
        vectors = client.embeddings.create(model="river", input=["the cat", "a dog"]).data
        assert [np.linalg.norm(vector.embedding) for vector in vectors] == pytest.approx([1, 1], abs=1e-5)
        with pytest.raises(openai.NotFoundError, match="no model is called 'nobody'"):
            client.completions.create(model="nobody", prompt="a")
        with pytest.raises(openai.BadRequestError, match="echo"):
            client.completions.create(model="river", prompt="a", echo=True)
    with (
        openai.OpenAI(base_url=f"{address}/v1", api_key="wrong") as stranger,
        pytest.raises(openai.AuthenticationError),
    ):
        stranger.models.list()


def test_a_crowd_is_served_exactly_and_the_rest_told_to_come_back(address: str, river: LanguageModel) -> None:
    endless: dict[str, Any] = {"model": "river", "prompt": "a", "max_tokens": 10**6, "temperature": 0, "stream": True}
    with client_of(address, max_retries=0) as client:
        streams = [client.completions.create(**endless) for _ in range(3)]
        with pytest.raises(openai.RateLimitError) as refused:
            client.completions.create(**endless)
        assert refused.value.response.headers["retry-after"] == "1"
        for stream in streams:
            stream.close()
        wait_until(lambda: figure(address, "upwell_rows") + figure(address, "upwell_waiting") == 0)
    with client_of(address, max_retries=60) as patient, ThreadPoolExecutor(6) as crowd:
        prompts = ["the cat", "a dog", "红楼", "to", "sea", "ran"]
        texts = crowd.map(
            lambda prompt: patient.completions.create(model="river", prompt=prompt, max_tokens=20, temperature=0),
            prompts,
        )
        assert [done.choices[0].text for done in texts] == river.generate(prompts, max_tokens=20, temperature=0)


@pytest.mark.parametrize("path", ["completions", "completions-stream", "tasks/summarize"])
def test_who_leaves_frees_the_row_at_once(runs: list[str], log: Log, path: str) -> None:
    stream = path.endswith("stream")
    with listening(runs, log, max_tokens=10**7, max_seconds=100) as address:
        host, port = address.removeprefix("http://").split(":")
        body: dict[str, Any] = {"prompt": "a", "max_tokens": 10**7, "temperature": 0, "stream": stream}
        if path.startswith("tasks"):
            body = {"text": "the cat " * 2000}
        content = json.dumps(body).encode()
        head = f"POST /v1/{path.split('-')[0]} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)
            wait_until(lambda: figure(address, "upwell_rows") == 1)
            connection.settimeout(10)
            received = b""
            while stream and b"data: " not in received:  # the head may come alone
                received += (piece := connection.recv(10_000))
                assert piece, received
        wait_until(lambda: figure(address, "upwell_rows") == 0, seconds=2)
        wait_until(lambda: any(entry["route"] == f"/v1/{path.split('-')[0]}" for entry in log))
        entry = next(entry for entry in log if entry["route"] == f"/v1/{path.split('-')[0]}")
        assert entry["seconds"] < 5 and (stream or entry["status"] == 499)


def run_command(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "upwell", "serve", *words, "--port", "0", "--threads", "1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={**os.environ, "UPWELL_API_KEY": "secret"},
    )


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGTERM to catch")
def test_the_command_finishes_what_it_writes_when_it_is_told_to_stop(runs: list[str]) -> None:
    process = run_command(*runs)
    assert process.stdout is not None and process.stderr is not None
    try:
        address = process.stdout.readline().split()[0]
        body = json.dumps({"prompt": "a", "max_tokens": 3000, "temperature": 0}).encode()
        headers = {"Content-Type": "application/json", "Authorization": "Bearer secret"}
        answers: list[Any] = []

        def ask() -> None:
            with urlopen(Request(f"{address}/v1/completions", body, headers)) as response:
                answers.append(json.load(response))

        asking = threading.Thread(target=ask)
        asking.start()
        wait_until(lambda: figure(address, "upwell_rows") == 1)
        process.send_signal(signal.SIGTERM)
        asking.join(30)
        assert answers[0]["usage"]["completion_tokens"] == 3000
        assert process.wait(10) == 0
        with pytest.raises(OSError):
            urlopen(f"{address}/health", timeout=1)
        lines = process.stderr.read().splitlines()
        assert lines[-1] == "stopped" and all(json.loads(line)["status"] == 200 for line in lines[:-1])
    finally:
        process.kill()
        process.communicate()


def test_a_run_served_in_fewer_bits_writes_what_its_model_writes_alone(runs: list[str], client: TestClient) -> None:
    process = run_command(*runs, "--precision", "int8", "--max-rows", "2")
    assert process.stdout is not None
    try:
        address = process.stdout.readline().split()[0]
        prompts = ["the cat", "a dog", "红楼", "sea"]
        options: dict[str, Any] = {"max_tokens": 60, "seed": 3, "temperature": 8}
        with client_of(address) as people, ThreadPoolExecutor(len(prompts)) as crowd:

            def ask(model: str, prompt: str) -> Any:
                return people.completions.create(model=model, prompt=prompt, logprobs=0, **options).choices[0]

            served = {model: list(crowd.map(functools.partial(ask, model), prompts)) for model in ("river", "hill")}
        for (model, choices), folder in zip(served.items(), runs, strict=True):
            alone = LanguageModel.load(folder, precision="int8")
            assert [choice.text for choice in choices] == [alone.generate(prompt, **options) for prompt in prompts]
            body = {"model": model, "prompt": prompts[0], "logprobs": 0, **options}
            in_fp32 = client.post("/v1/completions", json=body).json()["choices"][0]["logprobs"]["token_logprobs"]
            found = choices[0].logprobs.token_logprobs
            assert found[0] != in_fp32[0] and found[0] == pytest.approx(in_fp32[0], rel=0.05)
    finally:
        process.kill()
        process.communicate()


def test_what_cannot_be_served_is_said_in_one_line(runs: list[str], tmp_path: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for words, said in (
            ([str(tmp_path / "none")], "no such run"),
            ([runs[0], runs[0]], "another run is called river too"),
            ([], "name the folder of a run"),
            ([runs[0], "--host", "0.0.0.0"], "--open-to-all"),
            ([runs[0], "--port", str(port)], f"127.0.0.1, port {port}: "),
        ):
            from upwell.cli import main

            assert main(["serve", *words]) == 2, said


def test_an_open_connection_without_a_request_keeps_nobody_out(address: str) -> None:
    host, port = address.removeprefix("http://").split(":")
    idle = [socket.create_connection((host, int(port))) for _ in range(50)]
    started = time.monotonic()
    with pytest.raises(HTTPError, match="401"):
        urlopen(f"{address}/v1/models")
    assert time.monotonic() - started < 2
    for connection in idle:
        connection.close()
