"""Beam search beside a plain loop of the usual kind, on one network with random weights; both must find the same texts.

python -m benchmarks.beam_search [--rounds 5] [--vocabulary 8000] [--size 400k] [--width 5]

The network is one that translates: an LSTM of `upwell`, attention to a source of vectors, a head; about 3m parameters as it comes.
Each of 64 sources has 15 to 30 tokens, and texts end near that length. The plain loop is what toolkits of recurrent translation
do in each step: log_softmax over everything, the sums over all beams, one topk over beams times vocabulary, the whole state
and all texts put in a new order, hypotheses collected row by row. It stops as exactly as ours. `same_network` is ours with
the very same network; `fp32` and `int8` are ours with LSTM and head run by `stepper(network, precision)`, the latter with
rounded weights, so that some texts are others.
"""

from __future__ import annotations

import argparse
import functools
import json
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks.report import write_result
from upwell.generation import BeamOptions, beam_search
from upwell.model.network import Network
from upwell.model.sizes import network_config, parse_size
from upwell.model.state import State, map_state
from upwell.model.stepping import stepper

Texts = list[tuple[float, list[int]]]
SOURCES = 64
BEGIN, END = 1, 0
PEAK = 9.0
"""Standard deviation of the logits of a step, so that its likeliest token has about the probability that a trained model gives."""


class Translator:
    """Logits of an LSTM that attends to a source (Luong et al. 2015, dot); its texts end near the length that the state names."""

    def __init__(self, network: Network, step: Any) -> None:
        self.network, self.step, self.device = network, step, network.device

    def state(self, sources: Tensor, lengths: Tensor) -> State:
        """After sources (B, U, D), of which `lengths` (B,) are real."""
        there = torch.arange(sources.shape[1]) < lengths[:, None]
        return {
            "lstm": self.step.initial_state(len(sources)),
            "source": sources,
            "there": there,
            "left": lengths.float(),
        }

    def __call__(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        hidden, lstm = self.step.hidden(tokens, state["lstm"])  # (B, 1, D)
        source = state["source"]
        scores = (hidden @ source.transpose(1, 2)).masked_fill(~state["there"][:, None], -torch.inf)
        logits = self.step.logits(hidden + scores.softmax(-1) @ source)
        left = state["left"] - 1
        logits[:, :, END] = PEAK * 4 - 2 * left[:, None].clamp(min=-2)
        return logits, {**state, "lstm": lstm, "left": left}


def plain_search(network: Translator, state: State, *, width: int, max_tokens: int, alpha: float) -> Texts:
    """The best text of each source and its score, as a plain loop finds it."""
    state = map_state(lambda leaf: leaf.repeat_interleave(width, 0), state)
    alive = torch.full((SOURCES * width, 1), BEGIN)
    totals = torch.tensor([0.0] + [-torch.inf] * (width - 1)).repeat(SOURCES, 1)
    numbers = list(range(SOURCES))
    found: list[list[tuple[float, list[int]]]] = [[] for _ in range(SOURCES)]
    for step in range(1, max_tokens + 1):
        logits, state = network(alive[:, -1:], state)
        scores = F.log_softmax(logits[:, -1], -1)
        size = scores.shape[1]
        scores = scores + totals.view(-1, 1)
        norm = ((5 + step) / 6) ** alpha
        scores = (scores / norm).view(len(numbers), width * size)
        best, places = scores.topk(width, -1)
        beams, tokens = places // size, places % size
        rows = (beams + torch.arange(len(numbers))[:, None] * width).view(-1)
        alive = torch.cat([alive.index_select(0, rows), tokens.view(-1, 1)], 1)
        state = map_state(lambda leaf, rows=rows: leaf.index_select(0, rows), state)  # type: ignore[misc]
        totals = best * norm
        ended = tokens == END
        if step == max_tokens:
            ended.fill_(True)
        texts = alive.view(len(numbers), width, -1)
        going = []
        for i, number in enumerate(numbers):
            for j in ended[i].nonzero().view(-1).tolist():
                if best[i, j] > -torch.inf:
                    text = texts[i, j, 1:].tolist()
                    found[number].append((float(best[i, j]), text[:-1] if text[-1] == END else text))
            totals[i, ended[i]] = -torch.inf
            attainable = float(totals[i].max()) / ((5 + max_tokens) / 6) ** alpha
            if attainable > max((score for score, _ in found[number]), default=-torch.inf):
                going.append(i)
        if not going:
            break
        if len(going) < len(numbers):
            kept = torch.tensor(going)
            rows = (kept[:, None] * width + torch.arange(width)).view(-1)
            alive, totals = alive.index_select(0, rows), totals.index_select(0, kept)
            state = map_state(lambda leaf, rows=rows: leaf.index_select(0, rows), state)  # type: ignore[misc]
            numbers = [numbers[i] for i in going]
    return [max(texts, key=lambda one: one[0]) for texts in found]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--vocabulary", type=int, default=8000)
    parser.add_argument("--size", default="400k")
    parser.add_argument("--width", type=int, default=5)
    parser.add_argument("--alpha", type=float, default=0.6)
    arguments = parser.parse_args()
    torch.set_grad_enabled(False)
    config = network_config(
        "lstm", parse_size(arguments.size), vocab_size=arguments.vocabulary, context=256, tied=False
    )
    network = Network(config)
    network.reset_parameters(0)
    network.head_weight.mul_(PEAK / 0.02 / config.width**0.5)  # type: ignore[union-attr]
    generator = torch.Generator().manual_seed(1)
    lengths = torch.randint(15, 31, (SOURCES,), generator=generator).sort().values
    sources = torch.randn(SOURCES, 30, config.width, generator=generator)
    max_tokens = 45
    options = BeamOptions(width=arguments.width, length_penalty=arguments.alpha, max_tokens=max_tokens)
    translators = {"same_network": Translator(network, network)}
    translators |= {name: Translator(network, stepper(network, name)) for name in ("fp32", "int8")}

    def ours(translator: Translator) -> Texts:
        state = translator.state(sources, lengths)
        found = beam_search(translator, state, begin=BEGIN, end=END, options=options)  # type: ignore[arg-type]
        return [(best[0].score, best[0].tokens) for best in found]

    def theirs() -> Texts:
        plain = translators["same_network"]
        state = plain.state(sources, lengths)
        return plain_search(plain, state, width=arguments.width, max_tokens=max_tokens, alpha=arguments.alpha)

    actions: dict[str, Callable[[], Texts]] = {"plain": theirs}
    actions |= {name: functools.partial(ours, translator) for name, translator in translators.items()}
    texts = {name: [text for _, text in action()] for name, action in actions.items()}  # the first call is not measured
    same = {
        name: sum(a == b for a, b in zip(texts[name], texts["plain"], strict=True)) / SOURCES for name in translators
    }
    if same["same_network"] < 1 or same["fp32"] < 1:
        raise SystemExit(f"other texts than the plain loop: {same}")
    seconds: dict[str, list[float]] = {name: [] for name in actions}
    for _ in range(arguments.rounds):
        for name, action in actions.items():
            start = time.perf_counter()
            action()
            seconds[name].append(time.perf_counter() - start)
    ratios = {name: [a / b for a, b in zip(seconds["plain"], seconds[name], strict=True)] for name in translators}
    figures = {
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "width_of_network": config.width,
        "vocabulary": config.vocab_size,
        "sources": SOURCES,
        "beams": arguments.width,
        "length_penalty": arguments.alpha,
        "mean_tokens": sum(map(len, texts["plain"])) / SOURCES,
        "same_texts": same,
        "threads": torch.get_num_threads(),
        "seconds": {
            name: {"median_s": statistics.median(times), "low_s": min(times), "high_s": max(times)}
            for name, times in seconds.items()
        },
        "times_as_fast": {
            name: {"median": statistics.median(some), "low": min(some), "high": max(some)}
            for name, some in ratios.items()
        },
    }
    print(json.dumps(figures, indent=1))
    write_result("beam_search", figures, repeats=arguments.rounds)


if __name__ == "__main__":
    main()
