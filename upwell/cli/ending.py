"""The last page of a training run: what the model can do, what it writes, and what to do next."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping
from typing import Any

from upwell.cli.layout import duration, wrap
from upwell.cli.scores import TABLE_WIDTH, score_lines

LEGEND = (
    "95% interval over the items. Chance draws among the options; the oracle answers by the rules of the world; "
    "baselines understand nothing. All metrics:"
)
TITLES = {
    "story": "Stories; the first sentence is given",
    "translation": "A translation",
    "qa": "A question",
    "text": "Texts of its own",
}
START = {"en": "One day, Anna met Tom in the garden.", "zh": "有一天，安娜在花园里遇见了汤姆。"}
SENTENCE = {"en": "Anna has a red ball.", "zh": "安娜有一个红球。"}
QUESTION = {
    "en": "Tom and Anna went to the park. Tom ran to the house. Where was Anna?",
    "zh": "汤姆和安娜去了公园。汤姆跑到了房子。安娜在哪里？",
}
STORY = {"en": "Tom lost his ball. Anna found it. Tom was happy.", "zh": "汤姆弄丢了球。安娜找到了球。汤姆很高兴。"}
VERBS = (
    ("generate", "story", START),
    ("translate", "translation", SENTENCE),
    ("answer", "qa", QUESTION),
    ("classify", "classification", STORY),
    ("summarize", "summarization", STORY),
)
"""Verbs that take a text, the view that they need, and a text for each language."""


def ending_lines(result: Mapping[str, Any], formats: Collection[tuple[str, str]], width: int) -> list[str]:
    """The page for the `result` of a finished run; `formats`: views and languages that it learned."""
    lines: list[str] = []
    if scorecard := result.get("scorecard"):
        from upwell.tasks.scorecard import headline

        seconds = duration(result["scoring"]["seconds"])
        lines += ["", f"What it can do, on meanings that it has never seen (scored in {seconds})", ""]
        lines += score_lines({0: headline(scorecard)}, result["scoring"]["tasks"])
        lines += ["", *wrap(f"{LEGEND} upwell evaluate {shlex.quote(result['run'])}", min(width, TABLE_WIDTH))]
    view = ""
    for sample in result.get("samples", ()):
        lines += [""] if sample["view"] == view else ["", TITLES[sample["view"]], ""]
        lines += sample_lines(sample, width)
        view = sample["view"]
    commands = next_commands(result["run"], formats)
    return [*lines, "", "Next", "", *(f"  {command}" for command in commands)]


def sample_lines(sample: Mapping[str, Any], width: int) -> list[str]:
    """A sample under what was given, with a right answer where there is one and the output is another."""
    given, output = sample["given"], sample["output"].strip()
    if not sample["ended"]:
        output += " …"
    if not sample["right"]:
        blank = " " if sample["language"] == "en" else ""
        text = f"{given.get('start', '')}{blank}{output}".strip()
        return [line for paragraph in text.splitlines() for line in wrap(paragraph, width, first="  ")]
    lines = [line for text in given.values() for line in wrap(text, width, first="  ")]
    if sample.get("reason"):
        lines += wrap(sample["reason"], width, first="  facts: ")
    lines += wrap(output or "(nothing)", width, first="  -> ")
    if output != sample["right"]:
        lines += wrap(f"a right answer: {sample['right']}", width, first="     ")
    return lines


def next_commands(run: str, formats: Collection[tuple[str, str]]) -> list[str]:
    """Commands to go on with, ready to be typed."""
    folder = shlex.quote(run)
    commands = []
    for verb, view, texts in VERBS:
        language = next((language for language in texts if (view, language) in formats), None)
        if language:
            commands.append(f'upwell {verb} {folder} "{texts[language]}"')
    views = {view for view, _ in formats}
    if "write" in views:
        commands.append(f'upwell write {folder} "a prompt"')
    if not views - {"write"}:
        commands.append(f"upwell generate {folder}")
    return [*commands, f"upwell {'evaluate' if views - {'write'} else 'info'} {folder}", f"upwell chat {folder}"]
