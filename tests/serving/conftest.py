"""Two tiny runs of random weights, and servers of them: in this process, or behind a socket."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.testclient import TestClient

from upwell.api import LanguageModel, QuestionAnswerer, Tagger, TextClassifier
from upwell.model.network import Network
from upwell.model.sizes import network_config
from upwell.serving import running
from upwell.serving.app import create_app
from upwell.serving.models import Models
from upwell.serving.options import ServerOptions
from upwell.text.examples import PROMPT_FORMATS
from upwell.text.tokenizer_training import train_tokenizer

TEXT = "\n".join(["the cat sat on the mat.", "a dog ran to the sea!", "红楼梦里有一个园子。", "Question: 12?"] * 20)


def make_run(folder: Path, model: str, *, seed: int = 3) -> Path:
    """A run that knows every task, and none of them well; it writes whole characters only."""
    tokenizer = train_tokenizer("char", [TEXT])
    network = Network(network_config(model, 4000, vocab_size=tokenizer.vocab_size, context=128))
    network.reset_parameters(seed)
    network.embedding_weight.data.mul_(8)
    network.embedding_weight.data[:257] = 0
    network.embedding_weight.data[0] = (
        0.9 * network.embedding_weight.data[260]
    )  # never the likeliest: greedy has no end
    LanguageModel(network, tokenizer, formats=PROMPT_FORMATS).save(folder)
    return folder


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """A recurrent one and one of attention."""
    folder = tmp_path_factory.mktemp("runs")
    return [str(make_run(folder / name, model)) for name, model in (("river", "lstm"), ("hill", "attention"))]


@pytest.fixture(scope="session")
def readers(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """A classifier, a tagger and a question answerer that learned a little."""
    folder = tmp_path_factory.mktemp("readers")
    texts = [f"a {word} film, number {i}" for i in range(12) for word in ("lovely", "dull")]
    TextClassifier(size="1k", epochs=3, threads=1).fit(texts, ["good", "bad"] * 12).save(folder / "films")
    sentences = [["the", f"cat{i}", "sat"] for i in range(12)]
    Tagger(size="1k", epochs=3, threads=1).fit(sentences, [["D", "N", "V"]] * 12).save(folder / "tags")
    places = ["garden", "park", "house"]
    told = [(f"{name} went to the {place}.", f"Where is {name}?") for name in ("Tom", "Anna", "Bo") for place in places]
    answers = [text.split()[-1].rstrip(".") for text, _ in told]
    QuestionAnswerer(size="1k", epochs=2, threads=1).fit(told * 2, answers * 2).save(folder / "places")
    return [str(folder / name) for name in ("films", "tags", "places")]


@pytest.fixture(scope="session")
def river(runs: list[str]) -> LanguageModel:
    return LanguageModel.load(runs[0])


Log = list[dict[str, Any]]
Start = Callable[..., TestClient]


@pytest.fixture
def log() -> Log:
    return []


@pytest.fixture
def start(runs: list[str], log: Log) -> Iterator[Start]:
    """Clients of servers in this process, made with changes to the options."""
    opened: list[TestClient] = []

    def open_client(*, folders: list[str] | None = None, **options: Any) -> TestClient:
        chosen = ServerOptions(**options)
        app = create_app(Models(folders or runs, chosen), chosen, write=log.append)
        opened.append(TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False))
        return opened[-1].__enter__()

    yield open_client
    for client in opened:
        client.__exit__(None, None, None)


@pytest.fixture
def client(start: Start) -> TestClient:
    return start()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, where there is one."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("there is no chromium to show the page in")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


@contextmanager
def listening(folders: list[str], log: Log, **options: Any) -> Iterator[str]:
    """The address of a server that listens, in a thread."""
    chosen = ServerOptions(**{"port": 0, **options})
    app = create_app(Models(folders, chosen), chosen, write=log.append)
    with running.listen(chosen) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(30)


def wait_until(true: Callable[[], bool], seconds: float = 10) -> None:
    """Ask again and again."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come to be"
        time.sleep(0.01)
