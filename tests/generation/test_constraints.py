"""Texts of a given form: whatever the model, what comes out has it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from upwell.errors import UserError
from upwell.generation import SamplingOptions, generate, stream
from upwell.generation.batching import Engine, Piece
from upwell.generation.constraints import MAX_CHARACTERS, FormTooComplex, constraint_of
from upwell.model.network import Network
from upwell.model.sizes import network_config
from upwell.text.tokenizer_training import train_tokenizer
from upwell.text.tokenizers import Tokenizer

jsonschema = pytest.importorskip("jsonschema", reason='jsonschema is not installed: pip install "upwell[dev]"')
pytest.importorskip("llguidance", reason='llguidance is not installed: pip install "upwell[serve]"')

TEXT = 'the cat sat on the mat. {"name": "a dog", "age": 12}\n红楼梦里有一个园子。' * 30
PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 8},
        "age": {"type": "integer", "minimum": 0, "maximum": 120},
        "mood": {"enum": ["good", "bad", "红"]},
        "friends": {"type": "array", "items": {"$ref": "#/$defs/friend"}, "maxItems": 2},
    },
    "required": ["name", "age", "mood", "friends"],
    "additionalProperties": False,
    "$defs": {
        "friend": {
            "type": "object",
            "properties": {"near": {"type": "boolean"}},
            "required": ["near"],
            "additionalProperties": False,
        }
    },
}
SCHEMAS: list[Any] = [
    PERSON,
    {"type": "string", "pattern": "^[ab]{2,5}$"},
    {"anyOf": [{"type": "null"}, {"type": "number", "minimum": -2, "maximum": 2}]},
    {"type": "string", "format": "date"},
    {"const": {"a": [1, "é"]}},
]
TOO_COMPLEX = "(a{1000}){1000}"


@pytest.fixture(scope="module", params=["char", "bpe", "byte"])
def pair(request: pytest.FixtureRequest) -> tuple[Network, Tokenizer]:
    """A model that knows nothing, of each kind of tokenizer."""
    size = {"vocab_size": 400} if request.param == "bpe" else {}
    tokenizer = train_tokenizer(request.param, [TEXT], **size)
    network = Network(network_config("gru", 3000, vocab_size=tokenizer.vocab_size, context=2000))
    network.reset_parameters(5)
    return network.eval(), tokenizer


@pytest.mark.parametrize("schema", SCHEMAS, ids=str)
@pytest.mark.parametrize("temperature", [0.0, 2.0])
def test_json_parses_and_validates(pair: tuple[Network, Tokenizer], schema: Any, temperature: float) -> None:
    options = SamplingOptions(max_tokens=400, temperature=temperature, json_schema=json.dumps(schema))
    for found in generate(*pair, ["the cat", "", "红楼：", '{"'], options):
        if found.finish_reason == "stop":
            jsonschema.validate(json.loads(found.text), schema)
        else:  # the greedy one may write digits or letters for ever where the schema lets it
            assert found.finish_reason == "length" and len(found.tokens) == 400


@pytest.mark.parametrize("pattern", ["[0-9]{3}-[a-z]{2}", "红+楼?(是|否)", "(the cat|a dog)( sat)?\\.", ".{7}", "x*?y"])
def test_a_text_matches_its_pattern_from_end_to_end(pair: tuple[Network, Tokenizer], pattern: str) -> None:
    options = SamplingOptions(max_tokens=80, temperature=1.5, regex=pattern)
    for found in generate(*pair, ["the", "红", ""], options):
        if found.finish_reason == "stop":
            assert re.fullmatch(pattern, found.text)
        else:
            assert found.finish_reason == "length"


def test_a_length_that_ends_first_is_told(pair: tuple[Network, Tokenizer]) -> None:
    [found] = generate(*pair, ["a"], SamplingOptions(max_tokens=3, json_schema=json.dumps(PERSON)))
    assert (found.finish_reason, len(found.tokens)) == ("length", 3)
    assert not found.text.endswith("}")
    [fits] = generate(*pair, ["a"], SamplingOptions(max_tokens=1, regex="a"))
    assert (fits.text, fits.finish_reason) == ("a", "stop")


def test_rows_with_forms_and_without_are_each_as_alone(pair: tuple[Network, Tokenizer]) -> None:
    forms: list[dict[str, Any]] = [{}, {"regex": "[ab]{1,9}c"}, {"json_schema": '{"type": "boolean"}'}]
    options = [SamplingOptions(max_tokens=30, temperature=0, **form) for form in forms]
    alone = [generate(*pair, ["the"], option)[0] for option in options]
    assert ["".join(stream(*pair, "the", option)) for option in options] == [found.text for found in alone]
    assert beside_each_other(pair, options) == [(found.text, found.finish_reason) for found in alone]


def test_a_form_that_becomes_too_complex_ends_its_own_text_alone(
    pair: tuple[Network, Tokenizer], monkeypatch: pytest.MonkeyPatch
) -> None:
    option = SamplingOptions(max_tokens=20, temperature=0)
    [alone] = generate(*pair, ["the"], option)
    monkeypatch.setattr("upwell.generation.rows.constraint_of", fails_after(3))
    formed = SamplingOptions(max_tokens=20, temperature=0, regex="x")
    with pytest.raises(FormTooComplex):
        generate(*pair, ["the"], formed)
    with pytest.raises(FormTooComplex):
        list(stream(*pair, "the", formed))
    (_, reason), beside = beside_each_other(pair, [formed, option])
    assert reason == "form" and beside == (alone.text, alone.finish_reason)


def fails_after(number: int) -> Callable[[SamplingOptions, Tokenizer], Any]:
    class Failing:
        def __init__(self, tokenizer: Tokenizer) -> None:
            self.inner, self.left = constraint_of(SamplingOptions(regex="a+"), tokenizer), number

        def allowed(self) -> Any:
            self.left -= 1
            if self.left < 0:
                raise FormTooComplex
            assert self.inner is not None
            return self.inner.allowed()

        def push(self, token: int) -> bool:
            return False

    return lambda options, tokenizer: Failing(tokenizer) if options.regex else None


def beside_each_other(pair: tuple[Network, Tokenizer], options: list[SamplingOptions]) -> list[tuple[str, str]]:
    """Text and reason of each, written by one engine at once."""
    engine = Engine(*pair)
    pieces: list[list[Piece]] = [[] for _ in options]
    engine.submit([engine.request("the", option, pieces[i].append) for i, option in enumerate(options)])
    engine.close()
    return [("".join(piece.text for piece in found), found[-1].finish_reason) for found in pieces]


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"json_schema": "{"}, "JSON schema: "),
        ({"json_schema": "false"}, "JSON schema: is not an object"),
        ({"json_schema": '{"type": "integer", "minimum": 3, "maximum": 1}'}, "JSON schema: Unsatisfiable schema"),
        ({"json_schema": '{"type": "strin"}'}, "JSON schema: Invalid type: strin"),
        ({"json_schema": '{"not": {"type": "string"}}'}, 'JSON schema: Unimplemented keys: \\["not"\\]'),
        ({"json_schema": '{"$ref": "http://example.org/a"}'}, "JSON schema: Resource"),
        ({"json_schema": '{"$ref": "#"}'}, "too complex"),
        ({"json_schema": '{"a": ' * 5000 + "1" + "}" * 5000}, "JSON schema: "),
        ({"json_schema": '{"enum": [' + "1, " * MAX_CHARACTERS + "1]}"}, "JSON schema: has 150013 characters"),
        ({"json_schema": '{"const": "\ud800"}'}, "JSON schema: holds half of a surrogate pair"),
        ({"regex": "("}, "pattern: unclosed group"),
        ({"regex": "(?=a)b"}, "pattern: look-around"),
        ({"regex": "(" * 5000 + ")" * 5000}, "pattern: "),
        ({"regex": TOO_COMPLEX}, "too complex"),
        ({"regex": "\ud800"}, "pattern: holds half of a surrogate pair"),
        ({"regex": "a", "json_schema": "{}"}, "a text has one form"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_forms_that_cannot_be_had_are_refused(pair: tuple[Network, Tokenizer], form: dict[str, str], said: str) -> None:
    with pytest.raises(UserError, match=said):
        generate(*pair, ["a"], SamplingOptions(**form))


def test_without_the_library_the_line_that_brings_it_is_named(
    pair: tuple[Network, Tokenizer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "llguidance", None)
    with pytest.raises(UserError, match=r'pip install "upwell\[serve\]"'):
        generate(*pair, ["a"], SamplingOptions(regex="a"))
