"""Numbers for questions of how many: everybody has some, some are given away, and any number may be the answer."""

from __future__ import annotations

from upwell.world.chance import Chance

NUMBERS = {1: 9, 2: 12, 3: 16, 4: 24}
"""Most of a thing that somebody has, by level."""
GIFT_TRIES = 30
"""Gifts are drawn so many times before other numbers to begin with are."""

Gift = tuple[str, int, str]
Numbers = tuple[dict[str, int], list[Gift], list[int], str]
"""Numbers to begin with, gifts, candidates, whom to ask for."""


def find_numbers(
    chance: Chance, start: dict[str, int], hops: int, most: int, num_options: int, slot: int
) -> Numbers | None:
    """Gifts, such that somebody with `hops` facts, the start and the gifts, ends with the number of this slot.

    The slots are the numbers in the order in which the text says them, then those that are only reached.
    """
    names, now = list(start), dict(start)
    gifts: list[Gift] = []
    asked = chance.of(names)
    for left in range(hops - 2, -1, -1):
        other = chance.of([name for name in names if name != asked])
        count = 2 + chance.below(most - 2)
        giver, receiver = (asked, other) if chance.flip(0.5) else (other, asked)
        known = [*start.values(), *(count for _, count, _ in gifts)]
        if not left and slot < len(known):  # the last gift brings whom we ask for to the number wanted
            count = abs(known[slot] - now[asked])
            giver, receiver = (asked, other) if known[slot] < now[asked] else (other, asked)
        elif not left and slot == len(known):  # or is that number itself, given by who has twice as many
            count, giver, receiver = now[asked] // 2, asked, other
        if not 1 < count < now[giver]:
            return None
        gifts.append((giver, count, receiver))
        now[giver] -= count
        now[receiver] += count
    said = [*start.values(), *(count for _, count, _ in gifts)]
    options = list(dict.fromkeys([*said, *now.values()]))
    if len({*said}) != len(said) or len(options) != num_options or min(options) < 2 or max(options) > most:
        return None
    return (start, gifts, options, asked) if now[asked] == options[slot] else None
