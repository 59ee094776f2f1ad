"""What a user asks for when a run begins: the one dataclass behind `upwell train`, `train()` and a run's config."""

from __future__ import annotations

import dataclasses
import types
import typing
from dataclasses import dataclass
from typing import Any, Self

from upwell.errors import UserError
from upwell.model.config import check_keys

SOURCES = ("valid", "first")
"""The options that name texts."""


@dataclass(frozen=True, kw_only=True)
class TrainOptions:
    """Options of a training run. What is not given is chosen from the text, the budget and the measured machine."""

    model: str | None = None
    """Family (rnn lstm gru mingru attention) or pattern of blocks, e.g. "(gru attention)*3"; by default lstm, with
    attention above it for texts of prompts and answers."""
    size: str | None = None
    """Non-embedding parameters wanted, e.g. 25k or 3m; by default from the budget, the machine's speed and the text."""
    depth: int | None = None
    """Number of blocks; then size sets the width alone."""
    minutes: float | None = None
    """Budget: minutes of training (5 if no budget is given)."""
    tokens: float | str | None = None
    """Budget: training tokens, e.g. 2e6 or 2m."""
    epochs: float | None = None
    """Budget: passes over the training text."""
    tokenizer: str | None = None
    """char, byte, bpe, unigram or word; by default char below a million characters of text, bpe above, and word for the
    micro-world."""
    vocab_size: int | None = None
    """Tokens to learn; by default the tokenizer's usual number."""
    vectors: str | None = None
    """File of word vectors that the embeddings of tokens that are words begin with: Word2Vec, GloVe or fastText's .vec; the
    tokenizer is then word unless another is named."""
    freeze_vectors: bool = False
    """Leave those embeddings as they are in the file; the output then has a matrix of its own."""
    context: int | None = None
    """Tokens that attention can see, and the training window of attention."""
    valid: tuple[str, ...] = ()
    """Source of the validation text; repeat for several. By default a stated part of the text is held out."""
    first: tuple[str, ...] = ()
    """Text to read once before the rest, such as what is learned best alone; repeat for several, read in turn."""
    out: str | None = None
    """Folder of the run; by default runs/ and the name of the source."""
    overwrite: bool = False
    """Replace an existing run instead of choosing a new name."""
    seed: int = 0
    """Of weights, data order and dropout."""
    device: str | None = None
    """cpu or cuda; by default a GPU where there is one."""
    threads: int | None = None
    """CPU threads; by default measured."""
    dtype: str | None = None
    """float32 or bfloat16, of the computation (the weights stay float32); by default measured."""
    encoding: str = "utf-8"
    """Character encoding of the sources."""
    errors: str = "strict"
    """What to do with bytes that do not decode: strict or replace."""
    column: str | None = None
    """Column of the text in tables and JSON lines; by default guessed, and stated."""
    task: str | None = None
    """Learn from a table: write (texts for their prompts), or, not to write, classify (texts), tag (the words of sentences), answer
    (questions about passages), translate (sentences) or summarize (documents); or encode: of texts alone, for a task to begin with."""
    columns: str | None = None
    """With --task, which columns are what, e.g. text=review,label=stars, words=tokens,tags=ner, source=en,target=zh,
    document=abstract,summary=title, or for write text=poem,tune=title,author=poet; by default guessed, and stated."""
    separator: str | None = None
    """With --task classify, what divides several labels in a cell; a list of labels needs none."""
    script: str | None = None
    """With --task translate, the script that Chinese is brought to: simplified, traditional or keep (as it stands); by default
    simplified where the data mixes both."""
    window: int | None = None
    """Attention reaches back over this many tokens only."""
    learning_rate: float | None = None
    """Peak learning rate."""
    optimizer: str | None = None
    """adamw, or muon for the matrices of the blocks."""
    rows: int | None = None
    """Sequences per step."""
    length: int | None = None
    """Tokens per sequence and step."""
    accumulate: int | None = None
    """Parts that a step is cut into to save memory."""
    carry: bool | None = None
    """Carry recurrent state from window to window."""
    dropout: float | None = None
    """Locked dropout inside the blocks."""
    embedding_dropout: float | None = None
    """Share of token types dropped in a batch."""
    weight_drop: float | None = None
    """DropConnect on recurrent matrices."""
    output_dropout: float | None = None
    """Locked dropout before the head."""
    ema: float | None = None
    """Memory of the averaged weights; 0: none."""
    patience: int | None = None
    """Stop after this many validations without a new best; 0: never."""
    tensorboard: bool = False
    """Write TensorBoard files into the run as well."""

    def __post_init__(self) -> None:
        hints = typing.get_type_hints(type(self))
        for field in dataclasses.fields(self):
            value, hint = getattr(self, field.name), hints[field.name]
            allowed = hint.__args__ if isinstance(hint, types.UnionType) else (hint,)
            kinds = tuple(typing.get_origin(kind) or kind for kind in allowed)
            numeric = float in kinds and isinstance(value, int) and not isinstance(value, bool)
            if not (isinstance(value, kinds) or numeric) or (isinstance(value, bool) and bool not in kinds):
                raise UserError(f"{option_name(field.name)} {value!r}: expected {_type_words(kinds)}")

    def to_dict(self) -> dict[str, Any]:
        """All fields as JSON values."""
        return {**dataclasses.asdict(self), **{name: list(getattr(self, name)) for name in SOURCES}}

    @classmethod
    def from_dict(cls, values: Any) -> Self:
        """The options held in JSON `values`; an unknown key is a UserError that names the nearest one."""
        check_keys(values, known=[field.name for field in dataclasses.fields(cls)], where="train options")
        values = dict(values)
        for name in SOURCES:
            if isinstance(values.get(name), list) and all(isinstance(value, str) for value in values[name]):
                values[name] = tuple(values[name])
        return cls(**values)


def option_name(field: str) -> str:
    """The command-line name of a field."""
    return "--" + field.replace("_", "-")


def _type_words(kinds: tuple[type, ...]) -> str:
    words = {str: "text", int: "a whole number", float: "a number", bool: "true or false", tuple: "a list of sources"}
    return " or ".join(words[kind] for kind in kinds if kind in words)
