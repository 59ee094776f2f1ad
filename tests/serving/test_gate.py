"""Who may come in and how much they may bring."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.serving.conftest import Log, Start, listening
from upwell.errors import UserError
from upwell.serving.options import ServerOptions


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "example.org", "192.0.2.1"])
def test_other_machines_need_a_key_or_a_word(host: str) -> None:
    with pytest.raises(UserError, match="--api-key KEY, or say --open-to-all"):
        ServerOptions(host=host)
    assert not ServerOptions(host=host, api_key="secret").is_local
    assert not ServerOptions(host=host, open_to_all=True).is_local
    assert all(ServerOptions(host=local).is_local for local in ("127.0.0.1", "127.0.0.2", "::1", "localhost"))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"port": 65536}, "--port 65536"),
        ({"max_rows": 0}, "--max-rows 0: expected a number from 1"),
        ({"max_seconds": float("nan")}, "--max-seconds nan"),
        ({"memory": float("nan")}, "--memory nan: expected a number from 0.001"),
        ({"api_key": ""}, "--api-key"),
        ({"api_key": "schlüssel"}, "--api-key: expected printable ASCII"),
        ({"allowed_origins": ("example.org",)}, "--allow-origin example.org"),
        ({"allowed_origins": ("https://example.org/",)}, "--allow-origin"),
    ],
)
def test_wrong_options_are_named(options: dict[str, object], said: str) -> None:
    with pytest.raises(UserError, match=said):
        ServerOptions(**options)  # type: ignore[arg-type]


def test_a_key_is_asked_for_where_there_is_something_to_see(start: Start) -> None:
    client = start(api_key="secret")
    for path in ("/v1/models", "/v1/runs/river", "/metrics", "/nowhere"):
        for headers in (
            {},
            {"Authorization": "Bearer wrong"},
            {"Authorization": "Bearer secret2"},
            {"Authorization": "secret"},
        ):
            refused = client.get(path, headers=headers)
            assert (refused.status_code, refused.json()["error"]["code"]) == (401, "invalid_api_key")
            assert refused.headers["www-authenticate"] == "Bearer"
        assert client.get(path, headers={"Authorization": "Bearer secret"}).status_code != 401
    assert [client.get(path).status_code for path in ("/", "/health", "/docs", "/openapi.json")] == [200] * 4


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8000", "localhost.evil.example", "", "[::1", "127.0.0.1.x"]
)
def test_a_name_that_leads_here_without_being_ours_is_refused(start: Start, host: str) -> None:
    assert start().get("/v1/models", headers={"Host": host}).status_code == 421


def test_names_that_are_ours_are_not(start: Start) -> None:
    client = start(allowed_hosts=("models.example",))
    for host in ("localhost", "localhost:8000", "127.0.0.1:1", "[::1]:8000", "192.0.2.1", "models.example:80"):
        assert client.get("/health", headers={"Host": host}).status_code == 200


def raw(address: str, lines: str) -> tuple[int, bytes]:
    """Status and body of an answer to a request written by hand, which no client has put in order."""
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(lines.replace("\n", "\r\n").encode("latin-1"))
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    return int(answer.split()[1]), answer.partition(b"\r\n\r\n")[2]


def test_no_trick_of_a_path_leads_out_of_the_page_or_around_the_key(runs: list[str], log: Log) -> None:
    with listening(runs, log, api_key="secret") as address:
        for path in (
            "/page/../v1/models", "/page/%2e%2e/v1/models", "/page/..%2f..%2fapp.py", "/page/../app.py", "/page//etc/passwd",
            "/page/%00", "/page/..\\app.py", "//v1/models", "/v1/models/", "/V1/models", "/./v1/models", "/docs/../v1/models",
            "/health/../v1/models", "/reports/../v1/models", "http://127.0.0.1/v1/models", "/v1/runs/..%2f..%2friver",
            "/?/page/", "/v1/models?/page/", "/page/" + "a/" * 3000,
        ):  # fmt: skip
            status, body = raw(address, f"GET {path} HTTP/1.1\nHost: localhost\nConnection: close\n\n")
            assert status in (400, 401, 404) or (path.startswith("/?") and b"<title>" in body), path
            assert b"river" not in body and b"root:" not in body and b"import" not in body
            key = "Authorization: Bearer secret\n"
            status, body = raw(address, f"GET {path} HTTP/1.1\nHost: localhost\n{key}Connection: close\n\n")
            assert status < 500 and b"root:" not in body and b"import " not in body, path


@pytest.mark.parametrize(
    "head",
    [
        "Host: localhost\nHost: evil.example",
        "Host: evil.example\nX-Forwarded-Host: localhost",
        "Host: localhost@evil.example",
        "Host: localhost\nOrigin: http://localhost.evil.example",
        "Host: localhost\nOrigin: http://localhost:1",
        "Host: localhost\nOrigin: file://",
        "Host: localhost\nContent-Length: 2\nTransfer-Encoding: chunked\nOrigin: https://evil.example",
        "Host: localhost\nContent-Length: -1",
        "Host: localhost\nContent-Length: 99999999999999999999",
    ],
)
def test_heads_that_lie_are_refused(runs: list[str], log: Log, head: str) -> None:
    with listening(runs, log) as address:
        status, body = raw(address, f"POST /v1/embeddings HTTP/1.1\n{head}\nConnection: close\n\n")
        assert status in (400, 403, 413, 421) and b"embedding" not in body


def test_a_form_of_another_page_cannot_write(client: TestClient) -> None:
    """It is sent without asking first, as text; and without an Origin by old browsers."""
    content = b'{"input": "a", "x": "="}'
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        assert client.post("/v1/embeddings", content=content, headers={"Content-Type": kind}).status_code == 400


@pytest.mark.parametrize(
    "given", ["Bearer  secret", "Basic secret", "Bearer secret ", "Bearer", "Bearer s\u00e9cret", "Bearer SECRET"]
)
def test_a_key_is_exact(start: Start, given: str) -> None:
    refused = start(api_key="secret").get("/v1/models", headers={"Authorization": given.encode("latin-1")})
    assert refused.status_code == 401


def test_pages_of_others_may_use_nothing_unless_they_are_let(start: Start) -> None:
    here, there = "http://127.0.0.1", "https://page.example"
    client = start()
    assert client.post("/v1/embeddings", json={"input": "a"}, headers={"Origin": here}).status_code == 200
    for origin in (there, "null", "http://127.0.0.1:81"):
        refused = client.post("/v1/embeddings", json={"input": "a"}, headers={"Origin": origin})
        assert refused.status_code == 403 and "access-control-allow-origin" not in refused.headers
    client = start(allowed_origins=(there,), api_key="secret")
    asked = {
        "Origin": there,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    assert client.options("/v1/embeddings", headers=asked).headers["access-control-allow-origin"] == there
    headers = {"Origin": there, "Authorization": "Bearer secret"}
    assert client.get("/v1/models", headers=headers).headers["access-control-allow-origin"] == there


def test_a_request_that_is_too_long_is_refused_whether_it_says_so_or_not(start: Start) -> None:
    client = start(max_body_bytes=100)
    headers = {"Content-Type": "application/json"}

    def pieces() -> Iterator[bytes]:
        yield from [b'{"prompt": "'] + [b"a" * 50] * 3 + [b'"}']

    for content in (b"x" * 101, pieces()):
        refused = client.post("/v1/completions", content=content, headers=headers)
        assert refused.status_code == 413
        assert refused.json()["error"]["message"] == "the request is longer than 100 bytes"
    assert (
        client.post("/v1/completions", content=b'{"prompt": "a", "max_tokens": 1}', headers=headers).status_code == 200
    )


def test_a_prompt_beyond_the_limit_is_refused(start: Start) -> None:
    client = start(max_prompt_tokens=10)
    for path, body in (
        ("completions", {"prompt": "the cat sat on"}),
        ("embeddings", {"input": "the cat sat on"}),
        ("tasks/summarize", {"text": "the cat sat on"}),
    ):
        refused = client.post(f"/v1/{path}", json=body)
        assert (refused.status_code, refused.json()["error"]["code"]) == (400, "context_length_exceeded")


def test_a_report_has_an_address_that_only_those_with_the_key_learn(
    start: Start, runs: list[str], tmp_path: Path
) -> None:
    (tmp_path / "report.html").write_text("<p>smooth</p>", encoding="utf-8")
    client = start(report=str(tmp_path), api_key="secret")
    about = client.get("/v1/runs/river", headers={"Authorization": "Bearer secret"}).json()
    found = client.get(about["report"])
    assert found.text == "<p>smooth</p>" and found.headers["content-type"] == "text/html; charset=utf-8"
    other = start(report=str(tmp_path), api_key="secret")
    assert other.get(about["report"]).status_code == 200, "another server behind the same proxy"
    assert start(report=str(tmp_path), api_key="else").get(about["report"]).status_code == 404
    policy = found.headers["content-security-policy"]
    assert policy.endswith("sandbox") and "script" not in policy and "default-src 'none'" in policy
    for path in (
        "/reports/",
        "/reports/x",
        f"{about['report']}x",
        "/reports/../v1/models",
        "/reports/%2e%2e/v1/models",
    ):
        assert client.get(path).status_code in (401, 404), path
    (tmp_path / "report.html").unlink()
    assert client.get(about["report"]).status_code == 404
    with pytest.raises(UserError, match="no report is there"):
        start(report=str(tmp_path))


def test_the_newest_report_of_a_ladder_beside_the_run_is_found(start: Start, tmp_path: Path, runs: list[str]) -> None:
    shutil.copytree(runs[0], tmp_path / "river")
    client = start(folders=[str(tmp_path / "river")])
    assert client.get("/v1/runs/river").json()["report"] is None
    for age, name in enumerate(("emerge-2", "emerge", "notes")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "report.html").write_text(name, encoding="utf-8")
        os.utime(tmp_path / name / "report.html", (1000 - age, 1000 - age))
        if name != "notes":
            (tmp_path / name / "ladder.json").write_text("{}", encoding="utf-8")
    assert client.get(client.get("/v1/runs/river").json()["report"]).text == "emerge-2"


def test_every_answer_forbids_scripts_of_others_and_has_an_id(start: Start, log: Log) -> None:
    client = start()
    for path in ("/", "/v1/models", "/nowhere"):
        headers = client.get(path).headers
        assert "default-src 'none'; script-src 'self'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-request-id"] == log[-1]["id"]
