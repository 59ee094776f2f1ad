"""What a run will be, before it begins: network, recipe, cost. The numbers behind the defaults are measured ones."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import torch

from upwell.errors import UserError
from upwell.model.accounting import (
    meta_network,
    parameters_by_kind,
    state_bytes,
    training_flops_per_token,
    training_memory,
)
from upwell.model.config import NetworkConfig
from upwell.model.machine import device_memory
from upwell.model.sizes import count_text, network_config, parse_size
from upwell.text.tokenizers import END_OF_TEXT_ID, KINDS
from upwell.text.vectors import load_vectors
from upwell.training.compute import Compute, choose_compute, choose_threads, measure_peaks, torch_dtype
from upwell.training.distributed import World, share_object
from upwell.training.options import TrainOptions
from upwell.training.recipe import Recipe
from upwell.training.schedules import Budget

TOKENS_PER_PARAMETER = 6.0
"""Training tokens per non-embedding parameter at the best size for a time budget: docs/experiments.md, "size"."""
PROMPT_TOKENS_PER_PARAMETER = 17.0
"""The same on prompts with answers: docs/experiments.md, "size for five minutes"."""
BLOCK_FLOPS, PROMPT_FLOPS = 6.0, 10.6
"""Training FLOPs per token and non-embedding parameter: of the blocks (Kaplan et al. 2020), and on prompts with answers, whose
small models pay nearly as much for the head."""
PARAMETERS_PER_BYTE = 4.0
"""Above this many non-embedding parameters per byte of text nothing was gained: docs/experiments.md, "size"."""
USUAL_PEAK_SHARE = 0.4
"""Share of the matmul peak that a training step reaches, before it has been measured."""
LONG_RUN = 3_000_000
"""Planned tokens from which steps of 4,096 tokens learn more in the time than steps of 2,048."""
DROPOUT_PER_EPOCH = 0.01
"""Dropout grows with how often the text is read; below three times it costs more than it saves."""
TABLE_DROPOUTS = {"dropout": 0.4, "output_dropout": 0.3, "embedding_dropout": 0.1}
TABLE_EPOCHS = 20
"""What is dropped of texts from a table of prompts that are read so often or more, in proportion where less often:
docs/experiments.md, "writing"."""
MATRIX_RATES = {"rnn": 5e-3, "lstm": 1e-2, "gru": 1e-2, "mingru": 1e-2, "attention": 1e-2}
"""Muon's best peak rate by family, for models of 0.6m to 2m parameters."""
USUAL_MODEL, PROMPT_MODEL = "lstm", "lstm attention-mlp lstm"
"""For plain text, and for prompts with answers, which repeat and translate words of the prompt: docs/experiments.md, "tasks"."""
PROMPT_SHARE = 0.2
"""Of the tokens of prompts that are asked: docs/experiments.md, "tasks"."""
PROMPT_STEP = 4096
"""Tokens of a step on prompts with answers: docs/experiments.md, "tasks"."""
PROMPT_WINDOW = 256
"""Tokens that attention reaches back over on prompts with answers: as many as it is trained on, in a text without end."""
PLANNING_ROUNDS = {"cpu": 2, "cuda": 5}
"""Times that a size is chosen and tried at most: each time by the speed found before, which on a GPU depends much more on
the size than on a CPU."""
TURNS_FROM = 1000
"""Steps of a run from which on Muon's matrices take turns: a shorter one has too few for what is saved ("turns")."""
SHORT_RUN, HIGHEST_RISE = 500, 3.0
"""A recurrent network's rates rise as a run falls short of so many steps, at most so many times: docs/experiments.md, "short"."""
SMALLEST, LARGEST = 20_000, 1_000_000_000


def choose_size(
    budget: Budget, *, flops_per_second: float, train_tokens: int, train_bytes: int, has_prompts: bool = False
) -> int:
    """Non-embedding parameters for a budget in a machine that trains at that speed; a round number of two digits."""
    ratio = PROMPT_TOKENS_PER_PARAMETER if has_prompts else TOKENS_PER_PARAMETER
    if budget.kind == "minutes":
        # So many FLOPs for each of N parameters and D tokens, with D / N held at the measured ratio.
        flops = flops_per_second * 60 * budget.amount
        size = math.sqrt(flops / ((PROMPT_FLOPS if has_prompts else BLOCK_FLOPS) * ratio))
    else:
        tokens = budget.amount if budget.kind == "tokens" else budget.amount * train_tokens
        size = tokens / ratio
    size = min(max(size, SMALLEST), LARGEST, max(SMALLEST, PARAMETERS_PER_BYTE * train_bytes))
    digits = 10 ** (math.floor(math.log10(size)) - 1)
    return int(round(size / digits) * digits)


def derive_recipe(
    config: NetworkConfig,
    options: TrainOptions,
    *,
    train_tokens: int,
    planned_tokens: float,
    documents: int = 1,
    has_prompts: bool = False,
) -> tuple[NetworkConfig, Recipe]:
    """Recipe and regularization for a network, a text and a run of `planned_tokens`; what the user gave stands.

    The formulas come from the searches in docs/experiments.md ("rate", "batch", "dropout", "tasks").
    """
    # Attention learns from what a window holds; a carried state reaches past it.
    length = options.length or (min(config.context, 256) if "attention" in config.mixers else 128)
    step = PROMPT_STEP if has_prompts else 2048 if planned_tokens < LONG_RUN else 4096
    rows = options.rows or max(1, step // length)
    if rows * length > train_tokens:  # a short text: fewer rows, then shorter windows
        length = min(length, max(8, train_tokens // max(1, rows)))
        rows = max(1, min(rows, train_tokens // length)) if options.rows is None else rows
    if rows * length > train_tokens:
        raise UserError(
            f"{train_tokens} training tokens are too few for {rows} rows of {length}; lower --rows or --length"
        )
    rise = 1.0
    if "attention" not in config.mixers:
        rise = min(HIGHEST_RISE, max(1.0, SHORT_RUN * rows * length / planned_tokens))
    rate = MATRIX_RATES[config.family if config.family in MATRIX_RATES else "lstm"]
    # Attention sees little of what lies before a window of training: short documents are kept whole.
    fits = 2 * train_tokens <= length * documents and 2 * rows * length <= train_tokens
    recipe = Recipe(
        rows=rows,
        length=length,
        seed=options.seed,
        turns=2 if planned_tokens >= TURNS_FROM * rows * length else 1,
        learning_rate=rise * Recipe.learning_rate,
        matrix_learning_rate=rise * rate,
        packed="attention" in config.mixers and fits,
        prompt_share=PROMPT_SHARE if has_prompts else 1.0,
    )
    given = {
        name: getattr(options, name)
        for name in ("learning_rate", "optimizer", "accumulate", "carry", "ema", "patience")
        if getattr(options, name) is not None
    }
    if options.learning_rate is not None:
        given["matrix_learning_rate"] = options.learning_rate * recipe.matrix_learning_rate / recipe.learning_rate
    dropouts = {
        name: getattr(options, name)
        for name in ("dropout", "embedding_dropout", "weight_drop", "output_dropout")
        if getattr(options, name) is not None
    }
    epochs = planned_tokens / train_tokens
    if epochs >= 3:
        usual = {"dropout": min(0.3, DROPOUT_PER_EPOCH * epochs)}
        if options.task is not None:
            usual = {name: share * min(1.0, epochs / TABLE_EPOCHS) for name, share in TABLE_DROPOUTS.items()}
        dropouts = {**{name: round(share, 2) for name, share in usual.items()}, **dropouts}
    boundary = END_OF_TEXT_ID if recipe.packed else None
    return replace(config, boundary=boundary, **dropouts), replace(recipe, **given)


@dataclass(frozen=True)
class Plan:
    """A run in numbers."""

    network: NetworkConfig
    recipe: Recipe
    budget: Budget
    dtype: str
    """Of the computation, as planned."""
    parameters: dict[str, int]
    flops_per_token: int
    """Of training: forward and backward."""
    memory: int
    """Planned peak, bytes."""
    state_bytes: int
    """Per sequence, at the full context."""

    def outlook(self, speed: float, *, train_tokens: int) -> dict[str, float]:
        """What the whole budget comes to at `speed` tokens/s: training_tokens, epochs, seconds, flops."""
        steps = self.budget.total_steps(
            tokens_per_step=self.recipe.tokens_per_step,
            steps_per_epoch=max(1, train_tokens // self.recipe.tokens_per_step),
        )
        tokens = 60 * self.budget.amount * speed if steps is None else float(steps * self.recipe.tokens_per_step)
        return {
            "training_tokens": tokens,
            "epochs": tokens / train_tokens,
            "seconds": tokens / speed,
            "flops": tokens * self.flops_per_token,
        }

    def to_dict(self) -> dict[str, Any]:
        """The plan as JSON values."""
        return {
            "network": self.network.to_dict(),
            "recipe": self.recipe.to_dict(),
            "budget": {self.budget.kind: self.budget.amount},
            "parameters": self.parameters,
            "flops_per_token": self.flops_per_token,
            "memory_bytes": self.memory,
            "state_bytes": self.state_bytes,
        }


def make_plan(
    options: TrainOptions,
    *,
    vocab_size: int,
    train_tokens: int,
    train_bytes: int,
    flops_per_second: float,
    dtype: str,
    documents: int = 1,
    has_prompts: bool = False,
    embedding_width: int | None = None,
) -> Plan:
    """The plan for `options` on a text of that many tokens, bytes and documents, on a machine that trains in `dtype` at
    that speed. `has_prompts`: the text marks what is given and what is to be learned; `embedding_width`: of word vectors
    that the embedding begins with.
    """
    budget = Budget.choose(minutes=options.minutes, tokens=options.tokens, epochs=options.epochs)
    if options.size is not None:
        size = parse_size(options.size)
    else:
        size = choose_size(
            budget,
            flops_per_second=flops_per_second,
            train_tokens=train_tokens,
            train_bytes=train_bytes,
            has_prompts=has_prompts,
        )
    context, window = options.context or 256, options.window
    if has_prompts and options.context is None and window is None:
        window = PROMPT_WINDOW
    config = network_config(
        options.model or (PROMPT_MODEL if has_prompts else USUAL_MODEL),
        size,
        vocab_size=vocab_size,
        context=context,
        depth=options.depth,
        embedding_width=embedding_width,
        window=window,
        tied=not options.freeze_vectors,  # a frozen head cannot even learn which words are frequent
    )
    if has_prompts and "attention" in config.mixers:
        config = replace(config, late_keys=config.kv_heads // 2)
    if budget.kind == "minutes":
        planned = 60 * budget.amount * flops_per_second / training_flops_per_token(meta_network(config), 128)
    else:
        planned = budget.amount * (train_tokens if budget.kind == "epochs" else 1)
    config, recipe = derive_recipe(
        config,
        options,
        train_tokens=train_tokens,
        planned_tokens=planned,
        documents=documents,
        has_prompts=has_prompts,
    )
    if "attention" in config.mixers and config.window is None and recipe.length > config.context:
        raise UserError(f"--length {recipe.length} is past --context {config.context}; raise the context")
    return plan_for(config, recipe, budget, dtype=dtype)


def plan_for(config: NetworkConfig, recipe: Recipe, budget: Budget, *, dtype: str) -> Plan:
    """The costs of a network and recipe that are already fixed."""
    network = meta_network(config)
    return Plan(
        network=config,
        recipe=recipe,
        budget=budget,
        dtype=dtype,
        parameters=parameters_by_kind(network),
        flops_per_token=training_flops_per_token(network, recipe.length),
        memory=training_memory(
            network, batch_size=recipe.rows // recipe.accumulate, length=recipe.length, dtype=torch_dtype(dtype)
        ),
        state_bytes=state_bytes(network.to(torch_dtype(dtype)), config.context),
    )


def check_options(options: TrainOptions) -> None:
    """Raise a UserError for what no run can have, before any text is read or any folder is made."""
    choose_threads(options.threads, World())
    if options.tokenizer is not None and options.tokenizer not in KINDS:
        raise UserError(f"--tokenizer {options.tokenizer}: choose {', '.join(KINDS[:-1])} or {KINDS[-1]}")
    if options.script is not None:
        raise UserError(f"--script {options.script}: is of --task translate; upwell prepare --script converts texts")
    if options.freeze_vectors and options.vectors is None:
        raise UserError("--freeze-vectors: there are none to freeze; name their file by --vectors")
    if options.vectors is not None:
        if options.tokenizer in ("char", "byte"):
            raise UserError(
                f"--vectors {options.vectors}: tokens of a {options.tokenizer} tokenizer are no words, so none has a vector; "
                "choose --tokenizer word, bpe or unigram"
            )
        load_vectors(options.vectors, limit=1)
    dtype = options.dtype or "float32"
    torch_dtype(dtype)
    make_plan(options, vocab_size=256, train_tokens=10**12, train_bytes=10**12, flops_per_second=1e11, dtype=dtype)


def check_memory(plan: Plan, available: int) -> None:
    """Raise a UserError, with a size that would fit, where the planned peak is above the `available` bytes."""
    if plan.memory <= available:
        return
    size = plan.parameters["non_embedding"]
    while size > 1000:
        size = int(size * 0.8)
        blocks = " ".join(plan.network.blocks)
        smaller = network_config(
            blocks,
            size,
            vocab_size=plan.network.vocab_size,
            context=plan.network.context,
            embedding_width=plan.network.embedding_width,
            tied=plan.network.tied,
        )
        if plan_for(smaller, plan.recipe, plan.budget, dtype=plan.dtype).memory <= available:
            break
    raise UserError(
        f"training needs about {plan.memory / 2**30:.1f} GiB, {available / 2**30:.1f} GiB are free; "
        f"--size {count_text(size)} would fit, or more parts by --accumulate"
    )


@dataclass(frozen=True)
class Measured:
    """What was measured on this machine before a run."""

    peaks: dict[str, float]
    """Matmul FLOP/s by dtype, of all processes together."""
    speeds: dict[str, float]
    """Training tokens/s of every way of computing that was tried."""


def plan_here(
    options: TrainOptions,
    *,
    vocab_size: int,
    train_tokens: int,
    train_bytes: int,
    device: torch.device,
    world: World,
    documents: int = 1,
    has_prompts: bool = False,
    embedding_width: int | None = None,
) -> tuple[Plan, Compute, Measured]:
    """Measure this machine, plan `options` for it, and choose how to compute; the same in all processes.

    Raises a UserError for options that cannot be, and for a plan that does not fit into the memory that is free.
    """
    threads = choose_threads(options.threads, world)
    peaks = measure_peaks(device, options.dtype, threads)
    fastest = max(peaks, key=lambda name: peaks[name])
    share = USUAL_PEAK_SHARE
    for _ in range(PLANNING_ROUNDS[device.type]):
        plan = make_plan(
            options,
            vocab_size=vocab_size,
            train_tokens=train_tokens,
            train_bytes=train_bytes,
            flops_per_second=share * peaks[fastest] * world.size,
            dtype=fastest,
            documents=documents,
            has_prompts=has_prompts,
            embedding_width=embedding_width,
        )
        check_memory(plan, device_memory(device))
        compute, speeds = choose_compute(
            plan.network, plan.recipe, device=device, peaks=peaks, threads=threads, world=world
        )
        found = speeds.get(compute.describe(), 0.0) * plan.flops_per_token / peaks[fastest]
        if not found or abs(math.log(found / share)) < 0.2 or options.size is not None or plan.budget.kind != "minutes":
            break
        share = found  # the size followed from a guess; now from what this family does on this machine
    measured = Measured(
        {name: peak * world.size for name, peak in peaks.items()},
        {way: speed * world.size for way, speed in speeds.items()},
    )
    return share_object(world, (replace(plan, dtype=compute.dtype), compute, measured))
