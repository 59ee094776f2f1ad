"""What a training run looks like in a terminal: the plan, a progress bar, samples, the result."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from upwell.cli.ending import ending_lines
from upwell.cli.layout import duration, figure, text_width, wrap

if TYPE_CHECKING:
    from upwell.training.compute import Compute
    from upwell.training.plan import Plan
    from upwell.training.reader_plan import ReaderPlan
    from upwell.training.runs import Run


LABEL = 11
"""Columns of the word that a line begins with."""


def count(number: float) -> str:
    """A count for people: 3.5m, 640k."""
    from upwell.model.sizes import count_text

    return count_text(number)


def plan_lines(plan: Plan, compute: Compute | None, peaks: dict[str, float]) -> list[str]:
    """The plan in a few lines; `peaks` are matmul FLOP/s by dtype."""
    kinds = ", ".join(
        f"{name} {count(plan.parameters[name])}"
        for name in ("embedding", "head", "map", "mixer", "mlp", "norm")
        if plan.parameters[name]
    )
    network = plan.network
    shape = " ".join(network.blocks) if network.family == "hybrid" else f"{len(network.blocks)} x {network.blocks[0]}"
    amount = f"{plan.budget.amount:g} {plan.budget.kind if plan.budget.amount != 1 else plan.budget.kind[:-1]}"
    lines = [
        f"model      {shape}, width {network.width}, vocabulary {network.vocab_size}",
        f"parameters {count(plan.parameters['total'])} ({kinds}); {count(plan.parameters['non_embedding'])} without embedding",
        f"budget     {amount}; {count(plan.recipe.tokens_per_step)} tokens a step "
        f"({plan.recipe.rows} rows of {plan.recipe.length})",
        f"work       {plan.flops_per_token / 1e6:.2f} MFLOP a token to train, memory about {plan.memory / 2**20:.0f} MiB",
    ]
    if compute is not None:
        measured = ", ".join(f"{peak / 1e9:.3g} in {dtype}" for dtype, peak in peaks.items())
        lines.append(f"machine    {compute.describe()}; matmul peak, GFLOP/s: {measured}")
    return lines


def reader_plan_lines(plan: ReaderPlan) -> list[str]:
    """The plan of a reader in a few lines."""
    network, amount = plan.network, plan.budget.amount
    shape = f"{len(network.blocks)} x {network.blocks[0]}{'' if network.causal else ' reading both ways'}"
    if network.encoder:
        shape = f"{len(network.encoder)} x {network.encoder[0]} reading both ways, {shape} writing"
    unit = plan.budget.kind if amount != 1 else plan.budget.kind[:-1]
    return [
        f"model      {shape}, width {network.width}, "
        f"{network.vocab_size:,} {'features of words' if network.bags else 'tokens'}; {count(plan.parameters['total'])} parameters",
        f"budget     {amount:g} {unit}, {plan.recipe.rows} rows a step",
        f"machine    {plan.compute.describe()}"
        + (f", {count(plan.tokens_per_second)} tokens a second" if plan.tokens_per_second else ""),
    ]


def outlook_line(plan: Plan, speed: float, peak: float, train_tokens: int) -> str:
    """What the budget comes to at `speed` tokens/s on a machine of `peak` FLOP/s."""
    outlook = plan.outlook(speed, train_tokens=train_tokens)
    return (
        f"outlook    {duration(outlook['seconds'])} for {count(outlook['training_tokens'])} tokens "
        f"({outlook['epochs']:.2g} epochs), {outlook['flops']:.2g} FLOP, at {count(speed)} tokens a second, "
        f"{speed * plan.flops_per_token / peak:.0%} of the matmul peak"
    )


class Display:
    """Lines on standard error, with a progress bar under them where that is a terminal."""

    def __init__(self, *, quiet: bool) -> None:
        self.console = Console(stderr=True, quiet=quiet, highlight=False, soft_wrap=True)
        self.progress = Progress(
            TextColumn("{task.percentage:3.0f}%"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[figures]}"),
            console=self.console,
            transient=True,
            disable=quiet or not self.console.is_terminal,
        )
        self.task: TaskID | None = None

    def __enter__(self) -> Self:
        self.progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.progress.stop()

    def _say(self, line: str) -> None:
        """A line; where it is too long for the terminal it goes on below what its first word announces."""
        parts = [line]
        if self.console.is_terminal and cell_len(line) > self.console.width:
            parts = wrap(line[LABEL:], self.console.width, first=line[:LABEL])
        for part in parts:
            self.console.print(part, markup=False)


class TrainingDisplay(Display):
    """Watches a run and shows it; called by the run with an event's kind and figures."""

    def __init__(self, *, quiet: bool) -> None:
        super().__init__(quiet=quiet)
        self.plan: Plan | None = None
        self.peak = 1.0
        self.train_tokens = 0
        self.validation = ""

    def __call__(self, kind: str, figures: dict[str, Any]) -> None:
        """Show one event."""
        if kind == "run":
            self._say(f"run        {figures['path']}")
        elif kind == "corpus":
            self.train_tokens = figures["train_tokens"]
            for line in figures["description"].splitlines():
                self._say(f"text       {line}")
            if figures["entropy_bound_bpb"] is not None:
                self._say(
                    f"bound      {figures['entropy_bound_bpb']:.4f} bpb: what the generator's choices in the validation "
                    "text cost; no model does better but by luck"
                )
        elif kind == "world":
            self._make(figures)
        elif kind == "plan":
            compute, measured = figures["compute"], figures["measured"]
            self.plan, self.peak = figures["plan"], measured.peaks[compute.dtype]
            for line in plan_lines(figures["plan"], compute, measured.peaks):
                self._say(line)
            tried = ", ".join(f"{way}: {speed:,.0f}" for way, speed in measured.speeds.items())
            if tried:
                self._say(f"           tokens/s tried: {tried}")
            if speed := measured.speeds.get(compute.describe()):
                self._say(outlook_line(figures["plan"], speed, self.peak, self.train_tokens))
        elif kind == "step":
            self._step(figures)
        elif kind == "labelled":
            for number, line in enumerate(figures["lines"]):
                self._say(f"{'' if number else 'data':{LABEL}}{line}")
        elif kind == "reader plan":
            for line in reader_plan_lines(figures["plan"]):
                self._say(line)
        elif kind == "validation":
            self._validation(figures)
        elif kind == "sample":
            text = " ".join(figures["text"].split())
            line, *more = wrap(text, text_width() - 2, first=" " * LABEL)
            self.console.print(line + (" …" if more else ""), markup=False, style="dim")
        elif kind == "scoring":
            self._say(f"scoring    {figures['text']}")
        elif kind == "note":
            self._say(f"note       {figures['text']}")

    def _validation(self, figures: dict[str, Any]) -> None:
        if "accuracy" in figures:
            self.validation = f"valid {figures['accuracy']:.1%}"
            said = f"valid {figures['accuracy']:.2%} right, {figures['loss']:.4f} nats"
        elif "f1" in figures:
            self.validation = f"valid F1 {figures['f1']:.1%}"
            said = f"valid F1 {figures['f1']:.2%}, {figures['loss']:.4f} nats a question"
        elif "perplexity" in figures:
            self.validation = f"valid {figures['loss']:.3f} nats"
            said = f"valid {figures['loss']:.4f} nats a token, perplexity {figures['perplexity']:.2f}"
        else:
            self.validation = f"valid {figures['bits_per_byte']:.3f} bpb"
            said = f"valid {figures['bits_per_byte']:.4f} bpb, {figures['loss']:.4f} nats a token"
        mark = " (best)" if figures["best"] else ""
        self._say(f"{figures['share']:6.0%}  {duration(figures['seconds']):>12}  {said}{mark}")

    def _make(self, figures: dict[str, Any]) -> None:
        if self.task is None:
            self.task = self.progress.add_task("", total=figures["total_bytes"], figures="")
        done, total = figures["bytes"], figures["total_bytes"]
        self.progress.update(
            self.task,
            total=total,
            completed=done,
            figures=f"writing the world, {done / 1e6:.1f} of {total / 1e6:.1f} MB",
        )
        if done >= total:
            self.progress.remove_task(self.task)
            self.task = None

    def _step(self, figures: dict[str, Any]) -> None:
        if self.task is None:
            self.task = self.progress.add_task("", total=1.0, figures="")
        share = max(figures["share"], 1e-9)
        left = figures["seconds"] * (1 - share) / share
        speed = figures["tokens_per_second"]
        peak = f", {speed * self.plan.flops_per_token / self.peak:.0%} of peak" if self.plan else ""
        self.progress.update(
            self.task,
            completed=figures["share"],
            figures=f"loss {figures['loss']:.3f}  {self.validation}  {count(speed)} tokens/s{peak}  {duration(left)} left",
        )

    def finish(self, run: Run, result: dict[str, Any], *, file: TextIO) -> None:
        """The last words: figures, then a page in `file` of what it learned and what to do next; or how to go on."""
        if not result["finished"]:
            print(f"stopped; saved. Go on with: upwell train --resume {run.folder}", file=sys.stderr)
            return
        if "task" in result:
            self._finish_task(run, result, file=file)
            return
        bound = result.get("entropy_bound_bpb")
        beside = "" if bound is None else f" (bound {bound:.4f})"
        self._say(
            f"done       {result['model']} {result['size']}: valid {result['valid_bpb']:.4f} bpb{beside}, "
            f"{result['valid_loss']:.4f} nats a token; {count(result['tokens'])} tokens in {duration(result['seconds'])}, "
            f"{count(result['tokens_per_second'])} a second, {result['matmul_peak_share']:.0%} of the matmul peak"
        )
        if not self.console.quiet:
            print("\n".join(ending_lines(result, run.formats(), text_width())), file=file, flush=True)

    def _finish_task(self, run: Run, result: dict[str, Any], *, file: TextIO) -> None:
        """The last words of a run on labelled data: its scores, and what to do next."""
        from upwell.training.runs import ANSWERER, ENCODER, USES

        parts = ", ".join(
            f"{count(number)} parameters of the {name}"
            for name, number in result["parameters"].items()
            if name != "total"
        )
        self._say(f"done       {result['model']}, {parts}; {duration(result['seconds'])}")
        if self.console.quiet:
            return
        data = result["data"]
        print(f"\nOn {data['valid']:,} held-out {data['noun']}:", file=file)
        for name, score in result["scores"].items():
            value, low, high, baseline = (figure(score[part]) for part in ("value", "low", "high", "baseline"))
            print(f"  {name:18} {value}  ({low} to {high}; by {result['baseline']} {baseline})", file=file)
        given = {ENCODER: "DATA --task classify", ANSWERER: '"A text. A question?"'}.get(run.kind(), '"a text"')
        use = f"upwell {USES[run.kind()]} {run.folder} {given}"
        print(f"\nNext:\n  {use}\n  upwell info {run.folder}", file=file, flush=True)
