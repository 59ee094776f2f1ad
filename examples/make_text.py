"""Writes simple English stories, as many as wanted, to standard output: a text to try things on.

    python examples/make_text.py --bytes 600000 --seed 1 > stories.txt

Each story has a hero, a friend, a place and a thing that is lost and found again. What is said later follows from what
was said before: who owns the thing, what colour it has, where it lay. So a model that learns more than phrases gains.
"""

from __future__ import annotations

import argparse
import random
import sys

NAMES = {
    "she": ["Anna", "Mira", "Lucy", "Nora", "Ida", "Clara", "Wen", "Rosa"],
    "he": ["Tom", "Ben", "Karl", "Otto", "Li", "Paul", "Hugo", "Sam"],
}
POSSESSIVE = {"she": "her", "he": "his"}
PLACES = {
    "garden": ["under the old pear tree", "behind the shed", "between two cabbages"],
    "kitchen": ["on the top shelf", "beneath the table", "in the bread bin"],
    "harbour": ["in an empty boat", "behind a heap of nets", "on the last step of the quay"],
    "school": ["inside a desk", "next to the stove", "below the big map"],
    "forest": ["in a hollow trunk", "among the ferns", "beside the stream"],
    "market": ["under the fish stall", "in a basket of plums", "by the well"],
}
THINGS = ["kite", "lamp", "drum", "coat", "key", "ball", "book", "bell", "cup", "spoon", "map", "hat"]
COLOURS = ["red", "blue", "green", "white", "black", "yellow", "brown", "grey"]
WEATHER = {
    "It was raining": "wet",
    "The sun was shining": "warm",
    "Snow had fallen": "cold",
    "A strong wind was blowing": "dusty",
}
OPENINGS = ["One morning", "Late in the day", "Before breakfast", "After school", "On a Sunday"]
NUMBERS = ["two", "three", "four", "five", "six"]


def person(rng: random.Random, taken: str = "") -> tuple[str, str]:
    """A name other than `taken`, and its pronoun."""
    pronoun = rng.choice(list(NAMES))
    return rng.choice([name for name in NAMES[pronoun] if name != taken]), pronoun


def story(rng: random.Random) -> str:
    """One story, a paragraph."""
    hero, pronoun = person(rng)
    friend, other = person(rng, hero)
    place = rng.choice(list(PLACES))
    wrong, right = rng.sample(PLACES[place], 2)
    thing, colour = rng.choice(THINGS), rng.choice(COLOURS)
    weather, feel = rng.choice(list(WEATHER.items()))
    own = POSSESSIVE[pronoun]
    lines = [
        f"{rng.choice(OPENINGS)} {hero} went to the {place} with {own} {colour} {thing}.",
        f"{weather}, so everything was {feel}.",
    ]
    if rng.random() < 0.6:
        count = rng.randrange(len(NUMBERS) - 1)
        lines.append(
            f"{pronoun.capitalize()} counted {NUMBERS[count]} birds, and when one more came there were {NUMBERS[count + 1]}."
        )
    lines.append(rng.choice([f"Then the {thing} was gone.", f"Suddenly {pronoun} could not find the {thing}."]))
    lines.append(f'"Where is my {colour} {thing}?" asked {hero}.')
    lines.append(f'{friend} came to help. "Let us look {wrong}," said {friend}, but there was nothing {wrong}.')
    if rng.random() < 0.5:
        lines.append(f"{hero} was sad, for the {thing} had been a present.")
        gladness = f"{hero} was sad no more"
    else:
        lines.append(f"{hero} did not give up.")
        gladness = f"{hero} laughed"
    lines.append(f"At last they looked {right}, and {right} lay the {thing}, {feel} and {colour} as before.")
    lines.append(
        rng.choice([f"{gladness}, and thanked {friend}.", f'{gladness}. "Thank you, {friend}," {pronoun} said.'])
    )
    if rng.random() < 0.5:
        lines.append(
            f"{friend} went home, and {other} told everyone how the {colour} {thing} had been found in the {place}."
        )
    return " ".join(lines)


def main() -> None:
    """Print stories until there are enough bytes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bytes", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    written = 0
    while written < arguments.bytes:
        text = story(rng) + "\n\n"
        sys.stdout.buffer.write(text.encode("utf-8"))
        written += len(text)


if __name__ == "__main__":
    main()
