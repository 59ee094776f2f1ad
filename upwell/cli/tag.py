"""upwell tag"""

from __future__ import annotations

from typing import Annotated, Any

from cyclopts import Parameter

from upwell.cli.lines import Latency, answer_lines
from upwell.cli.loading import DEFAULT, LoadOptions


def tag(
    run: str,
    *text: str,
    split: Annotated[bool, Parameter(negative="")] = False,
    stats: Annotated[bool, Parameter(negative="")] = False,
    loading: LoadOptions = DEFAULT,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> None:
    """Say what tag each word of a sentence has.

    The run is of upwell train DATA --task tag. Words are found in the text: at blanks and marks, in Chinese by jieba where
    pip install "upwell[text]" has brought it, else character by character.

    Parameters
    ----------
    run
        Folder of the run.
    text
        The sentence; without one each line of standard input, answered as it comes.
    split
        The words are divided by blanks: look no further for them.
    stats
        Say at the end how long a sentence took: median and 99th percentile.
    as_json
        Print a JSON object for each sentence.
    """
    from upwell.text.vectors.cutting import sentence_words

    model = loading.tagger(run)

    def say(line: str) -> dict[str, Any]:
        words = sentence_words(line, split=split)
        tags = model.predict([words])[0]
        pairs = list(zip(words, tags, strict=True))
        return {"answer": " ".join(f"{word}/{tag}" for word, tag in pairs), "words": words, "tags": tags}

    latency = Latency()
    answer_lines(text, latency.timed(say), as_json=as_json)
    if stats:
        latency.print()
