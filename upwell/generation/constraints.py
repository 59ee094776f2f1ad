"""Texts of a given form: JSON that a schema describes, or what a regular expression matches.

Before each draw every token with which the text could no longer come to a right end is ruled out (Willard and Louf 2023); the
end of the text is allowed where the text is complete. llguidance keeps the books.
"""

from __future__ import annotations

import json
import weakref
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch
from torch import Tensor

from upwell.errors import UserError
from upwell.generation.sampling import SamplingOptions
from upwell.text.tokenizers import Tokenizer

if TYPE_CHECKING:
    import llguidance

MAX_CHARACTERS = 50_000
"""Of a schema or pattern: a longer one takes seconds to prepare."""
SPELLING = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "}
"""JSON as Python writes it: a model that may put in blanks at will might never end."""
LIMITS = {
    "initial_lexer_fuel": 100_000,
    "step_lexer_fuel": 50_000,
    "step_max_items": 20_000,
    "max_lexer_states": 50_000,
}
"""Of the work at the start and for one token, so that one text does not hold up those beside it: some ten milliseconds."""

_vocabularies: weakref.WeakKeyDictionary[Tokenizer, llguidance.LLTokenizer] = weakref.WeakKeyDictionary()


class FormTooComplex(UserError):
    """The form of a text cannot be followed within the limits."""

    def __init__(self) -> None:
        super().__init__("the schema or pattern is too complex to be followed; ask for a simpler one")


class Constraint(Protocol):
    """What a text that is being written may become."""

    def allowed(self) -> Tensor:
        """Which ids may come next, as booleans (V,). Raises FormTooComplex."""

    def push(self, token: int) -> bool:
        """Take an allowed token; returns whether the text is complete and nothing may follow."""


class GuidedConstraint(Constraint):
    """A constraint that also makes some of what is allowed likelier."""

    @abstractmethod
    def guide(self, logits: Tensor) -> Tensor:
        """What the model says of the next token (V,), with what is wanted raised; called before `allowed`."""


def constraint_of(options: SamplingOptions, tokenizer: Tokenizer) -> Constraint | None:
    """The constraint that `options` ask for, at its beginning; a UserError for a form that cannot be had."""
    if options.json_schema is not None:
        return _Matcher(_schema_grammar(options.json_schema), "JSON schema", tokenizer)
    if options.regex is not None:
        return _Matcher(
            _library().LLMatcher.grammar_from_regex(_bounded(options.regex, "pattern")), "pattern", tokenizer
        )
    return None


class _Matcher:
    def __init__(self, grammar: str, what: str, tokenizer: Tokenizer) -> None:
        library = _library()
        self._size = tokenizer.vocab_size
        self._matcher = library.LLMatcher(
            _vocabulary(tokenizer), grammar, log_level=0, limits=library.LLParserLimits(**LIMITS)
        )
        if self._matcher.is_error():
            raise UserError(f"{what}: {_reason(self._matcher.get_error())}")
        self.allowed()  # the first one costs most; who asked should hear of it before any text is written

    def allowed(self) -> Tensor:
        bits = np.frombuffer(self._matcher.compute_bitmask(), np.uint8)
        if self._matcher.is_error():
            raise FormTooComplex
        return torch.from_numpy(np.unpackbits(bits, bitorder="little")[: self._size]).bool()

    def push(self, token: int) -> bool:
        self._matcher.consume_token(token)
        return self._matcher.is_stopped() and not self._matcher.is_error()


def _library() -> Any:
    try:
        import llguidance
    except ImportError as error:
        raise UserError('texts of a given form need one more package: pip install "upwell[serve]"') from error
    return llguidance


def _schema_grammar(schema: str) -> str:
    try:
        if not isinstance(json.loads(_bounded(schema, "JSON schema")), dict):
            raise UserError("JSON schema: is not an object")
        return str(_library().LLMatcher.grammar_from_json_schema(schema, overrides=SPELLING))
    except (ValueError, RecursionError) as error:
        raise UserError(f"JSON schema: {_reason(str(error))}") from error


def _bounded(text: str, what: str) -> str:
    if len(text) > MAX_CHARACTERS:
        raise UserError(f"{what}: has {len(text)} characters; {MAX_CHARACTERS} are the most")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise UserError(f"{what}: holds half of a surrogate pair, which is no character") from None
    return text


def _vocabulary(tokenizer: Tokenizer) -> llguidance.LLTokenizer:
    if tokenizer not in _vocabularies:
        library = _library()
        wrapped = library.TokenizerWrapper(_Vocabulary(tokenizer))
        _vocabularies[tokenizer] = library.LLTokenizer(wrapped, n_vocab=tokenizer.vocab_size)
    return _vocabularies[tokenizer]


class _Vocabulary:
    """A tokenizer as the library wants to see it."""

    bos_token_id = None

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.eos_token_id = tokenizer.end_of_text
        self.special_token_ids = [tokenizer.end_of_text]
        self.tokens = [tokenizer.token_bytes(token) for token in range(tokenizer.vocab_size)]
        self._encode = tokenizer.encode

    def __call__(self, text: bytes) -> list[int]:
        return [int(i) for i in self._encode(text.decode("utf-8"))]


def _reason(message: str) -> str:
    """The line of the library's message that tells what is wrong."""
    lines = message.splitlines() or [""]
    return next((line.removeprefix("error: ") for line in lines if line.startswith("error: ")), lines[0])
