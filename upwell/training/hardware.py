"""Published matmul peaks of accelerators, to plan for a machine that is not here; and the reference law for size."""

from __future__ import annotations

from dataclasses import dataclass

from upwell.errors import UserError


@dataclass(frozen=True)
class Hardware:
    """One accelerator as its maker describes it."""

    name: str
    peak: float
    """Dense matmul FLOP/s in 16 bits with fp32 accumulation."""
    memory: int
    """Bytes."""
    source: str


HARDWARE = {
    item.name: item
    for item in (
        Hardware("t4", 65e12, 16 << 30, "NVIDIA T4 datasheet 2019, fp16"),
        Hardware("v100", 125e12, 16 << 30, "NVIDIA V100 datasheet 2020, SXM2, fp16"),
        Hardware("rtx3090", 71e12, 24 << 30, "NVIDIA GA102 whitepaper 2021, fp16 with fp32 accumulation"),
        Hardware("rtx4090", 165e12, 24 << 30, "NVIDIA Ada whitepaper 2022, bf16 with fp32 accumulation"),
        Hardware("l4", 121e12, 24 << 30, "NVIDIA L4 datasheet 2023, bf16, half of the figure with sparsity"),
        Hardware("a100", 312e12, 80 << 30, "NVIDIA A100 80GB datasheet 2021, bf16"),
        Hardware("h100", 989e12, 80 << 30, "NVIDIA H100 datasheet 2023, SXM, bf16, half of the figure with sparsity"),
    )
}


def find_hardware(name: str) -> Hardware:
    """The accelerator called `name`; a UserError that lists all of them otherwise."""
    try:
        return HARDWARE[name.lower().replace(" ", "").replace("-", "")]
    except KeyError:
        raise UserError(f"--hardware {name}: not in the table; there are {', '.join(HARDWARE)}") from None


# L(N, D) = E + A / N^alpha + B / D^beta, the form of Hoffmann et al. 2022 (eq. 2), refitted by Besiroglu et al. 2024.
REFIT_A, REFIT_B, REFIT_ALPHA, REFIT_BETA = 482.01, 2085.43, 0.3478, 0.3658


def compute_optimal_size(flops: float) -> float:
    """Parameters N that minimise L(N, D) under 6 N D = `flops` (Hoffmann et al. 2022, eq. 4, with the refit's constants).

    Fitted on large models of web text in pieces of about 4 bytes: a reference line for small ones, not advice.
    """
    scale = (REFIT_ALPHA * REFIT_A / (REFIT_BETA * REFIT_B)) ** (1 / (REFIT_ALPHA + REFIT_BETA))
    return float(scale * (flops / 6) ** (REFIT_BETA / (REFIT_ALPHA + REFIT_BETA)))
