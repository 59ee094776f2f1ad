"""What the engine of the server is worth: many texts at once, a long prompt beside others, a chat that grows.

python -m benchmarks.serving
python -m benchmarks.serving --redraw

Models of random weights with 3,000 tokens, on one thread, without HTTP. Fills the table of docs/serving.md; --redraw does so from what
was recorded.
"""

from __future__ import annotations

import argparse
import queue
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import torch

from benchmarks.report import RESULTS, about, fill_table, read_result, write_result
from upwell.generation import SamplingOptions, generate
from upwell.generation.batching import Engine, Piece
from upwell.model.network import Network
from upwell.model.sizes import network_config
from upwell.text.tokenizer_training import train_tokenizer
from upwell.text.tokenizers import Tokenizer

LETTERS = "".join(chr(0x4E00 + i) for i in range(3000 - 257))
MODELS = ("lstm", "gru", "attention", "lstm attention-mlp lstm")
REQUESTS, ROWS, PROMPT, WRITTEN = 32, 16, 40, 100
TURNS = 10
LONG_PROMPT = 4000
OPTIONS = SamplingOptions(max_tokens=WRITTEN, temperature=1.0)
PAGES = {"serving.md": False, "serving.zh.md": True}
"""Of docs; whether they are in Chinese."""


def make(model: str, size: int) -> tuple[Network, Tokenizer]:
    """A model that hardly ever ends its text by itself."""
    tokenizer = train_tokenizer("char", [LETTERS])
    network = Network(network_config(model, size, vocab_size=tokenizer.vocab_size, context=16_384))
    network.reset_parameters(0)
    network.embedding_weight.data[:257] = 0
    return network.eval(), tokenizer


def prompts(number: int, length: int) -> list[str]:
    """Texts of `length` tokens, no two alike."""
    return ["".join(LETTERS[(97 * i + 31 * j * j) % len(LETTERS)] for j in range(length)) for i in range(number)]


class Client:
    """Waits for texts of an engine, and notes when each piece came."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.pieces: queue.Queue[tuple[int, float, Piece]] = queue.Queue()
        self.times: dict[int, list[float]] = {}
        self.texts: dict[int, str] = {}

    def ask(self, number: int, prompt: str, options: SamplingOptions, *, seed: int = 0) -> None:
        """Hand in a text under a number."""

        def deliver(piece: Piece) -> None:
            self.pieces.put((number, time.perf_counter(), piece))

        self.times[number], self.texts[number] = [], ""
        self.engine.submit([self.engine.request(prompt, options, deliver, seed=seed)])

    def wait(self) -> None:
        """Until all are written."""
        going = len(self.times)
        while going:
            number, at, piece = self.pieces.get()
            self.times[number].append(at)
            self.texts[number] += piece.text
            going -= bool(piece.finish_reason)


def throughput(network: Network, tokenizer: Tokenizer) -> dict[str, float]:
    """Tokens a second of all requests: one after the other, in batches that wait for their slowest, by the engine."""
    asked = prompts(REQUESTS, PROMPT)
    lengths = [WRITTEN // 4 + (37 * i) % (3 * WRITTEN // 4) for i in range(REQUESTS)]
    options = [replace(OPTIONS, max_tokens=length) for length in lengths]

    def one_by_one() -> list[str]:
        return [generate(network, tokenizer, [asked[i]], options[i], seeds=[i])[0].text for i in range(REQUESTS)]

    def in_batches() -> list[str]:
        texts: list[str] = []
        for start in range(0, REQUESTS, ROWS):
            rows = range(start, start + ROWS)
            longest = max(lengths[i] for i in rows)
            written = generate(
                network, tokenizer, [asked[i] for i in rows], replace(OPTIONS, max_tokens=longest), seeds=list(rows)
            )
            texts += [text.text[: lengths[i]] for i, text in zip(rows, written, strict=True)]
        return texts

    def by_engine() -> list[str]:
        engine = Engine(network, tokenizer, max_rows=ROWS, max_waiting=REQUESTS)
        client = Client(engine)
        for i in range(REQUESTS):
            client.ask(i, asked[i], options[i], seed=i)
        client.wait()
        engine.close()
        return [client.texts[i] for i in range(REQUESTS)]

    found = {}
    for name, way in {"one_by_one": one_by_one, "in_batches": in_batches, "engine": by_engine}.items():
        seconds, written = timed(way)
        found[f"{name}_tokens_per_second"] = sum(map(len, written)) / seconds
    return found


def same_texts(network: Network, tokenizer: Tokenizer) -> dict[str, float]:
    """The share of texts that are to the letter those of `generate` alone, greedy ones and drawn ones."""
    asked = prompts(REQUESTS, PROMPT)
    found = {}
    for name, options in {"greedy": replace(OPTIONS, temperature=0), "drawn": OPTIONS}.items():
        engine = Engine(network, tokenizer, max_rows=ROWS, max_waiting=REQUESTS)
        client = Client(engine)
        for i in range(REQUESTS):
            client.ask(i, asked[i], options, seed=i)
        client.wait()
        engine.close()
        alone = [generate(network, tokenizer, [asked[i]], options, seeds=[i])[0].text for i in range(REQUESTS)]
        found[f"same_{name}_texts"] = sum(client.texts[i] == alone[i] for i in range(REQUESTS)) / REQUESTS
    return found


def long_prompt(network: Network, tokenizer: Tokenizer) -> dict[str, float]:
    """The longest wait of four texts for a token while a long prompt comes in: read in pieces, and read whole."""
    found = {}
    for name, piece in (("pieces", 512), ("whole", LONG_PROMPT)):
        engine = Engine(network, tokenizer, max_rows=ROWS, cache_bytes=0)
        engine._batch.prefill_tokens = piece
        client = Client(engine)
        for i, prompt in enumerate(prompts(4, PROMPT)):
            client.ask(i, prompt, replace(OPTIONS, max_tokens=400))
        time.sleep(0.2)
        client.ask(4, prompts(1, LONG_PROMPT)[0], replace(OPTIONS, max_tokens=1))
        client.wait()
        engine.close()
        gaps = [
            after - before
            for i in range(4)
            for before, after in zip(client.times[i], client.times[i][1:], strict=False)
        ]
        found[f"longest_wait_{name}_ms"] = 1000 * max(gaps)
        found["usual_wait_ms"] = 1000 * statistics.median(gaps)
    return found


def growing_chat(network: Network, tokenizer: Tokenizer) -> dict[str, float]:
    """Seconds of a chat of ten turns, with states kept and without."""
    found = {}
    for name, kept in (("kept", 64 * 2**20), ("anew", 0)):
        engine = Engine(network, tokenizer, cache_bytes=kept)
        history, started = prompts(1, 400)[0], time.perf_counter()
        for said in prompts(TURNS, PROMPT):
            client = Client(engine)
            client.ask(0, history, replace(OPTIONS, max_tokens=10))
            client.wait()
            history += client.texts[0] + said
        found[f"chat_{name}_s"] = time.perf_counter() - started
        engine.close()
    return found


def timed(function: Callable[[], list[str]]) -> tuple[float, list[str]]:
    started = time.perf_counter()
    result = function()
    return time.perf_counter() - started, result


def middle(rows: Sequence[dict[str, float]]) -> dict[str, float]:
    """The median of each figure."""
    return {name: statistics.median(row[name] for row in rows) for name in rows[0]}


def table(figures: dict[str, Any], *, zh: bool) -> str:
    """A row for each model."""
    head = (
        "| 模型 | 逐个，词元/秒 | 分批 | 引擎 | 长开头旁最久的等待 | 若整段来读 | 十轮对话 | 若重读 |"
        if zh
        else "| model | one by one, tokens/s | in batches | engine | longest wait beside a long prompt | were it read whole "
        "| chat of ten turns | were it read anew |"
    )
    rows = [
        f"| `{row['model']}` | {row['one_by_one_tokens_per_second']:,.0f} | {row['in_batches_tokens_per_second']:,.0f} | "
        f"{row['engine_tokens_per_second']:,.0f} | {row['longest_wait_pieces_ms']:.0f} ms | "
        f"{row['longest_wait_whole_ms']:.0f} ms | {row['chat_kept_s']:.2f} s | {row['chat_anew_s']:.2f} s |"
        for row in figures["models"]
    ]
    return "\n".join([head, "|---|---|---|---|---|---|---|---|", *rows])


def redraw() -> None:
    """Write the recorded table into both pages."""
    result = read_result("serving")
    for name, zh in PAGES.items():
        path = RESULTS.parent / name
        content = f"{table(result['figures'], zh=zh)}\n\n{about(result, zh=zh)}"
        path.write_text(
            fill_table(path.read_text(encoding="utf-8"), "serving", content), encoding="utf-8", newline="\n"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=300_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--redraw", action="store_true", help="only write the recorded table into the pages")
    arguments = parser.parse_args()
    if arguments.redraw:
        redraw()
        return
    torch.set_num_threads(1)
    figures: dict[str, Any] = {"size": arguments.size, "requests": REQUESTS, "rows": ROWS, "models": []}
    for model in MODELS:
        network, tokenizer = make(model, arguments.size)
        measures = (throughput, long_prompt, growing_chat)
        rows = [
            {name: value for measure in measures for name, value in measure(network, tokenizer).items()}
            for _ in range(arguments.repeats)
        ]
        figures["models"].append({"model": model, **middle(rows), **same_texts(network, tokenizer)})
        print(model, {name: round(value, 2) for name, value in middle(rows).items()}, flush=True)
    write_result("serving", figures, repeats=arguments.repeats)
    redraw()


if __name__ == "__main__":
    main()
