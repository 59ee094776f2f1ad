"""Every view: oracle, options, splits, formats, balance."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter, defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upwell.errors import UserError
from upwell.text.examples import LANGUAGES, PROMPT_FORMATS, SPLITS, Example, PromptFormat, prompt_format
from upwell.world.audit import audit, draw_examples, run_hashes
from upwell.world.chance import Chance
from upwell.world.entropy import bounds
from upwell.world.specification import LEVELS, VIEW_NAMES
from upwell.world.views.arithmetic import Problem, final_number, split_of_pair
from upwell.world.views.classification import SENTIMENT, TOPIC, TOPIC_LABEL, feelings_in
from upwell.world.views.fewshot import RULES
from upwell.world.views.passages import WHY
from upwell.world.views.qa import answer_from, read_question
from upwell.world.views.situations import State, read_clauses, say_text
from upwell.world.views.views import VIEWS


def some(view: str, count: int, split: str = "train", *, levels: tuple[int, ...] = LEVELS) -> list[Example]:
    return [e for language in LANGUAGES for e in draw_examples(view, language, split, count, levels=levels)]


def test_views_formats_and_names_are_the_same_list() -> None:
    assert tuple(VIEWS) == VIEW_NAMES
    assert set(PROMPT_FORMATS) == {(view, language) for view in VIEW_NAMES for language in LANGUAGES}
    assert sum(view.share for view in VIEWS.values()) == 100


@pytest.mark.parametrize("view", VIEW_NAMES)
@pytest.mark.parametrize("split", SPLITS)
def test_oracle_is_right_everywhere(view: str, split: str) -> None:
    for example in some(view, 40, split):
        assert VIEWS[view].is_right(example, VIEWS[view].oracle(example)), example.text
        assert VIEWS[view].is_right(example, example.answer), example.text


@pytest.mark.parametrize("view", VIEW_NAMES)
def test_examples_are_whole(view: str) -> None:
    for example in some(view, 60):
        assert example.prompt and example.answer and example.prompt == example.prompt.strip()
        assert not example.options or example.answer in example.options
        assert len(set(example.options)) == len(example.options)
        assert 0 <= VIEWS[view].chance_level(example) <= 0.5 or example.kind == "layout"
        assert example.bits > 0 and len(example.meaning) == 16
        form = prompt_format(view, example.language)
        whole = form.reasoned(example.prompt, example.reason) if example.reason else example.prompt
        assert example.text.startswith(whole) and form.answer(example.text[len(whole) :]) == example.answer
        assert "".join(example.turns) == example.text and example.turns[0] == example.prompt
        json.dumps(example.to_dict(), allow_nan=False)


@pytest.mark.parametrize("view", VIEW_NAMES)
def test_an_example_follows_from_its_key(view: str) -> None:
    first = VIEWS[view].make(Chance("key", 7), 2, "en", "train")
    assert first == VIEWS[view].make(Chance("key", 7), 2, "en", "train")
    assert first != VIEWS[view].make(Chance("key", 8), 2, "en", "train")


def test_no_meaning_and_no_text_is_in_two_splits() -> None:
    for finding in audit(train_examples=150, test_examples=60)["test"]:
        assert (finding.meanings, finding.texts) == (0, 0), finding


def test_the_audit_finds_what_is_planted() -> None:
    own = ("train",)
    (finding,) = audit(views=("arithmetic",), languages=("en",), train_examples=90, test_examples=90, held_out=own)[
        "train"
    ]
    assert finding.texts == 90 and finding.meanings > 0
    (finding,) = audit(views=("story",), languages=("en",), train_examples=20, test_examples=20, held_out=own)["train"]
    assert finding.texts == finding.seen == 20 and finding.known_runs == finding.runs


def test_runs_are_of_thirteen_words() -> None:
    words = [letter * 2 for letter in "abcdefghijklmnopqrst"]
    assert len(run_hashes(" ".join(words))) == 8
    assert set(run_hashes(" ".join(words[2:16]))) <= set(run_hashes(" ".join(words)))
    assert len(run_hashes("short")) == 0
    assert len(run_hashes("字" * 25)) == 6
    assert len(run_hashes(" ".join(words) + "字" * 25)) == 14  # of each language its own


def test_bounds_are_positive_and_stories_are_not_free() -> None:
    found = bounds(views=("story", "qa"), levels=(1, 3), count=30)
    assert len(found) == 8
    assert all(0.02 < bound.bits_per_byte < 4 and bound.error < bound.bits_per_byte for bound in found)


@pytest.mark.parametrize("language", LANGUAGES)
def test_questions_are_answered_by_any_candidate_alike(language: str) -> None:
    """The candidate named last, and yes and no, are right as often as chance says."""
    last: defaultdict[str, list[bool]] = defaultdict(list)
    chances: defaultdict[str, list[float]] = defaultdict(list)
    for example in draw_examples("qa", language, "test", 3000, levels=(2, 3)):
        text = example.prompt.rsplit("\n", 2)[0].lower()
        bare = {
            option: option.lower().split(" ")[-1].removesuffix("里").removesuffix("上") for option in example.options
        }
        named = max(example.options, key=lambda option: text.rfind(bare[option]))
        if example.kind in ("where", "who", "what"):
            last[example.kind].append(named == example.answer)
        elif example.kind == "yes-no":
            last[example.kind].append(example.answer == example.options[-1])
        else:
            continue
        chances[example.kind].append(1 / len(example.options))
    for kind, points in last.items():
        expected = sum(chances[kind]) / len(points)
        assert abs(sum(points) / len(points) - expected) < 0.075, kind


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("split", SPLITS)
def test_questions_of_all_hops_are_in_every_split(language: str, split: str) -> None:
    """What is drawn again to keep runs of words apart is not the hard part of the questions."""
    hops: defaultdict[str, Counter[int]] = defaultdict(Counter)
    for example in draw_examples("qa", language, split, 500, levels=(3,)):
        hops[example.kind][example.difficulty["hops"]] += 1
    for kind, found in hops.items():
        assert all(found[count] > 0.12 * sum(found.values()) for count in (1, 2, 3)), (kind, found)


@pytest.mark.parametrize(
    ("said", "felt"),
    [
        ("Tom was sad until Anna waved.", {"Tom": 1}),
        ("Tom was not sad until Anna waved.", {"Tom": -1}),
        ("At last, Tom was no longer sad.", {"Tom": 1}),
        ("At last, Tom stopped being happy.", {"Tom": -1}),
        ("At last, Tom was still sad.", {"Tom": -1}),
        ("In the end, nobody was sad.", {"Tom": 1, "Anna": 1}),
        ("In the end, everyone was angry.", {"Tom": -1, "Anna": -1}),
        ("In the end, everybody but Tom was happy.", {"Tom": -1, "Anna": 1}),
        ("In the end, only Tom was happy.", {"Tom": 1, "Anna": -1}),
        ("Anna thought that Tom was sad, but he smiled.", {"Tom": 1}),
    ],
)
def test_feelings_come_to_an_end_go_on_and_hold_for_all(said: str, felt: dict[str, int]) -> None:
    assert dict(feelings_in(read_clauses(f"Tom and Anna went to the park. {said}", "en"))) == felt
    meanings = read_clauses(f"Tom and Anna went to the park. {said}", "en")
    assert dict(feelings_in(read_clauses(say_text(meanings, "zh", Chance("feelings", said)), "zh"))) == felt


def test_sentiment_words_say_nothing_from_level_two_on() -> None:
    glad = Counter[tuple[bool, bool]]()
    for example in draw_examples("classification", "en", "train", 3000, levels=(2, 3)):
        if example.kind == "sentiment":
            for word in ("happy", "proud", "laughed", "sad", "angry", "not", "n't", "but", "dreamed"):
                glad[example.answer == "good", word in example.prompt] += 1
    with_word = glad[True, True] / (glad[True, True] + glad[False, True])
    assert abs(with_word - glad[True, False] / (glad[True, False] + glad[False, False])) < 0.04


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_sums_share_the_split_of_their_operands(left: int, right: int) -> None:
    total = left + right
    meanings = {Problem(left, "+", right).meaning, Problem(right, "+", left).meaning}
    meanings |= {Problem(total, "-", left).meaning, Problem(total, "-", right).meaning}
    assert len(meanings) == 1
    assert split_of_pair(meanings.pop()) in SPLITS


def test_every_digit_level_has_all_splits_and_steps_end_in_the_result() -> None:
    for example in some("arithmetic", 200, "test") + some("arithmetic", 200, "valid"):
        if example.kind == "steps":
            assert example.answer.endswith("; " + final_number(example.answer))


def test_rules_change_a_list_in_different_ways() -> None:
    words = ("a", "b", "c", "d")
    assert len({rule.apply(words) for rule in RULES.values()}) == len(RULES)


def test_prompt_formats_are_read_back_and_stored() -> None:
    form = PromptFormat(template="{a}\nQ: {b}\nA:", separator=" ")
    assert form.fields(form.prompt(a="one\ntwo", b="three")) == {"a": "one\ntwo", "b": "three"}
    assert PromptFormat.from_dict(form.to_dict()) == form
    with pytest.raises(ValueError, match="not a prompt"):
        form.fields("one")
    with pytest.raises(UserError, match="prompt format"):
        PromptFormat.from_dict({"templat": ""})
    assert form.answer(" yes \nno") == "yes"
    form = PromptFormat(template="Q: {b}\nFacts:", separator=" ", conclusion="\nA:")
    assert PromptFormat.from_dict(form.to_dict()) == form
    assert form.text("Q: why\nFacts:", "so", "it is") == "Q: why\nFacts: it is\nA: so"
    assert form.text("Q: why\nFacts:", "so") == "Q: why\nFacts: so"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("view", ["qa", "classification"])
def test_every_question_of_a_document_has_the_right_answer(view: str, language: str) -> None:
    form = prompt_format(view, language)
    asked = 0
    for number in range(60):
        level = 1 + number % 3
        chance = Chance("document", view, language, number)
        passage, *lines = "".join(VIEWS[view].make_turns(chance, level, language, "train")).split("\n")
        per_question = (form.template + form.conclusion).count("\n")
        first = VIEWS[view].make(Chance("document", view, language, number), level, language, "train")
        for start in range(0, len(lines), per_question):
            *told, last = [passage, *lines[start : start + per_question]]
            colon = ":" if language == "en" else "："
            prompt = "\n".join(told if form.conclusion else [*told, last])
            prompt = prompt[: prompt.rindex(colon) + 1]
            answer = form.answer(last.partition(colon)[2])
            kind = TOPIC if lines[start].startswith(TOPIC_LABEL[language]) else SENTIMENT
            asked_here = dataclasses.replace(first, prompt=prompt, kind=kind)
            assert VIEWS[view].oracle(asked_here) == answer
            asked += 1
    assert asked > 80


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_answer_to_a_question_follows_from_its_reason_alone_and_from_no_less(language: str) -> None:
    for example in draw_examples("qa", language, "train", 300, levels=(1, 2, 3)):
        fields = example.format.fields(example.prompt)
        state = State(read_clauses(fields["text"], language))
        question = read_question(fields["question"], state, language)
        facts = read_clauses(example.reason, language)
        assert answer_from(State(facts), question) == answer_from(state, question), example.text
        # Who had a thing before it was given away does not matter to why somebody is sad without it.
        spared = example.kind == WHY and example.difficulty["hops"] == 3
        assert len(facts) == example.difficulty["hops"] - spared, example.text
