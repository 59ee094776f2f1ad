"""A network that reads and writes by programs in machine code, on the CPU."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from upwell.model.config import NetworkConfig
from upwell.model.mixers import GRU, LSTM, RNN, Attention, MinGRU
from upwell.model.network import Network
from upwell.model.state import State
from upwell.model.stepping.program import (
    CACHE_BYTES,
    FILLED,
    GIVEN,
    LENGTHS,
    NEW_LENGTHS,
    RESULT,
    STEPS,
    TEXTS,
    TOKENS,
    Assembler,
    Programs,
    Weights,
    block_slot,
)

SPARE_SLOTS = 64
"""Least room for tokens to come in a new cache."""
OVERSHOOT = 4
"""Slots behind a cache that a tile may look at."""


@dataclass(eq=False)
class _Cache:
    """Keys and values with room for tokens to come, shared by the states that grew in it."""

    keys: list[Tensor]
    values: list[Tensor]
    filled: int
    """Slots that some state holds: only the state that ends here may write on."""


class CompiledStepper:
    """`(tokens, state) -> (logits, state)` of a network in fp32, bf16, int8 or int4 weights; sums are fp32.

    In int8 and int4 a matrix's inputs are rounded to 8 bits too, with a scale for each token; their sums are exact. States
    are trees as the network's own, in fp32; a cache grows in place where nobody else has gone on from it.
    """

    def __init__(self, network: Network, precision: str) -> None:
        """Pack the weights of `network`, which must be one that `fits`."""
        from upwell.model.stepping.machine_code.team import team

        self._team = team
        self.config: NetworkConfig = network.config
        self.precision = precision
        self.device = torch.device("cpu")
        self._weights = Weights(network, precision)
        self._blocks = network._blocks()
        self._attention = [i for i, block in enumerate(self._blocks) if isinstance(block.mixer, Attention)]
        self._lock = threading.Lock()
        self._programs: Programs | None = None
        self._room = (0, 0, 0, 0)
        self._slots = np.zeros(block_slot(len(self._blocks)), np.int64)

    @property
    def carries_all(self) -> bool:
        """Whether every block's state has a fixed size."""
        return all(block.mixer.carries for block in self._blocks)

    def __call__(self, tokens: Tensor, state: State = None) -> tuple[Tensor, State]:
        """Logits (B, T, V) for `tokens` (B, T) int64, and the state after them; state None is the initial one."""
        with self._lock:
            return self._run(tokens, state, self._weights.head.outputs, logits=True)

    def hidden(self, tokens: Tensor, state: State = None) -> tuple[Tensor, State]:
        """What the head reads (B, T, D or E), and the state after `tokens`."""
        head_map = self._weights.head_map
        width = self.config.width if head_map is None else head_map.outputs
        with self._lock:
            return self._run(tokens, state, width, logits=False)

    def logits(self, hidden: Tensor) -> Tensor:
        """Logits (..., V) of what `hidden` gives."""
        rows = hidden.reshape(-1, hidden.shape[-1]).contiguous()
        result = torch.empty(len(rows), self._weights.head.outputs)
        with self._lock:
            programs, slots = self._fitting(0, len(rows), 0), self._slots
            slots[TEXTS], slots[STEPS], slots[GIVEN], slots[RESULT] = len(rows), 1, rows.data_ptr(), result.data_ptr()
            self._team(torch.get_num_threads()).run(programs.head, slots)
        return result.view(*hidden.shape[:-1], -1)

    def initial_state(self, batch_size: int) -> State:
        """The state of every block before the first token, fp32."""
        with torch.inference_mode():
            return tuple(
                {name: leaf if name == "length" else leaf.float() for name, leaf in state.items()}
                for state in (block.mixer.initial_state(batch_size) for block in self._blocks)
            )

    def _run(self, tokens: Tensor, state: State, width: int, *, logits: bool) -> tuple[Tensor, State]:
        texts, steps = tokens.shape
        tokens = tokens.to(torch.int64).contiguous()
        low, high = tokens.aminmax()
        if int(low) < 0 or int(high) >= self.config.vocab_size:
            raise IndexError(f"token {int(low)} or {int(high)} is not one of {self.config.vocab_size}")
        state = self.initial_state(texts) if state is None else state
        seen = state[self._attention[0]]["key"].shape[1] if self._attention else 0
        programs = self._fitting(texts, texts * steps, seen + steps)
        result = torch.empty(texts, steps, width)
        slots = self._slots
        slots[TEXTS], slots[STEPS], slots[TOKENS], slots[RESULT] = texts, steps, tokens.data_ptr(), result.data_ptr()
        kept: list[Tensor] = []
        following = self._attend(state, texts, steps, seen, kept) if self._attention else {}
        for number in range(len(self._blocks)):
            if number not in following:
                following[number] = self._recur(number, state[number], texts, kept)
        self._team(torch.get_num_threads()).run(programs.step if logits else programs.read, slots)
        return result, tuple(following[number] for number in range(len(self._blocks)))

    def _recur(self, number: int, state: State, texts: int, kept: list[Tensor]) -> State:
        """Tell the slots where a block's state is; returns the new one, which the program fills."""
        slot = block_slot(number)
        new = {name: torch.empty(texts, self.config.width) for name in state}
        for place, name in enumerate(state):
            old = state[name]
            if old.dtype != torch.float32 or not old.is_contiguous():
                old = old.float().contiguous()
                kept.append(old)
            self._slots[slot + place], self._slots[slot + 2 + place] = old.data_ptr(), new[name].data_ptr()
        return new

    def _attend(
        self, state: State, texts: int, steps: int, seen: int, kept: list[Tensor]
    ) -> dict[int, dict[str, Tensor]]:
        """The same for all blocks of attention: their caches grow in place, or move to where there is room."""
        first = state[self._attention[0]]
        length = first["length"].contiguous()
        if self.config.window is None and seen + steps > self.config.context:
            self._blocks[self._attention[0]].mixer.check_reach(int(length.max()) + steps)  # type: ignore[operator]
        cache, start = getattr(first["key"], "cache", None), getattr(first["key"], "start", 0)
        if cache is None or cache.filled != start + seen or start + seen + steps > cache.keys[0].shape[1]:
            cache, start = self._moved(state, texts, seen, steps), 0
        cache.filled = end = start + seen + steps
        new_start = start if self.config.window is None else max(start, end - self.config.window + 1)
        slots, new_length = self._slots, torch.empty_like(length)
        slots[LENGTHS], slots[NEW_LENGTHS], slots[FILLED] = length.data_ptr(), new_length.data_ptr(), start + seen
        slots[CACHE_BYTES] = 4 * cache.keys[0].stride(0)
        kept.append(length)
        following = {}
        for place, number in enumerate(self._attention):
            keys, values, slot = cache.keys[place], cache.values[place], block_slot(number)
            slots[slot], slots[slot + 1] = keys.data_ptr(), values.data_ptr()
            key: Any = keys.narrow(1, new_start, end - new_start)
            key.cache, key.start = cache, new_start
            following[number] = {
                "key": key,
                "value": values.narrow(1, new_start, end - new_start),
                "length": new_length,
            }
            if "waiting" in state[number]:
                old = state[number]["waiting"].float().contiguous()
                new = torch.empty_like(old)
                slots[slot + 2], slots[slot + 3] = old.data_ptr(), new.data_ptr()
                following[number]["waiting"] = new
                kept.append(old)
        return following

    def _moved(self, state: State, texts: int, seen: int, steps: int) -> _Cache:
        """A copy of the caches in a place with as much room again."""
        needed = seen + steps
        room = needed + max(needed, SPARE_SLOTS)
        if self.config.window is None and needed <= self.config.context:
            room = min(room, self.config.context)
        shape = state[self._attention[0]]["key"].shape[2:]
        slot = shape.numel()
        whole = torch.empty(2 * len(self._attention) * texts * room * slot + OVERSHOOT * slot)
        parts = whole[: -OVERSHOOT * slot].view(2 * len(self._attention), texts, room, *shape).unbind(0)
        for place, number in enumerate(self._attention):
            parts[2 * place][:, :seen] = state[number]["key"]
            parts[2 * place + 1][:, :seen] = state[number]["value"]
        return _Cache(list(parts[::2]), list(parts[1::2]), seen)

    def _fitting(self, texts: int, rows: int, slots: int) -> Programs:
        """Programs with room for that many texts, rows and slots of a cache."""
        threads = torch.get_num_threads()
        wanted = (texts, rows, slots, threads)
        if (
            self._programs is None
            or threads != self._room[3]
            or any(w > r for w, r in zip(wanted, self._room, strict=True))
        ):
            most_texts, most_rows, most_slots, _ = self._room
            self._room = (max(texts, most_texts), max(rows, most_rows), max(2 * slots, most_slots), threads)
            self._programs = Assembler(
                self._weights, texts=self._room[0], rows=self._room[1], slots=self._room[2], threads=threads
            ).programs()
        return self._programs


def fits(network: Network) -> bool:
    """Whether this machine code knows all that the network does."""
    config = network.config
    known = not config.encoder and all(
        isinstance(block.mixer, RNN | LSTM | GRU | MinGRU | Attention) for block in network._blocks()
    )
    on_cpu = network.embedding_weight.device.type == "cpu"
    return on_cpu and known and config.head == "tokens" and not config.bags and config.width % 4 == 0
