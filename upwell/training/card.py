"""The model card of a run: README.md in its folder, from figures that were measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from upwell.model.config import NetworkConfig
from upwell.text.files import atomic_write_bytes
from upwell.training.compute import Compute
from upwell.training.energy import energy_line
from upwell.training.runs import ANSWERER, CLASSIFIER, ENCODER, SUMMARIZER, TAGGER, TRANSLATOR, USES

LICENCE = """\
Whoever publishes this model states its licence in the head of this file; that of the text it was trained on applies too."""


def write_card(folder: Path, config: dict[str, Any], figures: dict[str, Any]) -> None:
    """Write README.md into `folder` from the run's config and the figures of its result."""
    network, recipe, compute = config["network"], config["recipe"], config["compute"]
    parameters = figures["parameters"]
    sources = _sources(config)
    lines = [
        *_head(folder, "text-generation"),
        f"A causal language model trained by Upwell on: {sources}.",
        "",
        "| | |",
        "|---|---|",
        f"| blocks | {' '.join(network['blocks'])} |",
        f"| width | {network['width']} |",
        f"| parameters | {parameters['total']:,} ({parameters['non_embedding']:,} without embedding) |",
        f"| vocabulary | {network['vocab_size']:,} |",
        *_vectors(config.get("vectors")),
        f"| training | {figures['tokens']:,} tokens in {figures['seconds']:.0f} s, {figures['steps']:,} steps, "
        f"{recipe['optimizer']}, seed {recipe['seed']} |",
        *_data(figures["data"]),
        f"| machine | {config['machine']['name']}, {compute['dtype']}, {compute['threads']} threads |",
        f"| energy | {energy_line(figures['seconds'], Compute(**compute))} |",
        f"| validation | {figures['valid_bpb']:.4f} bits per byte, {figures['valid_loss']:.4f} nats per token, on "
        f"{figures['valid_tokens']:,} held-out tokens |",
        "",
        *_scores(figures.get("scorecard") or {}),
        *_samples(figures.get("samples") or []),
        "It continues text in the manner of what it was trained on. It knows nothing else, is not instructed to be",
        "truthful, and can repeat passages of its training text.",
        "",
        LICENCE,
        "",
        "```bash",
        f'upwell generate {folder.as_posix()} "Once"',
        "```",
        "",
    ]
    atomic_write_bytes(folder / "README.md", "\n".join(lines).encode("utf-8", "surrogateescape"))


def write_reader_card(folder: Path, config: dict[str, Any], figures: dict[str, Any]) -> None:
    """Write README.md into `folder` for a run that learned from labelled data."""
    network, recipe, compute, data = config["network"], config["recipe"], config["compute"], figures["data"]
    what, catalogue, labels_are, thing, bounds = _READERS[config["kind"]]
    kinds = ", ".join(f"{number:,} {kind}" for kind, number in figures["parameters"].items() if kind != "total")
    lines = [
        *_head(folder, catalogue),
        f"{what} trained by Upwell on: {_sources(config)}.",
        "",
        "| | |",
        "|---|---|",
        *_labels(labels_are, data["labels"]),
        *([f"| begun with | {Path(config['start']).name} |"] if "start" in config else []),
        f"| blocks | {NetworkConfig.from_dict(network).describe()}, width {network['width']} |",
        f"| parameters | {figures['parameters']['total']:,} ({kinds}) |",
        f"| {data['noun']} | {data['train']:,} to learn from, {data['valid']:,} held out |",
        f"| training | {figures['seconds']:.0f} s, {figures['steps']:,} steps, {recipe['optimizer']}, seed {recipe['seed']} |",
        f"| machine | {config['machine']['name']}, {compute['dtype']}, {compute['threads']} threads |",
        f"| energy | {energy_line(figures['seconds'], Compute(**compute))} |",
        "",
        f"## On the {data['noun']} that were held out",
        "",
        f"| metric | score | 95% interval | baseline: {figures['baseline']} |",
        "|---|---|---|---|",
    ]
    for name, score in figures["scores"].items():
        value, low, high, baseline = (_number(score[part]) for part in ("value", "low", "high", "baseline"))
        lines.append(f"| {name} | {value} | {low}–{high} | {baseline} |")
    lines += _details(figures["details"]) if data["labels"] else []
    lines += _signatures(figures)
    lines += [
        "",
        f"What was held out also decided which weights were kept, so other {data['noun']} may go a little worse. {bounds}",
        "",
        LICENCE,
        "",
        "```bash",
        f"upwell {USES[config['kind']]} {folder.as_posix()} {thing}",
        "```",
        "",
    ]
    atomic_write_bytes(folder / "README.md", "\n".join(lines).encode("utf-8", "surrogateescape"))


def _details(details: dict[str, Any]) -> list[str]:
    """Tables of the labels, the most frequent first, and of what was taken for what."""
    ordered = sorted(details["labels"].items(), key=lambda item: -item[1]["number"])[:SHOWN_LABELS]
    lines = ["", "| label | number | precision | recall | F1 |", "|---|---|---|---|---|"]
    for label, found in ordered:
        figures = " | ".join(_number(found[what]) for what in ("precision", "recall", "f1"))
        lines.append(f"| {label} | {found['number']:,} | {figures} |")
    if details["confusions"]:
        lines += ["", "| label | was taken for | times |", "|---|---|---|"]
        lines += [f"| {label} | {guess} | {times:,} |" for label, guess, times in details["confusions"]]
    return lines


def _signatures(figures: dict[str, Any]) -> list[str]:
    """What a library's figures were made with, where there are some."""
    if "signatures" not in figures:
        return []
    made = "; ".join(f"{name} `{signature}`" for name, signature in figures["signatures"].items())
    return [
        "",
        f"On {figures['scored']:,} of them, by sacrebleu (0 to 1): {made}. Loss: {figures['valid_loss']:.4f} nats a token.",
    ]


def _labels(labels_are: str, labels: dict[str, int]) -> list[str]:
    """A row on the labels, where there are some."""
    if not labels:
        return []
    shown = ", ".join(f"{label} ({number:,})" for label, number in list(labels.items())[:SHOWN_LABELS])
    more = f" and {len(labels) - SHOWN_LABELS:,} more" if len(labels) > SHOWN_LABELS else ""
    return [f"| {labels_are} | {shown}{more} |"]


_READERS = {
    ENCODER: (
        "An encoder of texts",
        "fill-mask",
        "",
        "DATA --task classify",
        "It has learned to tell words that were hidden from it, and is there for a task to begin with.",
    ),
    CLASSIFIER: (
        "A classifier of texts",
        "text-classification",
        "classes",
        '"a text"',
        "It knows the classes above alone, and puts any text into one of them, however little it has to do with them.",
    ),
    TAGGER: (
        "A tagger of words",
        "token-classification",
        "tags",
        '"a sentence"',
        "It knows the tags above alone, and the kind of text that it was trained on best.",
    ),
    ANSWERER: (
        "A model that answers questions",
        "question-answering",
        "answers",
        '"A text. A question?"',
        "It knows the kind of passage and of question that it was trained on best, and nothing that does not stand there.",
    ),
    SUMMARIZER: (
        "A model that summarizes documents",
        "summarization",
        "",
        '"a document"',
        "It takes pieces of the document as they stand there, so that a pronoun may be left without what it means.",
    ),
    TRANSLATOR: (
        "A translator",
        "translation",
        "",
        '"a sentence"',
        "It knows the kind of sentence that it was trained on best; of others it may say what they do not, in fluent words.",
    ),
}
"""By kind of run: what it is, in catalogues of models, what its labels are, what it is given, and what bounds it."""

SHOWN_LABELS = 20
"""Classes that a card names."""


def _head(folder: Path, task: str) -> list[str]:
    """What catalogues of models read, and the title."""
    return [
        "---",
        "library_name: upwell",
        f"pipeline_tag: {task}",
        "license: other",
        "license_name: not-stated",
        "---",
        "",
        f"# {folder.resolve().name}",
        "",
    ]


def _sources(config: dict[str, Any]) -> str:
    return ", ".join(Path(source).name or source for source in config["sources"])


def _data(data: dict[str, dict[str, int]]) -> list[str]:
    """A row on each part of the text."""
    return [
        f"| {part} text | {found['bytes']:,} bytes, {found['documents']:,} documents, {found['tokens']:,} tokens |"
        for part, found in data.items()
    ]


def _vectors(about: dict[str, Any] | None) -> list[str]:
    """A row on the word vectors that the embedding began with, where there were some."""
    if about is None:
        return []
    frozen = " and stayed there" if about["frozen_parameters"] else ""
    return [
        f"| word vectors | {about['ids']:,} token embeddings began with vectors of {Path(about['file']).name}{frozen} |"
    ]


def _scores(scorecard: dict[str, Any]) -> list[str]:
    """A table of the tasks; nothing for a model of plain text."""
    if not scorecard:
        return []
    lines = ["## Tasks, on meanings it has never seen", ""]
    lines += [
        "| task | metric | score | 95% interval | chance | best baseline | oracle |",
        "|---|---|---|---|---|---|---|",
    ]
    for task, metrics in scorecard.items():
        for name, figure in metrics.items():
            low, high = (_number(figure[bound]) for bound in ("low", "high"))
            baseline = f"{_number(figure['baseline'])} {figure.get('baseline_name', '')}".strip()
            cells = [task, name, _number(figure["value"]), f"{low}–{high}" if low else "", _number(figure["chance"])]
            lines.append(f"| {' | '.join([*cells, baseline, _number(figure['oracle'])])} |")
    return [*lines, ""]


def _samples(samples: list[dict[str, Any]]) -> list[str]:
    """What it was given and what it wrote, as block quotes."""
    if not samples:
        return []
    lines = ["## What it writes", ""]
    for sample in samples:
        given = " / ".join(text for text in sample["given"].values() if text)
        output = " ".join(sample["output"].split()) + ("" if sample["ended"] else " …")
        lines += [f"> {given} **{output}**" if given else f"> {output}", ""]
    return lines


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
