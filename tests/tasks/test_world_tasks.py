"""The five tasks on the micro-world: an oracle has all points, one who copies is caught."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from upwell.tasks.answering import FixedAnswerer
from upwell.tasks.generation import Generation, known_spans
from upwell.tasks.scorecard import make_tasks, score_world, world_examples
from upwell.tasks.task import evaluate_task
from upwell.text.examples import PROMPT_FORMATS, Example
from upwell.world.views.views import VIEWS


def knowing(examples: Sequence[Example], answer: Callable[[Example], str]) -> FixedAnswerer:
    """One who gives the stored reason of each example where there is one, and behind it what `answer` says."""
    said: dict[str, str] = {}
    for example in examples:
        prompt = example.prompt
        if example.reason:
            said[prompt] = example.reason
            prompt = example.format.reasoned(prompt, example.reason)
        said[prompt] = answer(example)
    return FixedAnswerer(said.__getitem__)


FIRST = {
    "translation": "meaning_match",
    "question_answering": "exact_match",
    "classification": "f1_macro",
    "summarization": "fact_f1",
}


@pytest.mark.parametrize("name", FIRST)
def test_the_oracle_has_all_points_and_no_baseline_comes_near(name: str) -> None:
    (task,) = make_tasks([name])
    examples = world_examples(task.view, 40, split="test")
    train = world_examples(task.view, 80, split="train")
    found = evaluate_task(task, knowing(examples, VIEWS[task.view].oracle), examples, train=train)
    metric = found.metrics[FIRST[name]]
    assert metric.figure.value == 1
    assert metric.baseline is not None and metric.baseline < 0.7
    ignorant = evaluate_task(task, FixedAnswerer(str.upper), examples, train=train, oracle=VIEWS[task.view].oracle)
    assert ignorant.metrics[FIRST[name]].oracle == 1
    assert ignorant.metrics[FIRST[name]].figure.value < 0.5


def test_a_text_that_the_oracle_cannot_read_costs_it_a_point_and_nobody_the_scores(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    view = VIEWS["translation"]

    def oracle(example: Example) -> str:
        if example.prompt == unreadable:
            raise IndexError("not understood")
        return view.oracle(example)

    unreadable = world_examples("translation", 1, split="test")[0].prompt
    monkeypatch.setitem(VIEWS, "translation", view._replace(oracle=oracle))
    (found,) = score_world(FixedAnswerer(str.upper), make_tasks(["translation"]), PROMPT_FORMATS, items=10)
    assert found.metrics["meaning_match"].oracle == pytest.approx(0.9)
    assert len(found.items) == 10


def test_every_promised_metric_is_on_a_page() -> None:
    found = {}
    for task in make_tasks():
        examples = world_examples(task.view, 12, split="test")
        own = knowing(examples, lambda example: example.answer)
        found[task.name] = set(evaluate_task(task, own, examples, train=examples).metrics)
    assert {"grammatical", "consistent", "distinct_2"} <= found["generation"]
    assert {"meaning_match", "chrf", "bleu_en-zh", "bleu_zh-en"} <= found["translation"]
    assert {"exact_match", "exact_match_1hop", "token_f1"} <= found["question_answering"]
    assert {"accuracy", "precision_macro", "recall_macro", "f1_macro", "f1_micro"} <= found["classification"]
    assert {"fact_f1", "rouge1", "rouge2", "rougeL"} <= found["summarization"]


def test_stories_are_right_and_new_and_a_copied_one_is_not_new() -> None:
    examples = world_examples("story", 12, split="test")
    train = world_examples("story", 60, split="train")

    def encode(text: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        return np.array([ord(character) for character in text])

    stream = np.concatenate([encode(example.text) for example in train]).astype(np.uint32)
    task = Generation(known_spans(stream, encode))
    own = {example.prompt: example.answer for example in examples}
    told = evaluate_task(task, FixedAnswerer(own.__getitem__), examples, train=train).metrics
    assert told["grammatical"].figure.value == told["consistent"].figure.value == 1
    assert told["novelty"].figure.value > 0.3  # of 16 characters; of 16 tokens it is more
    copied = evaluate_task(task, FixedAnswerer(lambda prompt: train[len(prompt) % 60].answer), examples, train=train)
    assert copied.metrics["novelty"].figure.value < 0.02
    nonsense = evaluate_task(task, FixedAnswerer(lambda prompt: "Cat the the. Ran of."), examples, train=train)
    assert nonsense.metrics["grammatical"].figure.value == 0


def test_a_question_is_answered_behind_the_reason_that_was_given_for_it() -> None:
    (task,) = make_tasks(["question_answering"])
    examples = world_examples("qa", 20, split="test")
    asked: list[str] = []

    def answer(prompt: str) -> str:
        asked.append(prompt)
        return " Nobody knows.\nmore" if len(asked) <= 20 else "yes"

    found = evaluate_task(task, FixedAnswerer(answer), examples, train=examples)
    assert asked[:20] == [example.prompt for example in examples]
    for item, prompt in zip(found.items, asked[20:], strict=True):
        assert item.reason == "Nobody knows." and item.output == "yes"
        assert prompt == item.example.format.reasoned(item.example.prompt, "Nobody knows.")
        assert prompt.endswith(("\nAnswer:", "\n答："))
