"""A network as a program of operations: its matrices packed, its buffers laid out, one row a operation.

Shapes: B texts, T new tokens, R = B T rows, D width, V vocabulary, G gates of a unit.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from upwell.model.mixers import GRU, LSTM, RNN, Attention, MinGRU
from upwell.model.network import Block, Network
from upwell.model.stepping.machine_code import codes
from upwell.model.stepping.packing import PANEL, STEP, pack, rounded, stored_precision

TABLE_BYTES = 64 * 2**20
"""Largest table of what the first layer's gates get from each token."""
TEXTS, STEPS, TOKENS, RESULT, LENGTHS, NEW_LENGTHS, FILLED, CACHE_BYTES, GIVEN, BLOCKS = range(10)
"""Slots: what differs from call to call. From BLOCKS on, four for each block."""
_CODES = {"fp32": codes.FLOAT32, "bf16": codes.BFLOAT16, "int8": codes.INT8, "int4": codes.INT4}


def block_slot(block: int) -> int:
    """The first slot of a block's states."""
    return BLOCKS + 4 * block


@dataclass(frozen=True)
class Matrix:
    """A packed matrix."""

    precision: str
    outputs: int
    inputs: int
    weights: Tensor
    scales: Tensor | None
    bias: Tensor | None = None

    @property
    def steps(self) -> int:
        """Steps of a tile over its inputs."""
        return -(-self.inputs // STEP[self.precision])

    @property
    def stride(self) -> int:
        """Bytes of a row of its inputs."""
        return self.steps * STEP[self.precision] * (1 if self.precision in ("int8", "int4") else 4)


@dataclass(frozen=True)
class Packed:
    """Room for rows of inputs in a matrix's format."""

    rows: Tensor
    scales: Tensor
    offsets: Tensor


@dataclass
class Programs:
    """What a network does, as tables: read tokens, read and write, write from what was read."""

    read: np.ndarray
    step: np.ndarray
    head: np.ndarray
    kept: list[object] = field(repr=False)
    """Everything whose address stands in the tables."""


class Weights:
    """A network's matrices, packed once, whatever the number of rows."""

    def __init__(self, network: Network, precision: str) -> None:
        self.network, self.precision = network, precision
        embedding = network.embedding_weight.detach().float()
        if network.embedding_map is not None:
            embedding = embedding @ rounded(network.embedding_map.detach(), stored_precision("", precision)).T
        self.embedding = embedding.contiguous()  # (V, D)
        self.blocks = [self._block(block) for block in network._blocks()]
        self.table = self._table()
        self.norm = network.norm.scale.detach().float().contiguous()
        self.head_map = (
            None
            if network.head_map is None
            else self._matrix(network.head_map, precision=stored_precision("", precision))
        )
        self.head = self._matrix(network.head(), precision=stored_precision("", precision))

    def _matrix(self, *parts: Tensor, bias: Tensor | None = None, gates: int = 0, precision: str = "") -> Matrix:
        """Rows of `parts` stacked; with `gates`, those of sixteen units one gate after the other, filled up with zeros."""
        weight = torch.cat([part.detach().float() for part in parts])
        if gates:
            weight = _by_units(weight, gates)
        precision = precision or self.precision
        weights, scales = pack(weight, precision)
        if bias is not None:
            bias = _by_units(bias.detach().float()[:, None], gates)[:, 0].contiguous()
        outputs, inputs = weight.shape
        return Matrix(precision, outputs, inputs, weights, scales, bias)

    def _block(self, block: Block) -> dict[str, Matrix | Tensor]:
        mixer = block.mixer
        found: dict[str, Matrix | Tensor] = {"norm": block.mixer_norm.scale.detach().float().contiguous()}
        if isinstance(mixer, RNN | LSTM | GRU):
            gates = mixer.gates
            recurrent_bias = mixer.recurrent_bias if isinstance(mixer, GRU) else None
            found["input"] = self._matrix(mixer.input_weight, bias=mixer.bias, gates=gates)
            found["recurrent"] = self._matrix(mixer.recurrent_weight, bias=recurrent_bias, gates=gates)
        elif isinstance(mixer, MinGRU):
            bias = torch.cat([mixer.bias, torch.zeros_like(mixer.bias)])
            found["input"] = self._matrix(mixer.input_weight, bias=bias, gates=2)
            found["output"] = self._matrix(mixer.output_weight)
        elif isinstance(mixer, Attention):
            found["input"] = self._matrix(mixer.query_weight, mixer.key_weight, mixer.value_weight)
            found["output"] = self._matrix(mixer.output_weight)
            if mixer.query_norm is not None and mixer.key_norm is not None:
                found["query_norm"] = mixer.query_norm.detach().float().contiguous()
                found["key_norm"] = mixer.key_norm.detach().float().contiguous()
        if block.mlp is not None and block.mlp_norm is not None:
            found["mlp_norm"] = block.mlp_norm.scale.detach().float().contiguous()
            found["up"] = self._matrix(block.mlp.gate_weight, block.mlp.up_weight)
            found["down"] = self._matrix(block.mlp.down_weight)
        return found

    def _table(self) -> Tensor | None:
        """What the first mixer's gates get from each token (V, N): the product with its input is a row of a table."""
        block = self.network._blocks()[0]
        mixer = block.mixer
        if not isinstance(mixer, RNN | LSTM | GRU | MinGRU):
            return None
        gates = len(mixer.input_weight) // mixer.width
        if 4 * len(self.embedding) * len(mixer.input_weight) > TABLE_BYTES:
            return None
        weight = rounded(mixer.input_weight.detach(), self.precision)
        normal = torch.nn.functional.rms_norm(
            self.embedding, (mixer.width,), block.mixer_norm.scale.detach().float(), 1e-6
        )
        found = _by_units(weight @ normal.T, gates).T
        bias = self.blocks[0]["input"]
        assert isinstance(bias, Matrix) and bias.bias is not None
        return (found + bias.bias).contiguous()


class Assembler:
    """Lays out buffers for a number of rows and writes the operations down."""

    def __init__(self, weights: Weights, *, texts: int, rows: int, slots: int, threads: int) -> None:
        """Room for `rows` tokens of `texts` texts whose attention reaches over `slots` tokens."""
        self.weights, self.texts, self.rows, self.slots, self.threads = weights, texts, rows, slots, threads
        self.kept: list[object] = [weights]
        self.operations: list[list[int]] = []
        config = weights.network.config
        widest = max(config.width, config.mlp_width, config.embedding_width or 0)
        self.inputs = self._packed(widest, rows)
        self.hidden = self._packed(config.width, texts)
        self.stream = self._buffer(rows, config.width)
        outputs = [
            matrix.outputs for block in weights.blocks for matrix in block.values() if isinstance(matrix, Matrix)
        ]
        self.between = self._buffer(rows, max(outputs))  # gates; queries, keys and values; an MLP's hidden units
        self.mixed = self._buffer(rows, max(config.width, config.embedding_width or 0))
        self.memory = self._buffer(texts, 4 * _whole(config.width))
        written = [matrix for matrix in (weights.head, weights.head_map) if matrix and matrix.outputs % PANEL]
        self.raw = self._buffer(rows, max([config.width, *(matrix.outputs for matrix in written)]))
        self.scratch = self._buffer(threads, 4 * (slots + 128) + widest)

    def programs(self) -> Programs:
        """The three tables."""
        self._body()
        body = list(self.operations)
        head_map = self.weights.head_map
        if head_map is None:
            self._add(
                codes.UNPACK, self.stream, self._stride(self.stream), self._width, self.weights.norm, RESULT, wait=True
            )
        else:
            self._pack(head_map, self.stream, norm=self.weights.norm)
            self._linear(head_map, None, slot=RESULT, stride=4 * head_map.outputs)
        read, self.operations = self.operations, body
        if head_map is None:
            self._pack(self.weights.head, self.stream, norm=self.weights.norm)
        else:
            self._pack(head_map, self.stream, norm=self.weights.norm)
            self._linear(head_map, self.mixed)
            self._pack(self.weights.head, self.mixed)
        self._linear(self.weights.head, None, slot=RESULT, stride=4 * self.weights.head.outputs)
        step, self.operations = self.operations, []
        self._pack(self.weights.head, None, slot=GIVEN)
        self._linear(self.weights.head, None, slot=RESULT, stride=4 * self.weights.head.outputs)
        read_table, step_table, head_table = (np.array(table, np.int64) for table in (read, step, self.operations))
        return Programs(read_table, step_table, head_table, self.kept)

    @property
    def _width(self) -> int:
        return self.weights.network.config.width

    def _body(self) -> None:
        weights = self.weights
        self._add(
            codes.EMBED, weights.embedding, self._width, self.stream, self._stride(self.stream), 4,
            wait=weights.table is None,
        )  # fmt: skip
        attention = [block.mixer for block in weights.network._blocks() if isinstance(block.mixer, Attention)]
        if attention:
            self._places(attention[0])
        for number, (block, matrices) in enumerate(zip(weights.network._blocks(), weights.blocks, strict=True)):
            if isinstance(block.mixer, Attention):
                self._attention(number, block.mixer, matrices)
            else:
                self._recurrent(number, block.mixer, matrices)
            if "up" in matrices:
                up, down = matrices["up"], matrices["down"]
                assert isinstance(up, Matrix) and isinstance(down, Matrix)
                self._pack(up, self.stream, norm=matrices["mlp_norm"])
                self._linear(up, self.between)
                self._pack(down, self.between, gated=True)
                self._linear(down, self.stream, add=True)

    def _recurrent(self, number: int, mixer: object, matrices: dict[str, Matrix | Tensor]) -> None:
        kinds = {LSTM: codes.LSTM, GRU: codes.GRU, MinGRU: codes.MINGRU}
        kind = kinds.get(
            type(mixer), codes.RNN_RELU if getattr(mixer, "nonlinearity", "") == "relu" else codes.RNN_TANH
        )
        given, memory = matrices["input"], matrices.get("recurrent")
        assert isinstance(given, Matrix)
        gates = given.outputs // _whole(self._width)
        slot = block_slot(number)
        from_table = number == 0 and self.weights.table is not None
        if memory is not None:
            self._pack(memory, None, slot=slot, texts_alone=True, wait=from_table)
        if from_table:
            self._add(
                codes.EMBED, self.weights.table, given.outputs, self.between, self._stride(self.between), PANEL * gates
            )
        else:
            self._pack(given, self.stream, norm=matrices["norm"], begins=1)
            self._linear(given, self.between, unit=PANEL * gates, wait=False)
        out = self.stream if memory is not None else self.mixed
        fields: tuple[object, ...] = (
            kind, self._width, self.between, self._stride(self.between), self.memory, self._stride(self.memory), slot,
            out, self._stride(out), gates,
        )  # fmt: skip
        if isinstance(memory, Matrix):
            fields += (_CODES[memory.precision], memory.weights, memory.steps, memory.scales, memory.bias)
            fields += (self.hidden.rows, memory.stride, self.hidden.scales, self.hidden.offsets)
        self._add(codes.RECUR, *fields, wait=True)
        if "output" in matrices:
            self._pack(matrices["output"], self.mixed)
            self._linear(matrices["output"], self.stream, add=True)

    def _places(self, mixer: Attention) -> None:
        half = mixer.head_width // 2
        scale = torch.arange(half, dtype=torch.float32) * (-2 / mixer.head_width)
        boundary = self.weights.network.config.boundary
        self.positions = torch.zeros(self.rows, dtype=torch.int64)
        self.cosines, self.sines = (torch.zeros(self.rows, half) for _ in range(2))
        self._add(
            codes.PLACES, -1 if boundary is None else boundary, half, mixer.rope_base**scale, self.positions,
            self.cosines, self.sines, wait=True,
        )  # fmt: skip

    def _attention(self, number: int, mixer: Attention, matrices: dict[str, Matrix | Tensor]) -> None:
        self._pack(matrices["input"], self.stream, norm=matrices["norm"])
        self._linear(matrices["input"], self.between)
        self._add(
            codes.ATTEND, self.between, self._stride(self.between), self.mixed, self._stride(self.mixed), mixer.heads,
            mixer.kv_heads, mixer.head_width, mixer.late_keys, mixer.window or 0, matrices.get("query_norm"),
            matrices.get("key_norm"), self.positions, self.cosines, self.sines, block_slot(number), self.scratch,
            self._stride(self.scratch), wait=True,
        )  # fmt: skip
        self._pack(matrices["output"], self.mixed)
        self._linear(matrices["output"], self.stream, add=True)

    def _pack(
        self, matrix: Matrix | Tensor, source: Tensor | None, *, norm: Matrix | Tensor | None = None, slot: int = 0,
        gated: bool = False, texts_alone: bool = False, begins: int = 0, wait: bool = True,
    ) -> None:  # fmt: skip
        """Inputs for `matrix` from the rows of `source`, or of what lies at a slot."""
        assert isinstance(matrix, Matrix)
        room = self.hidden if texts_alone else self.inputs
        stride = 4 * matrix.inputs if source is None else self._stride(source)
        self._add(
            codes.PACK, _CODES[matrix.precision], source, stride, matrix.inputs, norm, room.rows, matrix.stride, room.scales,
            room.offsets, matrix.stride, slot, int(gated), begins, self.scratch, self._stride(self.scratch),
            int(texts_alone), wait=wait,
        )  # fmt: skip

    def _linear(
        self, matrix: Matrix | Tensor, out: Tensor | None, *, slot: int = 0, stride: int = 0, add: bool = False,
        unit: int = PANEL, wait: bool = True,
    ) -> None:  # fmt: skip
        assert isinstance(matrix, Matrix)
        room = self.inputs
        raw = self.raw if add or (out is None and matrix.outputs % PANEL) else None
        self._add(
            codes.LINEAR, _CODES[matrix.precision], matrix.weights, matrix.steps, matrix.scales, matrix.outputs, room.rows,
            matrix.stride, room.scales, room.offsets, matrix.stride, matrix.bias, raw, self._stride(self.raw), out,
            stride if out is None else self._stride(out), slot, int(add), unit, wait=wait,
        )  # fmt: skip

    def _add(self, code: int, *arguments: object, wait: bool = False) -> None:
        row = [code, int(wait)]
        for argument in arguments:
            if isinstance(argument, Tensor):
                self.kept.append(argument)
                row.append(argument.data_ptr())
            else:
                row.append(0 if argument is None else int(argument))  # type: ignore[call-overload]
        assert len(row) <= codes.FIELDS
        self.operations.append(row + [0] * (codes.FIELDS - len(row)))

    def _buffer(self, rows: int, width: int) -> Tensor:
        return torch.zeros(rows, _whole(width))

    def _stride(self, buffer: Tensor) -> int:
        return 4 * buffer.shape[1]

    def _packed(self, width: int, rows: int) -> Packed:
        most = max(width + STEP["int4"], 4 * (width + STEP["fp32"]))  # bytes of a row in any format
        room = [torch.zeros(rows * most, dtype=torch.int8) for _ in range(2)]
        return Packed(room[0], torch.zeros(rows), room[1])


def _whole(width: int) -> int:
    """`width`, filled up to whole panels."""
    return -(-width // PANEL) * PANEL


def _by_units(rows: Tensor, gates: int) -> Tensor:
    """Rows (G D, ...) of gates in the order of units: of each sixteen one gate after the other, filled up with zeros."""
    by_gate = rows.view(gates, -1, rows.shape[1])
    filled = torch.nn.functional.pad(by_gate, (0, 0, 0, -by_gate.shape[1] % PANEL))
    return filled.view(gates, -1, PANEL, rows.shape[1]).transpose(0, 1).flatten(0, 2)
