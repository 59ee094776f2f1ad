"""What a scorecard says of those who know nothing, everything, or only how to copy."""

from __future__ import annotations

import pytest

from upwell.tasks.answering import FixedAnswerer, ModelAnswerer
from upwell.tasks.classification import Classification
from upwell.tasks.question_answering import QuestionAnswering
from upwell.tasks.task import evaluate_task
from upwell.text.examples import Example


def oracle(prompt: str) -> str:
    number = int(prompt.split()[1])
    return ("red", "blue", "green", "white")[number % 4]


def test_a_model_that_knows_nothing_is_no_better_than_chance(
    ignorant: ModelAnswerer, questions: list[Example], shown: list[Example]
) -> None:
    found = evaluate_task(QuestionAnswering(), ignorant, questions, train=shown)
    metric = found.metrics["exact_match"]
    assert metric.chance == pytest.approx(0.25, abs=0.1)
    assert metric.figure.low <= metric.chance
    assert metric.baseline == pytest.approx(0.25, abs=0.01) and metric.baseline_name == "majority"
    assert found.metrics["answer_nll"].figure.value > 5  # several tokens, each among hundreds


def test_an_oracle_has_all_points_and_its_interval_says_of_how_many(
    questions: list[Example], shown: list[Example]
) -> None:
    found = evaluate_task(QuestionAnswering(), FixedAnswerer(oracle), questions, train=shown)
    metric = found.metrics["exact_match"].to_dict()
    assert metric["value"] == metric["high"] == 1
    assert metric["low"] == pytest.approx(1 - 3 / 80)
    assert {"exact_match_1hop", "exact_match_2hop"} <= found.metrics.keys()
    assert "answer_nll" not in found.metrics  # it has no probabilities


def test_shots_come_from_training_examples_and_end_in_the_prompt(
    questions: list[Example], shown: list[Example]
) -> None:
    seen: list[str] = []

    def listen(prompt: str) -> str:
        seen.append(prompt)
        return "red"

    evaluate_task(QuestionAnswering(), FixedAnswerer(listen), questions[:5], train=shown, shots=4)
    prompts = [prompt for prompt in seen if prompt.count("Question:") == 5]
    assert len(prompts) == 5
    for prompt, example in zip(prompts, questions, strict=False):
        assert prompt.endswith("\n" + example.prompt)
        assert all(f"Box {other.prompt.split()[1]} " not in prompt for other in questions if other is not example)


def test_classification_is_scored_by_kind_too(questions: list[Example]) -> None:
    examples = [
        Example(
            view="classification",
            kind=kind,
            language="en",
            level=1,
            split="test",
            prompt=f"Text {number}.\n{kind}:",
            answer=answer,
            options=("good", "bad") if kind == "Sentiment" else ("sea", "town"),
        )
        for number in range(10)
        for kind, answer in (("Sentiment", ("good", "bad")[number % 2]), ("Topic", ("sea", "town")[number % 2]))
    ]
    answers = {example.prompt: example.answer for example in examples}
    half_right = FixedAnswerer(lambda prompt: answers[prompt] if prompt.endswith("Topic:") else "good")
    metrics = evaluate_task(Classification(), half_right, examples, train=examples).metrics
    assert metrics["f1_macro_Topic"].figure.value == 1
    assert metrics["f1_macro_Sentiment"].figure.value == pytest.approx(1 / 3)
    assert metrics["accuracy"].figure.value == pytest.approx(0.75)
    assert metrics["f1_macro"].baseline == pytest.approx(1 / 3)
