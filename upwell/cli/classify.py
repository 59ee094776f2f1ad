"""upwell classify"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from upwell.cli.lines import Latency, answer_lines
from upwell.cli.loading import DEFAULT, LoadOptions

if TYPE_CHECKING:
    from upwell.api import TextClassifier


def classify(
    run: str,
    *text: str,
    of: str | None = None,
    explain: Annotated[bool, Parameter(negative="")] = False,
    stats: Annotated[bool, Parameter(negative="")] = False,
    loading: LoadOptions = DEFAULT,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> None:
    """Say what class a text is of.

    The run is of upwell train DATA --task classify; or a language model that has learned to classify, as those of upwell
    train without data do, which tells the topic of a text or how somebody in it felt in the end.

    Parameters
    ----------
    run
        Folder of the run.
    text
        The text; without one each line of standard input, answered as it comes.
    of
        A person in the text: tell how that person felt in the end, good or bad, and not the topic.
    explain
        Name the words that spoke most for the class, and against it.
    stats
        Say at the end how long a text took: median and 99th percentile.
    as_json
        Print a JSON object for each text, with the probability of each class.
    """
    from pathlib import Path

    from upwell.errors import UserError
    from upwell.text.files import text_of_argument
    from upwell.training.runs import CLASSIFIER, Run

    if Run(Path(run)).kind() == CLASSIFIER:
        if of is not None:
            raise UserError(f"--of {of}: {run} tells classes of texts, not how people felt")
        say = _of_classifier(loading.classifier(run), explain=explain)
    else:
        if explain:
            raise UserError(
                f"--explain: {run} is a language model; upwell train DATA --task classify makes a classifier"
            )
        asker, person = loading.load(run).asker, text_of_argument(of or "")

        def say(line: str) -> dict[str, Any]:
            return {"answer": asker.classify(line, person)}

    latency = Latency()
    answer_lines(text, latency.timed(say), as_json=as_json)
    if stats:
        latency.print()


def _of_classifier(model: TextClassifier, *, explain: bool) -> Callable[[str], dict[str, Any]]:
    def say(line: str) -> dict[str, Any]:
        probabilities = model.predict_proba([line])
        named = {str(name): round(float(p), 4) for name, p in zip(model.classes_, probabilities[0], strict=True)}
        said = model.decide(probabilities)[0]
        answer = ", ".join(said) if isinstance(said, list) else str(said)
        found: dict[str, Any] = {"answer": answer, "probabilities": named}
        if explain:
            words = model.explain(line)
            strongest = sorted(words, key=lambda item: -abs(item[1]))[:EXPLAINING_WORDS]
            found["words"] = {word: round(weight, 3) for word, weight in strongest}
            found["shown"] = f"{answer}  ({', '.join(f'{word} {weight:+.2f}' for word, weight in strongest)})"
        return found

    return say


EXPLAINING_WORDS = 5
"""Words that an explanation names."""
