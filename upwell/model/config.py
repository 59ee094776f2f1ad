"""What a network is, as data: one frozen dataclass, and the little language that names its blocks."""

from __future__ import annotations

import dataclasses
import difflib
import re
from dataclasses import dataclass
from typing import Any, Self

from upwell.errors import UserError

MIXERS = ("rnn", "lstm", "gru", "mingru", "attention")
MIXERS_WITH_MLP = ("mingru", "attention")
"""Mixers that are (nearly) linear along the channels, so that a block needs a channel MLP beside them."""

HEADS = ("tokens", "classes", "tags", "spans", "choices", "words")
"""What a network can say."""

STACKS = ("encoder", "blocks")
"""The fields that name blocks."""

MAX_BLOCKS = 512
MAX_READERS = 64
MAX_WIDTH = 1 << 16
MAX_VOCABULARY = 1 << 24
MAX_CONTEXT = 1 << 24


@dataclass(frozen=True, kw_only=True)
class NetworkConfig:
    """The shape of a network. Every number that decides a tensor's size is here and nowhere else."""

    vocab_size: int
    """Number of token ids, control tokens included."""
    blocks: tuple[str, ...]
    """One mixer name per block, followed by `+mlp` where the block also has a channel MLP."""
    width: int
    """Channels of the residual stream, D."""
    encoder: tuple[str, ...] = ()
    """Blocks that read a source, both ways, for the others to look into as they write; empty: there is none."""
    source_vocab_size: int = 0
    """Number of token ids of the source, where they are not those of what is written; 0: they are, and share the embedding."""
    causal: bool = True
    """Whether a token sees only those before it, as one that writes must; false: an encoder, in which every token sees the
    whole text, recurrent mixers reading it in both directions."""
    bags: bool = False
    """Whether what stands at a place is a bag of ids (B, T, F), whose embeddings are added up and divided by the root of
    their number; id 0 stands for none. A word may so be known by its parts."""
    head: str = "tokens"
    """What the network says: tokens, by the embedding or a matrix of their number; classes of a text; tags of its tokens; pieces of
    a passage that answer a question; which of several answers is right; or an answer in words of the vocabulary."""
    outputs: int = 0
    """Classes or tags there are; of spans, the tokens of the longest; of words, those of the longest answer; 1 for choices;
    0 for tokens."""
    readers: int = 1
    """Networks side by side that learn the same, each from weights of its own; above 1 for a head of words alone."""
    embedding_width: int | None = None
    """Channels of the token embeddings, E; None: those of the stream. With another number a linear map leads from them to
    the stream, and one back before a tied head (Lan et al. 2020, section 3.1)."""
    heads: int = 1
    """Query heads of each attention mixer; divides the width."""
    kv_heads: int = 1
    """Key/value heads of each attention mixer; divides the query heads (Ainslie et al. 2023)."""
    mlp_width: int = 0
    """Hidden channels of each gated channel MLP (Shazeer 2020); 0 where no block has one."""
    context: int = 256
    """Longest sequence, in tokens, that attention without a window may see; also the training window."""
    window: int | None = None
    """Attention reaches back over this many tokens, itself included; None: over the whole context."""
    boundary: int | None = None
    """Token id that begins a document: attention does not look past it, neither in training nor later; None: no such
    token. Set where documents are learned as wholes, so that a model reads one the same whatever stood before it."""
    late_keys: int = 0
    """How many of the key/value heads, the last ones, have late keys: a token's value stands behind the key of the token
    before it, so that a query finds what followed its like ("smeared keys", Olsson et al. 2022). Their queries begin as
    their keys."""
    rope_base: float = 10000.0
    """Base of the rotary position angles (Su et al. 2021)."""
    qk_norm: bool = False
    """RMSNorm on queries and keys, as in Qwen3; without it the shape is Llama's."""
    nonlinearity: str = "tanh"
    """Of the rnn mixer: tanh or relu."""
    tied: bool = True
    """The output head uses the embedding matrix (Press & Wolf 2017)."""
    embedding_dropout: float = 0.0
    """Share of token types whose embedding is dropped in a batch (Gal & Ghahramani 2016)."""
    dropout: float = 0.0
    """Locked dropout on the input of every mixer and MLP: one mask for all time steps (Gal & Ghahramani 2016)."""
    weight_drop: float = 0.0
    """DropConnect on the recurrent matrices (Merity et al. 2018)."""
    output_dropout: float = 0.0
    """Locked dropout on the input of the output head."""

    def __post_init__(self) -> None:
        _require_integer("vocab_size", self.vocab_size, 1, MAX_VOCABULARY)
        _require_integer("width", self.width, 1, MAX_WIDTH)
        if self.embedding_width is not None:
            _require_integer("embedding_width", self.embedding_width, 1, MAX_WIDTH)
        _require_integer("context", self.context, 1, MAX_CONTEXT)
        _require_integer("mlp_width", self.mlp_width, 0, 16 * MAX_WIDTH)
        _require_integer("heads", self.heads, 1, self.width)
        _require_integer("kv_heads", self.kv_heads, 1, self.heads)
        _require_integer("late_keys", self.late_keys, 0, self.kv_heads)
        if self.window is not None:
            _require_integer("window", self.window, 1, MAX_CONTEXT)
        if self.boundary is not None:
            _require_integer("boundary", self.boundary, 0, self.vocab_size - 1)
        _require_integer("source_vocab_size", self.source_vocab_size, 0, MAX_VOCABULARY)
        _require_blocks("blocks", self.blocks, 1)
        _require_blocks("encoder", self.encoder, 0)
        if any(block.endswith("+mlp") for block in self.encoder + self.blocks) != (self.mlp_width > 0):
            raise UserError("network config: mlp_width must be above 0 exactly where a block has +mlp")
        has_attention = any(block.startswith("attention") for block in self.encoder + self.blocks)
        if has_attention or self.encoder:
            if self.width % self.heads or self.heads % self.kv_heads:
                raise UserError(
                    f"network config: width {self.width} must be a multiple of heads {self.heads}, "
                    f"and heads a multiple of kv_heads {self.kv_heads}"
                )
            if (self.width // self.heads) % 2 and has_attention:
                raise UserError(
                    f"network config: width / heads = {self.width // self.heads} must be even (rotary pairs)"
                )
        if not self.causal and (self.boundary is not None or self.late_keys):
            raise UserError("network config: boundary and late_keys are of causal networks alone")
        if self.source_vocab_size and not self.encoder:
            raise UserError("network config: source_vocab_size must be 0 where no encoder reads a source")
        if self.encoder and (not self.causal or self.boundary is not None or self.bags or self.head != "tokens"):
            raise UserError("network config: behind an encoder stands a causal network over tokens, without a boundary")
        _require_integer("outputs", self.outputs, 0, MAX_VOCABULARY)
        _require_integer("readers", self.readers, 1, MAX_READERS)
        if self.readers > 1 and self.head != "words":
            raise UserError("network config: readers must be 1 where the head is not of words")
        if self.head not in HEADS:
            raise UserError(f"network config: head {self.head!r}: choose among {', '.join(HEADS)}")
        if (self.outputs > 0) != (self.head != "tokens"):
            raise UserError("network config: outputs must be above 0 exactly where the head is not of tokens")
        if self.bags and self.head == "tokens":
            raise UserError("network config: bags of ids can be read, not written; choose another head than tokens")
        if self.nonlinearity not in ("tanh", "relu"):
            raise UserError(f"network config: nonlinearity {self.nonlinearity!r} is neither tanh nor relu")
        for name in ("causal", "bags", "tied", "qk_norm"):
            if not isinstance(getattr(self, name), bool):
                raise UserError(f"network config: {name} must be true or false")
        for name in ("embedding_dropout", "dropout", "weight_drop", "output_dropout"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1:
                raise UserError(f"network config: {name} must be a number from 0 to below 1, not {value!r}")
        if (
            isinstance(self.rope_base, bool)
            or not isinstance(self.rope_base, int | float)
            or not 1 < self.rope_base < 1e12
        ):
            raise UserError(f"network config: rope_base must be a number above 1, not {self.rope_base!r}")

    @property
    def mixers(self) -> tuple[str, ...]:
        """The mixer of each block, without `+mlp`; not those of the encoder."""
        return tuple(block.partition("+")[0] for block in self.blocks)

    @property
    def family(self) -> str:
        """The one mixer of all blocks, or `hybrid`."""
        names = set(self.mixers)
        return names.pop() if len(names) == 1 else "hybrid"

    def describe(self) -> str:
        """The blocks in words: `lstm lstm`, with `reading both ways` where they are no causal network, and those of an encoder
        first."""
        blocks = " ".join(self.blocks)
        if self.encoder:
            return f"{' '.join(self.encoder)} reading both ways, then {blocks}"
        return blocks if self.causal else f"{blocks} reading both ways"

    @property
    def reading(self) -> NetworkConfig:
        """The config of the encoder alone, as a network that is not causal."""
        return dataclasses.replace(
            self,
            vocab_size=self.source_vocab_size or self.vocab_size,
            blocks=self.encoder,
            encoder=(),
            source_vocab_size=0,
            causal=False,
            late_keys=0,
            mlp_width=self.mlp_width if any(block.endswith("+mlp") for block in self.encoder) else 0,
        )

    def to_dict(self) -> dict[str, Any]:
        """All fields as JSON values."""
        return {**dataclasses.asdict(self), **{name: list(getattr(self, name)) for name in STACKS}}

    @classmethod
    def from_dict(cls, values: Any) -> Self:
        """The config held in JSON `values`; an unknown or missing key is a UserError that names the nearest one."""
        fields = {field.name: field for field in dataclasses.fields(cls)}
        check_keys(values, known=list(fields), where="network config")
        missing = [n for n, f in fields.items() if f.default is dataclasses.MISSING and n not in values]
        if missing:
            raise UserError(f"network config: missing key {missing[0]!r}")
        values = dict(values)
        for name in STACKS:
            if not isinstance(values.get(name, []), list):
                raise UserError(f"network config: {name} must be a list of names")
            values[name] = tuple(values.get(name, []))
        return cls(**values)


def check_keys(values: Any, *, known: list[str], where: str) -> None:
    """Raise a UserError unless `values` is a JSON object whose keys are all in `known`."""
    if not isinstance(values, dict):
        raise UserError(f"{where}: expected a JSON object, found {type(values).__name__}")
    for key in values:
        if key not in known:
            near = difflib.get_close_matches(str(key), known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise UserError(f"{where}: unknown key {key!r}{hint}")


def _require_integer(name: str, value: Any, low: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise UserError(f"network config: {name} must be a whole number from {low} to {high}, not {value!r}")


def _require_blocks(name: str, blocks: Any, fewest: int) -> None:
    if not isinstance(blocks, tuple) or not all(isinstance(block, str) for block in blocks):
        raise UserError(f"network config: {name} must be a list of names")
    if not fewest <= len(blocks) <= MAX_BLOCKS:
        raise UserError(f"network config: {len(blocks)} {name}, expected {fewest} to {MAX_BLOCKS}")
    for block in blocks:
        mixer = block.partition("+")[0]
        if mixer not in MIXERS or block not in (mixer, f"{mixer}+mlp"):
            raise UserError(f"network config: no block {block!r}; mixers are {' '.join(MIXERS)}, with or without +mlp")


_TOKEN = re.compile(r"\s*(?:(?P<name>[a-z]+(?:[+-]mlp)?)|(?P<open>\()|(?P<close>\)(?:\s*\*\s*(?P<group>\d{1,4}))?))")


def parse_pattern(pattern: str) -> tuple[str, ...]:
    """Blocks named by a pattern such as `lstm lstm attention` or `(gru attention)*3`.

    A bare `attention` or `mingru` stands for the block with its channel MLP, as the family wants it; `attention-mlp`
    leaves the MLP out and `lstm+mlp` adds one. Groups nest. Raises a UserError for anything else.
    """
    stack: list[list[str]] = [[]]
    position = 0
    while position < len(pattern.rstrip()):
        found = _TOKEN.match(pattern, position)
        if not found:
            raise UserError(
                f"model {pattern!r}: cannot read {pattern[position:].strip()!r}; write e.g. (gru attention)*3"
            )
        position = found.end()
        if found["open"]:
            stack.append([])
        elif found["close"]:
            if len(stack) == 1:
                raise UserError(f"model {pattern!r}: a ')' without its '('")
            group = stack.pop()
            times = int(found["group"]) if found["group"] else 1
            if len(group) * times > MAX_BLOCKS:
                raise UserError(f"model {pattern!r}: more than {MAX_BLOCKS} blocks")
            stack[-1] += group * times
        else:
            stack[-1].append(_expand_block(found["name"]))
    if len(stack) > 1:
        raise UserError(f"model {pattern!r}: a '(' without its ')'")
    if not stack[0]:
        raise UserError(f"model {pattern!r}: no block; mixers are {' '.join(MIXERS)}")
    return tuple(stack[0])


def _expand_block(name: str) -> str:
    mixer = name.removesuffix("+mlp").removesuffix("-mlp")
    if mixer not in MIXERS:
        near = difflib.get_close_matches(mixer, MIXERS, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise UserError(f"model: no mixer {mixer!r}; there are {' '.join(MIXERS)}{hint}")
    wants_mlp = name.endswith("+mlp") or (mixer in MIXERS_WITH_MLP and not name.endswith("-mlp"))
    return f"{mixer}+mlp" if wants_mlp else mixer
