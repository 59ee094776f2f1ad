"""Samples are drawn by a fixed seed, of what the model knows, and say where they were cut."""

from __future__ import annotations

from upwell.tasks.answering import ModelAnswerer
from upwell.tasks.samples import STORIES, draw_samples
from upwell.text.examples import PROMPT_FORMATS


def test_a_model_of_the_world_tells_stories_translates_and_answers(ignorant: ModelAnswerer) -> None:
    samples = draw_samples(ignorant, PROMPT_FORMATS)
    assert samples == draw_samples(ignorant, PROMPT_FORMATS)
    assert [sample.view for sample in samples] == [*["story"] * sum(STORIES.values()), "translation", "qa"]
    assert all(set(sample.given) == {"start"} and not sample.right for sample in samples[:3])
    assert set(samples[-1].given) == {"text", "question"} and samples[-1].right and samples[-1].reason
    other = draw_samples(ignorant, PROMPT_FORMATS, seed=1)
    assert other[0].given != samples[0].given


def test_a_model_of_one_view_is_asked_for_that_alone(ignorant: ModelAnswerer) -> None:
    formats = {key: form for key, form in PROMPT_FORMATS.items() if key == ("translation", "zh")}
    (sample,) = draw_samples(ignorant, formats)
    assert (sample.view, sample.language) == ("translation", "zh")


def test_a_model_of_plain_text_writes_texts_of_its_own(ignorant: ModelAnswerer) -> None:
    samples = draw_samples(ignorant, {})
    assert [sample.view for sample in samples] == ["text", "text"]
    assert all(sample.output and not sample.given for sample in samples)
