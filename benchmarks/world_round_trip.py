"""Everything that the micro-world says is read back to exactly what was meant: sentences of all constructions, and
stories, in which pronouns and dropped subjects are resolved and nothing contradicts what was told before.

python -m benchmarks.world_round_trip [--sentences 100000] [--language en zh]
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from typing import Any

from benchmarks.report import RESULTS, write_result
from upwell.world.chance import Chance
from upwell.world.parser import parse, parse_text
from upwell.world.sentences import make_sentence
from upwell.world.simulator import World
from upwell.world.stories import make_story, say, tell

LEVELS = (1, 2, 3, 4)
SPLITS = ("train", "valid", "test")


def single_sentences(language: str, count: int) -> dict[str, Any]:
    """Sentences that stand alone, all constructions and moods."""
    failures = 0
    kinds: Counter[str] = Counter()
    for index in range(count):
        meaning = make_sentence(Chance("round trip", index), LEVELS[index % 4], SPLITS[index % 3])
        text = say(meaning, language, Chance("words", language, index))
        kinds[meaning[0]] += 1
        if parse(text, language) != [meaning]:
            failures += 1
            print(f"{text}\n  {meaning}")
    return {"sentences": count, "failures": failures, "kinds": len(kinds)}


def story_sentences(language: str, count: int) -> dict[str, Any]:
    """Sentences of stories, read in their context."""
    sentences = failures = contradictions = stories = 0
    while sentences < count:
        story = make_story(Chance("round trip story", stories), LEVELS[stories % 4], SPLITS[stories % 3])
        text = tell(story, language, Chance("words", language, stories))
        world = World()
        read = parse_text(text, language)
        failures += len(read) != len(story.sentences)
        for meanings, meaning in zip(read, story.sentences, strict=False):
            if meanings != [meaning]:
                failures += 1
                print(f"story {stories}: {meaning}\n  {meanings}")
            contradictions += bool(meanings and world.tell(meanings[0]))
        sentences += len(read)
        stories += 1
    return {
        "stories": stories,
        "sentences": sentences,
        "failures": failures,
        "grammatical_share": 1 - failures / sentences,
        "consistent_share": 1 - contradictions / sentences,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sentences", type=int, default=100_000, help="for each language, half of them in stories")
    parser.add_argument("--language", nargs="+", choices=("en", "zh"), default=["en", "zh"])
    arguments = parser.parse_args()
    half = arguments.sentences // 2
    path = RESULTS / "world_round_trip.json"
    figures: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["figures"] if path.exists() else {}
    for language in arguments.language:
        start = time.perf_counter()
        alone, stories = single_sentences(language, half), story_sentences(language, half)
        figures[language] = {"alone": alone, "stories": stories, "seconds": time.perf_counter() - start}
        print(language, json.dumps(figures[language]))
    write_result("world_round_trip", figures)


if __name__ == "__main__":
    main()
