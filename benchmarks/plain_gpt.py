"""A plain fp32 GPT trainer with the settings that nanoGPT publishes for a CPU: the peer of benchmarks.time_to_loss.

    python -m benchmarks.plain_gpt TRAIN.txt VALID.txt... --steps 2000

Written from the description in nanoGPT's README (Karpathy 2022, "i only have a macbook"): four layers of width 128 with four
heads, blocks of 64 characters, batches of 12, 2,000 steps, no dropout, cosine rate from 1e-3 to 1e-4 after 100 steps of
warmup, AdamW (0.9, 0.99) with decay 0.1, clipping at 1, learned positions, GELU, LayerNorm without biases, tied head. It
evaluates every 250 steps on 20 random batches and keeps the best; the loss printed at the end is over the whole validation.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

LAYERS, HEADS, WIDTH, BLOCK, BATCH = 4, 4, 128, 64, 12
RATE, LOWEST_RATE, WARMUP, DECAY = 1e-3, 1e-4, 100, 0.1
EVALUATE_EVERY, EVALUATION_BATCHES = 250, 20


class Layer(nn.Module):
    """Attention and MLP, each after a norm, each added to the stream."""

    def __init__(self) -> None:
        super().__init__()
        self.first_norm, self.second_norm = (nn.LayerNorm(WIDTH, bias=False) for _ in range(2))
        self.queries_keys_values = nn.Linear(WIDTH, 3 * WIDTH, bias=False)
        self.mixed = nn.Linear(WIDTH, WIDTH, bias=False)
        self.up, self.down = nn.Linear(WIDTH, 4 * WIDTH, bias=False), nn.Linear(4 * WIDTH, WIDTH, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        parts = self.queries_keys_values(self.first_norm(x)).unflatten(2, (3, HEADS, -1)).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(parts[0], parts[1], parts[2], is_causal=True)
        x = x + self.mixed(y.transpose(1, 2).flatten(2))
        return x + self.down(F.gelu(self.up(self.second_norm(x))))  # type: ignore[no-any-return]


class GPT(nn.Module):
    """Token and position embeddings, layers, norm, head; logits (B, T, V) of tokens (B, T)."""

    def __init__(self, vocabulary: int) -> None:
        super().__init__()
        self.tokens, self.positions = nn.Embedding(vocabulary, WIDTH), nn.Embedding(BLOCK, WIDTH)
        self.layers = nn.Sequential(*(Layer() for _ in range(LAYERS)))
        self.norm = nn.LayerNorm(WIDTH, bias=False)
        for name, parameter in self.named_parameters():
            if parameter.ndim == 2:
                last = "mixed" in name or "down" in name
                nn.init.normal_(parameter, std=0.02 / math.sqrt(2 * LAYERS) if last else 0.02)

    def forward(self, tokens: Tensor) -> Tensor:
        x = self.tokens(tokens) + self.positions.weight[: tokens.shape[1]]
        return F.linear(self.norm(self.layers(x)), self.tokens.weight)


def rate(step: int, steps: int) -> float:
    """Linear warmup, then a cosine to the lowest rate at the last step."""
    if step < WARMUP:
        return RATE * (step + 1) / (WARMUP + 1)
    share = (step - WARMUP) / max(1, steps - WARMUP)
    return LOWEST_RATE + 0.5 * (1 + math.cos(math.pi * share)) * (RATE - LOWEST_RATE)


def random_batch(ids: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Inputs and targets (12, 64) from random places."""
    starts = torch.randint(len(ids) - BLOCK - 1, (BATCH,), generator=generator)
    rows = torch.stack([ids[start : start + BLOCK + 1] for start in starts])
    return rows[:, :-1], rows[:, 1:]


def loss_of(model: GPT, inputs: Tensor, targets: Tensor) -> Tensor:
    return F.cross_entropy(model(inputs).flatten(0, 1), targets.flatten())


@torch.no_grad()
def whole_loss(model: GPT, ids: Tensor) -> float:
    """Nats a character over all of `ids`, in windows of 64, each character predicted once."""
    count = (len(ids) - 1) // BLOCK * BLOCK
    inputs, targets = ids[:count].view(-1, BLOCK), ids[1 : count + 1].view(-1, BLOCK)
    total = sum(
        float(loss_of(model, i, t)) * t.numel() for i, t in zip(inputs.split(64), targets.split(64), strict=True)
    )
    return total / count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("train", type=Path)
    parser.add_argument("valid", type=Path, nargs="+")
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1337)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    generator = torch.Generator().manual_seed(arguments.seed)
    texts = [
        arguments.train.read_text(encoding="utf-8"),
        "".join(p.read_text(encoding="utf-8") for p in arguments.valid),
    ]
    places = {character: number for number, character in enumerate(sorted(set("".join(texts))))}
    train, valid = (torch.tensor([places[character] for character in text]) for text in texts)
    model = GPT(len(places))
    matrices = [p for p in model.parameters() if p.ndim == 2]
    optimizer = torch.optim.AdamW(
        [
            {"params": matrices, "weight_decay": DECAY},
            {"params": [p for p in model.parameters() if p.ndim < 2], "weight_decay": 0.0},
        ],
        betas=(0.9, 0.99),
    )
    began, evaluating = time.perf_counter(), 0.0
    for step in range(arguments.steps):
        if step % EVALUATE_EVERY == 0:
            at = time.perf_counter()
            with torch.no_grad():
                for ids in (train, valid):
                    for _ in range(EVALUATION_BATCHES):
                        loss_of(model, *random_batch(ids, generator))
            evaluating += time.perf_counter() - at
        for group in optimizer.param_groups:
            group["lr"] = rate(step, arguments.steps)
        loss_of(model, *random_batch(train, generator)).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    seconds = time.perf_counter() - began
    print(
        json.dumps(
            {
                "loss": whole_loss(model, valid),
                "seconds": seconds,
                "seconds_of_steps": seconds - evaluating,
                "parameters": sum(p.numel() for p in model.parameters()),
                "steps": arguments.steps,
            }
        )
    )


if __name__ == "__main__":
    main()
