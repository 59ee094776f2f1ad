"""Arithmetic: plain, with digits reversed, and in steps.

All forms, both languages, both orders of the operands and the inverse operation share the split of the unordered
operands: 7 - 3 = 4 is on the side of 3 + 4. Spaces of one and two digits are small, so their pairs are listed: a
twentieth of them, and no less than three, is test and another valid; larger ones are drawn until the split fits.
"""

from __future__ import annotations

import functools
import itertools
import math
import re
from typing import NamedTuple

from upwell.text.examples import Example, prompt_format
from upwell.world.chance import Chance, Table
from upwell.world.meaning import hash_of
from upwell.world.splits import split_of
from upwell.world.views.draws import draw_in_split

DIGITS = {1: (1, 1), 2: (1, 2), 3: (1, 3), 4: (4, 6)}
"""Fewest and most digits of an operand, by level."""
PLAIN, REVERSED, STEPS = KINDS = ("plain", "reversed", "steps")
TASKS = {
    ("en", PLAIN): "Compute",
    ("en", REVERSED): "Compute backwards",
    ("en", STEPS): "Compute in steps",
    ("zh", PLAIN): "计算",
    ("zh", REVERSED): "倒着计算",
    ("zh", STEPS): "分步计算",
}
OPERATIONS = {"+": 5, "-": 4, "×": 2}
"""With their weights; there is no multiplication at level 1."""
ENUMERATED = 2
"""Operands of up to this many digits are listed."""

_KINDS = Table(KINDS, (2, 1, 1))
_PROBLEM = re.compile(r"(\d+) ([-+×]) (\d+)(?: =|:)")


class Problem(NamedTuple):
    """left operation right."""

    left: int
    operation: str
    right: int

    @property
    def result(self) -> int:
        """The right answer."""
        if self.operation == "×":
            return self.left * self.right
        return self.left + self.right if self.operation == "+" else self.left - self.right

    @property
    def meaning(self) -> tuple[str, int, int]:
        """The unordered operands of the sum or product that this problem is, or is the inverse of."""
        if self.operation == "-":
            return ("sum", *sorted((self.right, self.result)))  # type: ignore[return-value]
        return ("product" if self.operation == "×" else "sum", *sorted((self.left, self.right)))  # type: ignore[return-value]


def make(chance: Chance, level: int, language: str, split: str) -> Example:
    """One problem of `level` in `split`."""
    before = chance.bits
    problem = _draw(chance, level, split)
    kind = chance.pick(_KINDS)
    if kind == STEPS and max(problem.left, problem.right) < 10:
        kind = PLAIN  # one digit has no steps
    shown = [str(number)[::-1] if kind == REVERSED else str(number) for number in (problem.left, problem.right)]
    prompt = prompt_format("arithmetic", language).prompt(
        task=TASKS[language, kind], problem=f"{shown[0]} {problem.operation} {shown[1]}{':' if kind == STEPS else ' ='}"
    )
    return Example(
        view="arithmetic",
        kind=kind,
        language=language,
        level=level,
        split=split,
        prompt=prompt,
        answer=_answer(problem, kind),
        meaning=f"{hash_of(problem.meaning):016x}",
        bits=chance.bits - before,
        difficulty={"digits": max(len(text) for text in shown), "operation": list(OPERATIONS).index(problem.operation)},
    )


def oracle(example: Example) -> str:
    """The answer, computed from the words of the prompt."""
    fields = prompt_format("arithmetic", example.language).fields(example.prompt)
    kind = next(
        kind for (language, kind), task in TASKS.items() if (language, task) == (example.language, fields["task"])
    )
    found = _PROBLEM.fullmatch(fields["problem"])
    assert found
    left, right = (int(number[::-1] if kind == REVERSED else number) for number in found.group(1, 3))
    return _answer(Problem(left, found[2], right), kind)


def chance_level(example: Example) -> float:
    """Guessing among the numbers of the right length."""
    return 10.0 ** -len(final_number(example.answer))


def final_number(answer: str) -> str:
    """The result in an answer of any kind: what stands after the last step."""
    return answer.rsplit("; ", 1)[-1]


def _draw(chance: Chance, level: int, split: str) -> Problem:
    operation, digits = chance.pick(_shapes(level, split))
    if max(digits) <= ENUMERATED:
        return chance.of(_listed(operation, digits, split))

    def draw(chance: Chance) -> Problem:
        return _problem(operation, *(_number(chance, count) for count in digits))

    return draw_in_split(chance, split, draw, lambda problem: problem.meaning, split_of_pair)


@functools.cache
def _shapes(level: int, split: str) -> Table[tuple[str, tuple[int, int]]]:
    """Operations and digits of a level, by weight; those of small spaces that are empty in the split are left out."""
    low, high = DIGITS[level]
    weights: dict[tuple[str, tuple[int, int]], float] = {}
    for operation, weight in OPERATIONS.items():
        if operation == "×" and level == 1:
            continue
        for first, second in itertools.product(range(low, high + 1), repeat=2):
            digits = (first, second)
            if operation == "×":
                digits = (max(1, digits[0] - 1), min(digits[1], 2 if level == 4 else 1))
            if max(digits) > ENUMERATED or _listed(operation, digits, split):
                weights[operation, digits] = weights.get((operation, digits), 0.0) + weight
    return Table(tuple(weights), tuple(weights.values()))


def _number(chance: Chance, digits: int) -> int:
    smallest = 10 ** (digits - 1) if digits > 1 else 0
    return smallest + chance.below(10**digits - smallest)


def _problem(operation: str, left: int, right: int) -> Problem:
    if operation == "-" and left < right:
        left, right = right, left
    return Problem(left, operation, right)


@functools.cache
def _listed(operation: str, digits: tuple[int, int], split: str) -> tuple[Problem, ...]:
    ranges = [range(10 ** (count - 1) if count > 1 else 0, 10**count) for count in digits]
    problems = {_problem(operation, left, right): None for left in ranges[0] for right in ranges[1]}
    return tuple(problem for problem in problems if split_of_pair(problem.meaning) == split)


def split_of_pair(meaning: tuple[str, int, int]) -> str:
    """The split of unordered operands."""
    kind, low, high = meaning
    if len(str(high)) > ENUMERATED:
        return split_of(meaning)
    return _small_spaces(kind, len(str(low)), len(str(high)))[meaning]


@functools.cache
def _small_spaces(kind: str, low_digits: int, high_digits: int) -> dict[tuple[str, int, int], str]:
    """The splits of all pairs of so many digits, by the order of their hashes."""
    pairs = [
        (kind, low, high)
        for low, high in itertools.combinations_with_replacement(range(10**high_digits), 2)
        if (len(str(low)), len(str(high))) == (low_digits, high_digits)
    ]
    pairs.sort(key=hash_of)
    held = max(3, len(pairs) // 20)
    return {pair: "test" if i < held else "valid" if i < 2 * held else "train" for i, pair in enumerate(pairs)}


def _answer(problem: Problem, kind: str) -> str:
    result = str(problem.result)
    if kind == REVERSED:
        return result[::-1]
    return "; ".join([*_steps(problem), result]) if kind == STEPS else result


def _steps(problem: Problem) -> list[str]:
    left, operation, right = problem
    if operation == "×":  # the parts of the longer operand, by the other one
        longer, other = max(left, right), min(left, right)
        parts = [int(digit) * 10**place for place, digit in enumerate(reversed(str(longer)))]
        return [f"{part} × {other} = {part * other}" for part in parts]
    steps, carried = [], 0
    for place in range(math.ceil(math.log10(max(left, right) + 1))):
        top, bottom = left // 10**place % 10, right // 10**place % 10
        if operation == "+":
            total = top + bottom + carried
            steps.append(f"{top} + {bottom}{' + 1' if carried else ''} = {total}")
            carried = total // 10
        else:
            top -= carried
            carried = int(top < bottom)
            top += 10 * carried
            steps.append(f"{top} - {bottom} = {top - bottom}")
    return steps
