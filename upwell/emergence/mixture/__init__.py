"""The suite called mixture: one language model for every size, and which of the five tasks it can do."""

from upwell.emergence.mixture.ladder import MixtureLadder as MixtureLadder
