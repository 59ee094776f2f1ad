"""The size dial: one number, the non-embedding parameters wanted, fixes width and depth."""

from __future__ import annotations

import re
from typing import Any

from upwell.errors import UserError
from upwell.model.config import MAX_BLOCKS, MAX_WIDTH, MIXERS, NetworkConfig, parse_pattern

ASPECT = {"rnn": 128, "lstm": 128, "gru": 128, "mingru": 96, "attention": 40}
"""Width divided by depth that the dial aims at, by family; measured in docs/experiments.md, "aspect"."""
MATRICES = {"rnn": 2, "lstm": 8, "gru": 6, "mingru": 3, "attention": 4}
"""Parameters of a mixer in units of width squared."""
CROSS_MATRICES = 4
"""Parameters of a block's attention to a source in units of width squared."""
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
    if _is_family(model):
        unit = matrices_in(pattern, causal=causal)
        blocks = pattern * (depth or max(2, _layers(size, unit, pattern[0])))
    elif depth is not None and depth != len(pattern):
        raise UserError(f"model {model!r} has {len(pattern)} blocks; leave out --depth {depth}, or name one family")
    else:
        blocks = pattern
    unit = matrices_in(blocks, causal=causal)
    maps = (embedding_width or 0) * (2 if options.get("tied", True) else 1)
    shape = _shape(size, blocks, unit, maps)
    return _config(
        shape, options, embedding_width, vocab_size=vocab_size, blocks=blocks, context=context, causal=causal
    )


def encoder_decoder_config(
    model: str,
    size: int,
    *,
    vocab_size: int,
    context: int,
    source_vocab_size: int = 0,
    depth: int | None = None,
    embedding_width: int | None = None,
    **options: object,
) -> NetworkConfig:
    """The config of an encoder and what writes behind it, nearest to `size` non-embedding parameters together.

    `model`: a family or pattern of both sides, or two divided by an arrow (`gru -> lstm lstm`), that of the encoder first. Both
    sides are of one width. Families are as deep as `depth`, as the pattern of the other side, or as the dial chooses. The
    shares of the parameters follow: an encoder reads both ways, and what writes has attention to the source in each block.
    """
    reading, arrow, writing = model.rpartition("->")
    sides = [reading if arrow else writing, writing]
    patterns = [parse_pattern(side) for side in sides]
    named = [len(pattern) for side, pattern in zip(sides, patterns, strict=True) if not _is_family(side)]
    if depth is not None and any(number != depth for number in named):
        raise UserError(f"model {model!r} names its blocks; leave out --depth {depth}, or name a family")
    layers = depth or max(named or [1, _layers(size, _matrices_in_both(*patterns), patterns[1][0])])
    encoder, blocks = (
        pattern * layers if _is_family(side) else pattern for side, pattern in zip(sides, patterns, strict=True)
    )
    maps = (embedding_width or 0) * (1 + (source_vocab_size > 0) + bool(options.get("tied", True)))
    shape = _shape(size, encoder + blocks, _matrices_in_both(encoder, blocks), maps)
    return _config(
        shape,
        {"encoder": encoder, "source_vocab_size": source_vocab_size, **options},
        embedding_width,
        vocab_size=vocab_size,
        blocks=blocks,
        context=context,
    )


def _is_family(model: str) -> bool:
    return model.strip().removesuffix("+mlp").removesuffix("-mlp") in MIXERS


def _layers(size: int, unit: int, block: str) -> int:
    """Layers of `unit` width^2 parameters at the aspect of the family of `block`."""
    ideal: float = (size / (unit * ASPECT[block.partition("+")[0]] ** 2)) ** (1 / 3)
    return round(ideal)


def _shape(size: int, blocks: tuple[str, ...], unit: int, maps: int) -> dict[str, int]:
    """Width, heads and hidden channels for `blocks` of `unit` width^2 parameters in all, and maps of `maps` times width."""
    if not 1 <= len(blocks) <= MAX_BLOCKS:
        raise UserError(f"depth {len(blocks)}: choose from 1 to {MAX_BLOCKS}")
    half = maps / (2 * unit)
    width = (half**2 + size / unit) ** 0.5 - half  # the positive root
    if width > MAX_WIDTH:
        raise UserError(f"size {count_text(size)} at depth {len(blocks)} needs width {width:.0f}, above {MAX_WIDTH}")
    step = 64 if width >= 512 else 32 if width >= 192 else 16 if width >= 64 else 4
    width = max(4, step * round(width / step))
    head_width = 64 if width % 64 == 0 and width >= 512 else 32 if width % 32 == 0 and width >= 96 else 16
    heads = width // head_width if width % head_width == 0 else 1
    has_mlp = any(block.endswith("+mlp") for block in blocks)
    mlp_width = 8 * max(1, round(width / 3)) if has_mlp else 0
    return {"width": width, "heads": heads, "kv_heads": heads, "mlp_width": mlp_width}


def _config(
    shape: dict[str, int], options: dict[str, object], embedding_width: int | None, **fields: Any
) -> NetworkConfig:
    embedding_width = None if embedding_width == shape["width"] else embedding_width
    return NetworkConfig(**{**shape, **fields, "embedding_width": embedding_width, **options})


def _matrices_in_both(encoder: tuple[str, ...], blocks: tuple[str, ...]) -> int:
    return matrices_in(encoder, causal=False) + matrices_in(blocks) + CROSS_MATRICES * len(blocks)


def matrices_in(blocks: tuple[str, ...], *, causal: bool = True) -> int:
    """Parameters of blocks in units of width squared; where they are not causal, recurrent mixers read both ways."""
    found = 0
    for block in blocks:
        mixer = block.partition("+")[0]
        directions = 1 if causal or mixer == "attention" else 2
        found += directions * MATRICES[mixer] + (MLP_MATRICES if block.endswith("+mlp") else 0)
    return found
