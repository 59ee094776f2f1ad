"""upwell plan"""

from __future__ import annotations

import dataclasses
import json
from typing import Annotated, Any

from cyclopts import Parameter

from upwell.errors import UserError
from upwell.training.options import TrainOptions

DEFAULTS = TrainOptions()
BYTES_PER_TOKEN = {"char": 1.0, "byte": 1.0, "bpe": 3.5, "unigram": 3.5, "word": 4.5}
"""For an estimate before the text is read; English, default vocabularies."""
WORLD_DOCUMENT = 100
"""Tokens of a document of the micro-world, about."""
VOCABULARY = {"char": 100, "byte": 257, "bpe": 4096, "unigram": 4096, "word": 16384}
WORLD_BYTES_PER_TOKEN, WORLD_VOCABULARY = 3.3, 3900


def plan(
    *sources: str,
    options: Annotated[TrainOptions, Parameter(name="*")] = DEFAULTS,
    text_bytes: float = 1e6,
    hardware: str | None = None,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> None:
    """Say what a training run would cost, before it begins: parameters, FLOPs, memory, time, tokens.

    Takes the options of `upwell train`. Parameters are counted once (a tied head is the embedding); a multiply-add is 2
    FLOPs; training costs three forward passes. The text is not read: its tokens are estimated from its bytes.

    Parameters
    ----------
    sources
        Text the run would learn from; only its size and its beginning are looked at.
    text_bytes
        Size of the text where no source is named.
    hardware
        Plan for this accelerator by its published peak instead of this machine by measurement.
    as_json
        Print one JSON object as the last line.
    """
    from upwell.api.texts import WORLD_TOKENIZER
    from upwell.cli.display import count, outlook_line, plan_lines
    from upwell.model.machine import choose_device, describe_machine
    from upwell.text.allocator import keep_freed_memory
    from upwell.text.corpus import CHAR_UNTIL_CHARACTERS, usual_tokenizer
    from upwell.text.sources import open_sources
    from upwell.text.vectors import load_vectors
    from upwell.training.distributed import World
    from upwell.training.hardware import compute_optimal_size, find_hardware
    from upwell.training.plan import USUAL_PEAK_SHARE, check_memory, check_options, choose_size, make_plan, plan_here
    from upwell.world.source import planned_bytes
    from upwell.world.specification import is_world

    if options.task is not None:
        raise UserError(
            f"--task {options.task}: a plan is of a language model; upwell train says what a task will take"
        )
    check_options(options)
    usual = "char" if text_bytes < CHAR_UNTIL_CHARACTERS else "bpe"
    all_world = bool(sources) and all(map(is_world, sources))
    if sources:
        files = [name for name in sources if not is_world(name)]
        opened = open_sources(files, encoding=options.encoding, errors=options.errors, column=options.column)
        worlds = sum(planned_bytes(name) for name in sources if is_world(name))
        text_bytes = float(worlds + sum(source.num_bytes for source in opened))
        usual = "bpe" if worlds >= CHAR_UNTIL_CHARACTERS else usual_tokenizer(opened)
        usual = WORLD_TOKENIZER if all_world else usual
    if options.vectors is not None and not all_world:
        usual = "word"
    kind = options.tokenizer or usual
    is_usual = all_world and kind == WORLD_TOKENIZER
    density = WORLD_BYTES_PER_TOKEN if is_usual else BYTES_PER_TOKEN.get(kind, 1.0)
    tokens = max(1, round(text_bytes / density))
    text: Any = {
        "vocab_size": options.vocab_size or (WORLD_VOCABULARY if is_usual else VOCABULARY.get(kind, 4096)),
        "train_tokens": tokens,
        "train_bytes": round(text_bytes),
        "documents": max(1, tokens // WORLD_DOCUMENT) if all_world else 1,
        "has_prompts": all_world,
        "embedding_width": load_vectors(options.vectors, limit=1).dimension
        if options.vectors and options.freeze_vectors
        else None,
    }
    keep_freed_memory()
    compute, peaks, speed = None, {}, 0.0
    if hardware is not None:
        item = find_hardware(hardware)
        where, peak = f"{item.name} ({item.source})", item.peak
        made = make_plan(options, **text, flops_per_second=peak * USUAL_PEAK_SHARE, dtype=options.dtype or "bfloat16")
        check_memory(made, item.memory)
    else:
        device = choose_device(options.device)
        where = describe_machine(device)
        made, compute, measured = plan_here(options, **text, device=device, world=World())
        peaks, peak = measured.peaks, measured.peaks[compute.dtype]
        speed = measured.speeds.get(compute.describe(), 0.0)
    assumed = not speed
    speed = speed or peak * USUAL_PEAK_SHARE / made.flops_per_token
    figures: dict[str, Any] = {
        **made.to_dict(),
        "machine": where,
        "matmul_peak": peak,
        "tokens_per_second": speed,
        "matmul_peak_share": speed * made.flops_per_token / peak,
        **made.outlook(speed, train_tokens=tokens),
        "advised_size": choose_size(
            made.budget,
            flops_per_second=speed * made.flops_per_token,
            train_tokens=tokens,
            train_bytes=text["train_bytes"],
            has_prompts=all_world,
        ),
        "compute": dataclasses.asdict(compute) if compute else None,
    }
    figures["reference_size"] = round(compute_optimal_size(figures["flops"]))
    for line in plan_lines(made, compute, peaks):
        print(line)
    print(f"on         {where}; state of {made.state_bytes:,} bytes a sequence")
    print(outlook_line(made, speed, peak, tokens) + (f" (assumed share {USUAL_PEAK_SHARE:.0%})" if assumed else ""))
    print(
        f"advice     {count(figures['advised_size'])} non-embedding parameters for this budget and text (our table); "
        f"for reference, the law of Hoffmann 2022 as refitted by Besiroglu 2024 gives {count(figures['reference_size'])}"
    )
    if as_json:
        print(json.dumps(figures))
