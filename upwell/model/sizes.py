"""The size dial: one number, the non-embedding parameters wanted, fixes width and depth."""

from __future__ import annotations

import re
from dataclasses import replace

from upwell.errors import UserError
from upwell.model.config import MAX_BLOCKS, MAX_WIDTH, MIXERS, NetworkConfig, parse_pattern

ASPECT = {"rnn": 128, "lstm": 128, "gru": 128, "mingru": 96, "attention": 40}
"""Width divided by depth that the dial aims at, by family; measured in docs/experiments.md, "aspect"."""
MATRICES = {"rnn": 2, "lstm": 8, "gru": 6, "mingru": 3, "attention": 4}
"""Parameters of a mixer in units of width squared."""
MLP_MATRICES = 8
"""Parameters of a channel MLP of the usual width (8/3 of the stream) in units of width squared."""
_SUFFIX = {"": 1, "k": 10**3, "m": 10**6, "b": 10**9}


def parse_size(text: str | int | float) -> int:
    """Parameters meant by a size such as `25k`, `3m`, `1.5m` or `40000`."""
    size = round(parse_count(text, option="size"))
    if not 100 <= size <= 10**12:
        raise UserError(f"size {text!r}: choose from 100 to 1000b parameters")
    return size


def parse_count(text: str | int | float, *, option: str) -> float:
    """The number meant by `25k`, `3m`, `2e6` or `40000`; `option` is named in the UserError for anything else."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?(?:e\d+)?)\s*([kmb]?)\s*", str(text).lower().replace("_", ""))
    if not found:
        raise UserError(f"{option} {text!r}: write a number such as 25k, 3m or 40000")
    return float(found[1]) * _SUFFIX[found[2]]


def count_text(count: float) -> str:
    """A count in the dial's notation, e.g. 3540000 -> `3.54m`."""
    for suffix, scale in (("b", 1e9), ("m", 1e6), ("k", 1e3)):
        if count >= scale:
            return f"{count / scale:.3g}{suffix}"
    return f"{count:.0f}"


def network_config(
    model: str,
    size: int,
    *,
    vocab_size: int,
    context: int,
    depth: int | None = None,
    embedding_width: int | None = None,
    causal: bool = True,
    **options: object,
) -> NetworkConfig:
    """The config of family or pattern `model` nearest to `size` non-embedding parameters.

    A family name (`lstm`) lets the dial choose the depth L from the aspect width/L; `depth` pins it, then size sets the
    width alone. A pattern (`lstm lstm attention`) has its own depth. With another `embedding_width` the maps between the
    embedding and the stream count in the size. `options` are further fields of NetworkConfig.
    """
    pattern = parse_pattern(model)
    if len(pattern) == 1 and model.strip().removesuffix("+mlp").removesuffix("-mlp") in MIXERS:
        unit = matrices_in(pattern, causal=causal)
        ideal = (size / (unit * ASPECT[pattern[0].partition("+")[0]] ** 2)) ** (1 / 3)
        blocks = pattern * (depth or max(2, round(ideal)))
    elif depth is not None and depth != len(pattern):
        raise UserError(f"model {model!r} has {len(pattern)} blocks; leave out --depth {depth}, or name one family")
    else:
        blocks = pattern
    if not 1 <= len(blocks) <= MAX_BLOCKS:
        raise UserError(f"depth {len(blocks)}: choose from 1 to {MAX_BLOCKS}")
    # Blocks of unit width^2 parameters, and maps of embedding width times width: the positive root.
    unit = matrices_in(blocks, causal=causal)
    half = (embedding_width or 0) * (2 if options.get("tied", True) else 1) / (2 * unit)
    width = (half**2 + size / unit) ** 0.5 - half
    if width > MAX_WIDTH:
        raise UserError(f"size {count_text(size)} at depth {len(blocks)} needs width {width:.0f}, above {MAX_WIDTH}")
    step = 64 if width >= 512 else 32 if width >= 192 else 16 if width >= 64 else 4
    width = max(4, step * round(width / step))
    head_width = 64 if width % 64 == 0 and width >= 512 else 32 if width % 32 == 0 and width >= 96 else 16
    heads = width // head_width if width % head_width == 0 else 1
    has_mlp = any(block.endswith("+mlp") for block in blocks)
    config = NetworkConfig(
        vocab_size=vocab_size,
        blocks=blocks,
        width=width,
        heads=heads,
        kv_heads=heads,
        mlp_width=8 * max(1, round(width / 3)) if has_mlp else 0,
        context=context,
        causal=causal,
        embedding_width=None if embedding_width == width else embedding_width,
    )
    return replace(config, **options) if options else config  # type: ignore[arg-type]


def matrices_in(blocks: tuple[str, ...], *, causal: bool = True) -> int:
    """Parameters of blocks in units of width squared; where they are not causal, recurrent mixers read both ways."""
    found = 0
    for block in blocks:
        mixer = block.partition("+")[0]
        directions = 1 if causal or mixer == "attention" else 2
        found += directions * MATRICES[mixer] + (MLP_MATRICES if block.endswith("+mlp") else 0)
    return found
