"""Texts in a form of verse, by models that know nothing: every one has its lines, marks, rhymes and tones."""

from __future__ import annotations

import re

import pytest

from tests.poems import TUNES, poems
from upwell.errors import UserError
from upwell.generation import SamplingOptions, generate
from upwell.generation.verse import VerseConstraint
from upwell.model.network import Network
from upwell.model.sizes import network_config
from upwell.text.tokenizer_training import train_tokenizer
from upwell.text.tokenizers import Tokenizer
from upwell.text.verse import Form, Line, learn_forms

pypinyin = pytest.importorskip("pypinyin", reason='pypinyin is not installed: pip install "upwell[tasks]"')

TEXTS = poems(60)


def model(kind: str) -> tuple[Network, Tokenizer]:
    size = {"vocab_size": 700} if kind == "bpe" else {}
    tokenizer = train_tokenizer(kind, [f"{tune}\n{author}\n{text}" for tune, author, text in TEXTS], **size)
    network = Network(network_config("gru", 3000, vocab_size=tokenizer.vocab_size, context=256))
    network.reset_parameters(3)
    return network.eval(), tokenizer


PAIRS = {kind: model(kind) for kind in ("char", "bpe")}


@pytest.fixture(scope="module")
def forms() -> dict[str, Form]:
    return learn_forms((tune, text) for tune, _, text in TEXTS)


CLASSES = [
    {"a", "ia", "ua"},
    {"o", "e", "uo"},
    {"ie", "ve"},
    {"ai", "uai"},
    {"ei", "uei"},
    {"ao", "iao"},
    {"ou", "iou"},
    {"an", "ian", "uan", "van"},
    {"en", "in", "uen", "vn"},
    {"ang", "iang", "uang"},
    {"eng", "ing", "ueng", "ong", "iong"},
    {"er", "v"},
    {"u"},
]


def finals(characters: str) -> set[str]:
    """The ends of the syllables, by another way than the library's own."""
    return {pypinyin.pinyin(character, style=pypinyin.Style.FINALS, strict=True)[0][0] for character in characters}


@pytest.mark.parametrize("kind", PAIRS)
@pytest.mark.parametrize("tune", TUNES)
@pytest.mark.parametrize("tones", [False, True])
def test_every_text_has_the_form(kind: str, tune: str, tones: bool, forms: dict[str, Form]) -> None:
    network, tokenizer = PAIRS[kind]
    form = forms[tune]
    constraints = [VerseConstraint(form, tokenizer, tones=tones) for _ in range(8)]
    options = SamplingOptions(max_tokens=form.num_characters, temperature=3.0)
    for found in generate(network, tokenizer, [f"{tune}\n"] * 8, options, constraints=constraints):
        assert found.finish_reason == "stop"
        pattern = "".join(rf"[\u4e00-\u9fff]{{{line.length}}}{line.mark}" for line in form.lines)
        assert re.fullmatch(pattern, found.text), found.text
        lines = re.findall(r"[\u4e00-\u9fff]+", found.text)
        ends = [line[-1] for line, of in zip(lines, form.lines, strict=True) if of.rhyme is not None]
        assert len(set(ends)) == len(ends)
        for group in {line.rhyme for line in form.lines} - {None}:
            ends = [line[-1] for line, of in zip(lines, form.lines, strict=True) if of.rhyme == group]
            assert any(finals("".join(ends)) <= alike for alike in CLASSES) or finals("".join(ends)) <= {"i", "er", "v"}
        if tones:
            said = "".join(lines)
            wanted = "".join(line.tones for line in form.lines)
            for character, tone in zip(said, wanted, strict=True):
                [[syllable]] = pypinyin.pinyin(character, style=pypinyin.Style.TONE3)
                assert tone == "中" or (syllable[-1] in "12") == (tone == "平"), (character, tone)


@pytest.mark.parametrize("kind", PAIRS)
def test_keywords_stand_in_the_form_too(kind: str, forms: dict[str, Form]) -> None:
    network, tokenizer = PAIRS[kind]
    for keywords in (("明月",), ("春花", "夜雨", "旧梦"), ("江云人家",)):
        constraints = [VerseConstraint(forms[TUNES[0]], tokenizer, keywords=keywords) for _ in range(4)]
        options = SamplingOptions(max_tokens=24, temperature=2.0, keywords=keywords)
        for found in generate(network, tokenizer, [""] * 4, options, constraints=constraints):
            assert found.finish_reason == "stop" and all(word in found.text for word in keywords), found.text
            assert re.fullmatch("(.{5}[。，]){4}", found.text)


def test_what_cannot_be_filled_is_told(forms: dict[str, Form]) -> None:
    tokenizer = PAIRS["char"][1]
    byte = train_tokenizer("byte", ["a"])
    with pytest.raises(UserError, match="no token for whole Han characters"):
        VerseConstraint(forms[TUNES[0]], byte)
    with pytest.raises(UserError, match="no token for '；'"):
        VerseConstraint(Form((Line(2, "；", None, "平平"),), 5, 1.0), tokenizer)
    many = Form(tuple(Line(2, "。", 0, "平平") for _ in range(90)), 5, 1.0)
    with pytest.raises(UserError, match="no class of rhymes has 90 characters"):
        VerseConstraint(many, tokenizer)
    for word, said in (("红楼梦里人家", "hardly ever"), ("春花江云人家", "no room left")):
        with pytest.raises(UserError, match=said):
            VerseConstraint(forms[TUNES[0]], tokenizer, keywords=(word,))
