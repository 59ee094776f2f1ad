"""Verse made by rule, to learn forms from and to write in: eight lines of two tunes, whose rhymes and tones are known."""

from __future__ import annotations

import random

LEVEL_ENDS = {"寒": "山关间闲年天边寒船烟", "庚": "风声生明城情红空中东", "尤": "楼秋流舟愁州头鸥游休"}
"""Level characters by their class of rhymes."""
OBLIQUE_ENDS = {"姑": "路处暮树雾住步顾故渡", "文": "恨问近尽鬓阵信润韵韧"}
LEVEL, OBLIQUE = "春花江云人家香飞深新明来", "夜月雨水柳客酒旧梦断雁草"
TUNES = ("浣溪沙", "生查子")
AUTHORS = ("甲", "乙", "丙")


def poem(tune: str, rng: random.Random) -> str:
    """A text of either tune: five characters a line, rhymes at every mark but the commas."""

    def line(tones: str, end: str = "") -> str:
        drawn = [rng.choice(LEVEL if tone == "平" else OBLIQUE) for tone in tones]
        return "".join(drawn[:-1]) + end if end else "".join(drawn)

    if tune == "浣溪沙":
        ends = rng.sample(rng.choice(list(LEVEL_ENDS.values())), 3)
        return (
            line("仄仄仄平平", ends[0])
            + "。"
            + line("平平仄仄平", ends[1])
            + "。"
            + line("平平平仄仄")
            + "，"
            + line("仄仄仄平平", ends[2])
            + "。"
        )
    first, second = (rng.sample(ends, 2) for ends in rng.sample(list(OBLIQUE_ENDS.values()), 2))
    return "".join(line("平平平仄") + "，" + line("仄平平仄仄", end) + "。" for end in (*first, *second))


def poems(number: int, *, seed: int = 0) -> list[tuple[str, str, str]]:
    """Tune, author and text, each tune in turn."""
    rng = random.Random(seed)
    return [(TUNES[i % 2], rng.choice(AUTHORS), poem(TUNES[i % 2], rng)) for i in range(number)]
