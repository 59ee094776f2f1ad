"""What a ladder looks like in a terminal: the time of each rung, progress, the verdicts in sentences."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from upwell.cli.display import Display, count
from upwell.cli.layout import duration


class LadderDisplay(Display):
    """Watches a ladder and shows it; called with an event's kind and figures."""

    def __init__(self, folder: Path, *, language: str, quiet: bool) -> None:
        self.folder, self.language = folder, language
        super().__init__(quiet=quiet)
        self.began = time.perf_counter()

    def __call__(self, kind: str, figures: dict[str, Any]) -> None:
        """Show one event."""
        if kind == "plan":
            self._plan(figures)
        elif kind == "job":
            self._job(figures)
        else:
            self._report(figures)

    def _plan(self, plan: dict[str, Any]) -> None:
        self._say(f"ladder     {self.folder}")
        self._say("rung       seconds of one core: rate check + each run to its full length; solved runs stop early")
        lines: dict[tuple[str, str], list[str]] = {}
        for rung in plan["rungs"]:
            text = f"{count(rung['size'])} {rung['check_seconds']:.0f}+{rung['run_seconds']:.0f}"
            lines.setdefault((rung["ability"], rung["model"]), []).append(text)
        for (ability, model), texts in lines.items():
            self._say(f"           {ability} {model}: {', '.join(texts)}")
        self._say(
            f"outlook    at most {duration(plan['seconds'])} for {plan['jobs_left']} jobs on {plan['workers']} workers"
        )
        self.began = time.perf_counter()
        self.task = self.progress.add_task("", total=max(1, plan["jobs_left"]), figures="")

    def _job(self, figures: dict[str, Any]) -> None:
        elapsed = time.perf_counter() - self.began
        assert self.task is not None
        self.progress.update(
            self.task,
            completed=figures["done"],
            figures=f"{figures['id'].rpartition('-')[0]} done, {figures['left']} left, {duration(elapsed)} so far",
        )

    def _report(self, report: dict[str, Any]) -> None:
        from upwell.emergence.report.sentences import appearance, verdict_sentence
        from upwell.emergence.report.words import words

        w = words(self.language)
        for name, ability in report["abilities"].items():
            for model, family in ability["families"].items():
                label = w[family["verdict"]["label"]]
                said = f"{appearance(family, ability, w)} {verdict_sentence(family, ability, w)}"
                self._say(f"{label}: {name}, {model}: {said}")
        audit = report["audit"]
        self._say(
            f"done       {duration(audit['sitting_seconds'])}; the time stated held within 25% on "
            f"{audit['times_within_quarter']:.0%} of rungs"
        )
        self._say(f"report     {self.folder / 'report.html'}")

    def interrupted(self) -> None:
        """The last words after Ctrl-C."""
        print(f"stopped; finished runs are kept. Go on with: upwell emerge --resume {self.folder}", file=sys.stderr)
