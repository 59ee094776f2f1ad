"""What a user asks of `upwell prepare`: one dataclass behind the command and `prepare()`."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from upwell.errors import UserError

STEPS = ("repair", "markup", "normalise", "language", "private", "quality", "duplicates", "tokens")
"""The steps by name, in their order; those on reading and writing always run."""
COLUMNS = ("words", "sentences", "stems", "lemmas", "tags")
"""What --annotate can add."""
OF_WORDS = ("stems", "lemmas", "tags")
"""The columns that hold something for each word, and so come with the words."""


@dataclass(frozen=True, kw_only=True)
class PrepareOptions:
    """Options of the preparation of a text."""

    skip: tuple[str, ...] = ()
    """Steps to leave out: repair markup normalise language private quality duplicates tokens."""
    documents: str = "file"
    """What a document of a plain text file is: file, paragraph or line."""
    encoding: str = "auto"
    """Character encoding; auto: UTF-8, and where bytes are none, line by line what they look most like."""
    errors: str = "replace"
    """What to do with bytes that do not decode, and with damaged rows: strict (stop) or replace (count and go on)."""
    column: str | None = None
    """Column of the text in tables and JSON lines; by default guessed, and stated."""
    form: str = "nfc"
    """Unicode normal form: nfc, or nfkc, which also folds compatibility characters (full width, ligatures, ²)."""
    width: str = "keep"
    """keep, or half: full-width letters and digits become half-width."""
    script: str = "keep"
    """Chinese: keep, simplified or traditional."""
    keep_language: tuple[str, ...] = ()
    """Keep only documents in this language (en, zh, … or und); repeat for several. By default all are kept."""
    quality: str = "basic"
    """Rules: basic (only what no one could want to read) or web (those of Gopher and C4, for pages from the web)."""
    private: str = "replace"
    """Private data: replace by marks such as [EMAIL], or drop the document."""
    annotate: tuple[str, ...] = ()
    """Columns to add to each text: words, sentences, stems, lemmas or tags (parts of speech); repeat for several."""
    near: float = 0.7
    """Share of five words in a row that near copies have in common; 1: only equal texts are copies."""
    valid: float = 0.05
    """Share of the bytes to hold out for validation, at most 2 MB; 0: none."""
    tokenizer: str | None = None
    """char, byte, bpe, unigram or word; by default char below a million characters, bpe above."""
    vocab_size: int | None = None
    """Tokens to learn; by default the tokenizer's usual number."""
    compare: tuple[str, ...] = ()
    """Tokenizers to train besides, of the same vocabulary, and to set beside it in the report; repeat for several."""
    workers: int | None = None
    """Processes; as many as cores if not given."""
    engine: str = "local"
    """Where batches are worked on: local, on this machine, or ray, on the cluster that RAY_ADDRESS names."""

    def __post_init__(self) -> None:
        from upwell.text.tokenizers import KINDS

        for step in self.skip:
            if step not in STEPS:
                raise UserError(f"unknown --skip {step!r}: choose among {', '.join(STEPS)}")
        for name, known in (
            ("documents", ("file", "paragraph", "line")),
            ("errors", ("strict", "replace")),
            ("form", ("nfc", "nfkc")),
            ("width", ("keep", "half")),
            ("script", ("keep", "simplified", "traditional")),
            ("quality", ("basic", "web")),
            ("private", ("replace", "drop")),
            ("engine", ("local", "ray")),
            ("tokenizer", (None, *KINDS)),
        ):
            if getattr(self, name) not in known:
                choices = ", ".join(choice for choice in known if choice)
                raise UserError(f"unknown --{name} {getattr(self, name)!r}: choose one of {choices}")
        for column in self.annotate:
            if column not in COLUMNS:
                raise UserError(f"unknown --annotate {column!r}: choose among {', '.join(COLUMNS)}")
            if column in OF_WORDS and "language" in self.skip:
                raise UserError(f"--annotate {column} needs the step language, which --skip leaves out")
        for kind in self.compare:
            if kind not in KINDS:
                raise UserError(f"unknown --compare {kind!r}: choose among {', '.join(KINDS)}")
        if not 0.5 <= self.near <= 1:
            raise UserError(f"--near {self.near}: must be from 0.5 to 1")
        if not 0 <= self.valid <= 0.5:
            raise UserError(f"--valid {self.valid}: must be from 0 to 0.5")
        if self.workers is not None and self.workers < 1:
            raise UserError(f"--workers {self.workers}: must be at least 1")
        for name, step in (
            ("keep_language", "language"),
            ("tokenizer", "tokens"),
            ("vocab_size", "tokens"),
            ("compare", "tokens"),
        ):
            if getattr(self, name) and step in self.skip:
                raise UserError(f"--{name.replace('_', '-')} needs the step {step}, which --skip leaves out")

    def what_matters(self) -> dict[str, Any]:
        """The options on which the outcome depends, as JSON values."""
        values = dataclasses.asdict(self)
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in values.items()
            if name not in ("workers", "engine")
        }
