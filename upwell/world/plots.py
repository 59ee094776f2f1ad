"""The plots: what a story can be about, each with its nouns, its turns and the play."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from upwell.world import plots_adventure, plots_friends, plots_home
from upwell.world.chance import Table
from upwell.world.stage import Stage


class Plot(NamedTuple):
    """A scheme of goal, obstacle, turning point and outcome."""

    name: str
    topic: str
    pools: tuple[str, ...]
    """Where its nouns come from; the first is its main thing."""
    turns: tuple[int, ...]
    """How many ways each of its turns has."""
    play: Callable[[Stage, tuple[str, ...], tuple[int, ...]], int]
    """Plays it on a stage; returns 1 if it ends well, else -1."""


PLOTS = Table(
    (
        Plot("lost_thing", "play", ("treasured", "outdoors", "spot", "spot"), (3, 3, 3), plots_home.lost_thing),
        Plot("broken_thing", "home", ("fragile", "kin", "spot"), (3, 3, 3), plots_home.broken_thing),
        Plot("cooking", "food", ("dish", "ingredient", "old"), (3, 3, 3), plots_home.cooking),
        Plot("birthday", "celebration", ("handmade", "gift", "shop"), (3, 3, 3), plots_home.birthday),
        Plot("garden", "garden", ("plant", "old", "little"), (3, 3, 3), plots_home.garden),
        Plot("quarrel", "feelings", ("toy", "outdoors", "toy"), (3, 3, 3), plots_friends.quarrel),
        Plot("sick_friend", "body", ("snack", "gift", "wild_place"), (3, 3, 3), plots_friends.sick_friend),
        Plot("promise", "feelings", ("pet", "kin", "toy"), (3, 3, 3), plots_friends.promise),
        Plot("moving_away", "travel", ("gift", "town", "outdoors"), (3, 3, 2), plots_friends.moving_away),
        Plot("secret", "feelings", ("treasured", "spot", "outdoors"), (3, 3, 2), plots_friends.secret),
        Plot("sharing", "food", ("fruit", "outdoors", "old"), (3, 3, 3), plots_friends.sharing),
        Plot("trick", "play", ("gift", "spot", "outdoors"), (3, 3, 3), plots_friends.trick),
        Plot("race", "play", ("little", "strong", "outdoors"), (3, 3, 3), plots_adventure.race),
        Plot("storm", "weather", ("wild_place", "shelter", "trade"), (3, 3, 3), plots_adventure.storm),
        Plot("lost_pet", "animals", ("pet", "wild_place", "trade"), (3, 3, 3), plots_adventure.lost_pet),
        Plot("learning", "school", ("instrument", "old", "outdoors"), (3, 3, 3), plots_adventure.learning),
        Plot("helped", "forest", ("strong", "little", "wild_place"), (3, 3, 3), plots_adventure.helped),
        Plot("caged_bird", "animals", ("bird", "kin", "outdoors"), (3, 3, 3), plots_adventure.caged_bird),
        Plot("earning", "market", ("gift", "seller", "shop"), (3, 3, 3), plots_adventure.earning),
        Plot("night_noise", "home", ("little", "room", "spot"), (3, 3, 3), plots_adventure.night_noise),
    )
)
"""All of them, drawn evenly."""
