"""What a run took from the socket, as well as it can be told without a meter."""

from __future__ import annotations

from upwell.training.compute import Compute

WATTS_OF_A_CORE, WATTS_OF_A_GPU = 12.0, 200.0
"""Of a processor that is not known more closely, memory and cooling left out (Lannelongue et al. 2021, Green Algorithms)."""


def energy_line(seconds: float, compute: Compute) -> str:
    """Watt hours of so many seconds, in words that say what was assumed."""
    if compute.device == "cpu":
        watts = WATTS_OF_A_CORE * compute.threads
        assumed = f"{WATTS_OF_A_CORE:g} W for each of {compute.threads} busy cores"
    else:
        watts, assumed = WATTS_OF_A_GPU, f"{WATTS_OF_A_GPU:g} W for the GPU"
    return f"about {watts * seconds / 3600:.2g} Wh, if one assumes {assumed}, memory and cooling left out"
