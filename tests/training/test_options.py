"""Options and recipes as data: checked, named in errors, the same after JSON."""

from __future__ import annotations

import json

import pytest

from upwell.errors import UserError
from upwell.training.options import TrainOptions
from upwell.training.recipe import Recipe


def test_options_survive_json() -> None:
    options = TrainOptions(model="gru", minutes=2, valid=("a.txt", "b.txt"), first=("c.txt",), carry=False, tokens=None)
    assert TrainOptions.from_dict(json.loads(json.dumps(options.to_dict()))) == options


def test_recipe_survives_json() -> None:
    recipe = Recipe(rows=8, optimizer="muon", ema=0.9)
    assert Recipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"minuets": 3}, "unknown key 'minuets'; did you mean 'minutes'"),
        ({"minutes": "soon"}, "--minutes 'soon': expected a number"),
        ({"seed": 1.5}, "--seed 1.5: expected a whole number"),
        ({"seed": True}, "--seed True: expected a whole number"),
        ({"overwrite": 1}, "--overwrite 1: expected true or false"),
        ([1, 2], "expected a JSON object"),
    ],
)
def test_wrong_options_are_named(values: object, said: str) -> None:
    with pytest.raises(UserError, match=said):
        TrainOptions.from_dict(values)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"learning_rte": 3}, "did you mean 'learning_rate'"),
        ({"rows": 0}, "rows must be a number from 1"),
        ({"rows": 2.5}, "rows must be a whole number"),
        ({"clip": float("nan")}, "clip must be a number"),
        ({"rows": 6, "accumulate": 4}, "multiple of accumulate"),
        ({"optimizer": "sgd"}, "neither adamw nor muon"),
        ({"carry": 1}, "carry must be true or false"),
    ],
)
def test_wrong_recipes_are_named(values: object, said: str) -> None:
    with pytest.raises(UserError, match=said):
        Recipe.from_dict(values)
