"""A prepared text: the folder that `upwell prepare` leaves, as training finds it.

- train.jsonl, valid.jsonl: a document a line, with text, source, number and what was found about it.
- tokenizer.json, tokens/train, tokens/valid: the tokenizer and the token stores, unless the step was left out.
- report.json, report.html: what came in and what each step did.
- prepared.json: what it was made from; written last.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from upwell.errors import UserError
from upwell.text.sources import PREPARED
from upwell.text.stores import TokenStore
from upwell.text.tokenizers import Tokenizer

PREPARED_FORMAT = 1
SPLITS = ("train", "valid")


@dataclass(frozen=True)
class Prepared:
    """A prepared text."""

    folder: Path
    content: dict[str, Any]
    """What prepared.json says: format, key, options, sources, documents, bytes, splits."""

    @property
    def has_tokens(self) -> bool:
        """Whether there are token stores for both parts."""
        return all((self.folder / "tokens" / split / "meta.json").is_file() for split in SPLITS)

    def text(self, split: str) -> Path:
        """The documents of a part, "train" or "valid"."""
        return self.folder / f"{split}.jsonl"

    def tokenizer(self) -> Tokenizer:
        """The tokenizer that was trained on the training part."""
        return Tokenizer.load(self.folder / "tokenizer.json")

    def store(self, split: str) -> TokenStore:
        """The token ids of a part."""
        return TokenStore.open(self.folder / "tokens" / split)

    def report(self) -> dict[str, Any]:
        """The content of report.json."""
        report: dict[str, Any] = json.loads((self.folder / "report.json").read_bytes())
        return report

    @property
    def description(self) -> str:
        """For people, a line or two."""
        counts = self.content
        return (
            f"{self.folder}: prepared from {', '.join(counts['sources'])}; {counts['documents']['out']:,} of "
            f"{counts['documents']['in']:,} documents stayed, {counts['bytes']['out']:,} of {counts['bytes']['in']:,} bytes"
        )


def find_prepared(spec: str | os.PathLike[str]) -> Prepared | None:
    """The prepared text in folder `spec`; None where it is something else.

    Raises UserError where its prepared.json is damaged or of another format.
    """
    folder = Path(spec)
    path = folder / PREPARED
    try:
        if not path.is_file():
            return None
        content = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: is damaged ({error}); prepare the text again with --overwrite") from error
    if not isinstance(content, dict) or content.get("format") != PREPARED_FORMAT:
        raise UserError(f"{path}: is not of format {PREPARED_FORMAT}; prepare the text again with --overwrite")
    return Prepared(folder, content)
