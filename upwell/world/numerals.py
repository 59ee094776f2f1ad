"""Whole numbers in words, in both languages, and back."""

from __future__ import annotations

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
_TENS = "_ _ twenty thirty forty fifty sixty seventy eighty ninety".split()
_DIGITS = "零一二三四五六七八九"


def english_number(value: int) -> str:
    """A number from 0 to 999,999,999 in English words: two hundred and forty-one."""
    if value < 20:
        return _ONES[value]
    if value < 100:
        ones = f"-{_ONES[value % 10]}" if value % 10 else ""
        return _TENS[value // 10] + ones
    if value < 1000:
        rest = f" and {english_number(value % 100)}" if value % 100 else ""
        return f"{_ONES[value // 100]} hundred{rest}"
    for unit, word in ((1_000_000, "million"), (1000, "thousand")):
        if value >= unit:
            left = value % unit
            rest = "" if not left else f" and {english_number(left)}" if left < 100 else f" {english_number(left)}"
            return f"{english_number(value // unit)} {word}{rest}"
    raise AssertionError(value)


def _below_ten_thousand(value: int, *, first: bool) -> str:
    text, gap = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = value // unit % 10
        if not digit:
            gap = bool(text) or not first
            continue
        if gap:
            text += "零"
            gap = False
        if unit == 10 and digit == 1 and not text and first:
            text += "十"
        elif digit == 2 and unit >= 100 and not text:
            text += "两" + name
        else:
            text += _DIGITS[digit] + name
    return text


def chinese_number(value: int) -> str:
    """A number from 0 to 99,999,999 in Chinese: 两千零五, 一万两千三百."""
    if value == 0:
        return "零"
    if value < 10000:
        return _below_ten_thousand(value, first=True)
    high, low = divmod(value, 10000)
    text = ("两" if high == 2 else _below_ten_thousand(high, first=True)) + "万"
    return text + (_below_ten_thousand(low, first=False) if low else "")


def chinese_count(value: int) -> str:
    """A number before a classifier: 两个, not 二个."""
    return "两" if value == 2 else chinese_number(value)


_ENGLISH_VALUES = {word: value for value, word in enumerate(_ONES)} | {
    word: 10 * value for value, word in enumerate(_TENS) if value > 1
}


def parse_english_number(words: list[str], start: int) -> list[tuple[int, int]]:
    """All numbers in words that begin at `start`: pairs of where the number ends and its value."""
    found, text = [], ""
    for end in range(start + 1, min(len(words), start + 14) + 1):
        text = " ".join(words[start:end])
        if words[end - 1].split("-")[0] not in _ENGLISH_VALUES and words[end - 1] not in (
            "hundred",
            "thousand",
            "million",
            "and",
        ):
            break
        value = _english_value(words[start:end])
        if value is not None and english_number(value) == text:
            found.append((end, value))
    return found


def _english_value(words: list[str]) -> int | None:
    total = part = 0
    for word in words:
        if word == "and":
            continue
        if word == "hundred":
            part *= 100
        elif word in ("thousand", "million"):
            total += part * (1000 if word == "thousand" else 1_000_000)
            part = 0
        else:
            for piece in word.split("-"):
                if piece not in _ENGLISH_VALUES:
                    return None
                part += _ENGLISH_VALUES[piece]
    return total + part


def parse_chinese_number(text: str, start: int, *, counting: bool) -> list[tuple[int, int]]:
    """All numbers that begin at `start` of a Chinese text: pairs of where the number ends and its value.

    Arguments: `counting`, whether a classifier follows, so that 2 is 两.
    """
    found = []
    end = start
    while end < len(text) and text[end] in "零一二两三四五六七八九十百千万":
        end += 1
        value = _chinese_value(text[start:end])
        written = chinese_count(value) if counting else chinese_number(value)
        if written == text[start:end]:
            found.append((end, value))
    return found


def _chinese_value(text: str) -> int:
    total = part = digit = 0
    for char in text:
        if char == "万":
            total = (part + digit) * 10000
            part = digit = 0
        elif char in "千百十":
            part += (digit or 1) * {"千": 1000, "百": 100, "十": 10}[char]
            digit = 0
        else:
            digit = 2 if char == "两" else _DIGITS.index(char)
    return total + part + digit
