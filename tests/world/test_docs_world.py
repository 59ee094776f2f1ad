"""What the documents of the micro-world show is what the program gives; both languages' documents are built alike.

After a change of the generator, `python tests/world/test_docs_world.py` writes the outputs anew.
"""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from upwell.cli import main
from upwell.world.stage import LEVELS

DOCS = Path(__file__).resolve().parents[2] / "docs"
NAMES = {"en": "world.md", "zh": "world.zh.md"}
SHOWN = re.compile(r"^```(bash|python)\n((?:(?!```).)*?)^```\n(?:\n```text\n(.*?)^```\n)?", re.MULTILINE | re.DOTALL)


def read(language: str) -> str:
    return (DOCS / NAMES[language]).read_text(encoding="utf-8")


def is_shown(kind: str, code: str) -> bool:
    """Whether the output of a block belongs into the document: one command that prints examples or the bound, or Python."""
    if kind == "python":
        return True
    one = code.count("\n") == 1 and code.startswith("upwell world")
    return one and "--jsonl" not in code and "--audit" not in code


def printed(action: Callable[[], object]) -> str:
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        action()
    return output.getvalue().strip("\n") + "\n"


def output_of(kind: str, code: str) -> str:
    if kind == "python":
        return printed(lambda: exec(code, {}))
    return printed(lambda: main(code.split()[1:]))


def refreshed(text: str) -> str:
    """The document with the output of each shown block as it is now."""

    def replace(found: re.Match[str]) -> str:
        kind, code = found[1], found[2]
        block = f"```{kind}\n{code}```\n"
        return f"{block}\n```text\n{output_of(kind, code)}```\n" if is_shown(kind, code) else block

    return SHOWN.sub(replace, text)


@pytest.mark.parametrize("language", NAMES)
def test_every_output_shown_is_what_the_program_gives(language: str) -> None:
    text = read(language)
    for kind, code, output in SHOWN.findall(text):
        if is_shown(kind, code):
            assert output == output_of(kind, code), f"{NAMES[language]}: {code}run python {Path(__file__).name}"
    assert refreshed(text) == text


@pytest.mark.parametrize("language", NAMES)
def test_thirty_stories_are_shown(language: str) -> None:
    text = read(language)
    stories = re.findall(rf"^\[story, [^\n]*{language}, level ([1-4])[^\n]*\]$", text, re.MULTILINE)
    assert len(stories) >= 30 and set(stories) == set("1234")


@pytest.mark.parametrize("language", NAMES)
def test_the_table_of_levels_is_that_of_the_program(language: str) -> None:
    rows = re.findall(r"^\| [^|]+ \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$", read(language), re.MULTILINE)
    numbers = [[value for name, value in vars(level).items() if name != "number"] for level in LEVELS.values()]
    assert [[int(cell) for cell in row] for row in rows[1:]] == [list(row) for row in zip(*numbers, strict=True)]


def test_both_documents_are_built_alike() -> None:
    shapes = []
    for language in NAMES:
        text = read(language)
        without_output = SHOWN.sub(lambda found: f"```{found[1]}\n{found[2]}```\n", text)
        code = [(kind, re.sub("--language (en|zh)", "--language", code)) for kind, code, _ in SHOWN.findall(text)]
        shapes.append(
            (
                [len(marks) for marks in re.findall(r"^(#+) ", without_output, re.MULTILINE)],
                code,
                [row.count("|") for row in re.findall(r"^\|.*$", without_output, re.MULTILINE)],
                len(re.findall(r"^- ", without_output, re.MULTILINE)),
            )
        )
    assert shapes[0] == shapes[1]


if __name__ == "__main__":
    for name in NAMES:
        path = DOCS / NAMES[name]
        path.write_text(refreshed(path.read_text(encoding="utf-8")), encoding="utf-8")
