"""Who may come in and how much they may bring."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.serving.conftest import Log, Start
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


def test_every_answer_forbids_scripts_of_others_and_has_an_id(start: Start, log: Log) -> None:
    client = start()
    for path in ("/", "/v1/models", "/nowhere"):
        headers = client.get(path).headers
        assert "default-src 'none'; script-src 'self'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-request-id"] == log[-1]["id"]
