"""Abilities: right answers, no leaks, the stated chance, and the form that training relies on."""

from __future__ import annotations

import numpy as np
import pytest

from upwell.emergence.ability import Ability, Rows, mix
from upwell.emergence.circuits import Addition, Hops, Knowledge, Labels, ModularAddition, Parity, Recall, Sorting, Swaps
from upwell.emergence.presets import CIRCUITS
from upwell.errors import UserError

every = pytest.mark.parametrize("ability", CIRCUITS, ids=lambda ability: ability.name)


def draw(ability: Ability, count: int = 200, *, seed: int = 0) -> Rows:
    return ability.rows(np.random.default_rng(seed), count)


@every
def test_rows_fit_vocabulary_and_positions(ability: Ability) -> None:
    rows = draw(ability)
    assert rows.inputs.dtype == rows.targets.dtype == np.int64
    assert rows.targets.shape == (200, len(ability.positions))
    assert rows.inputs.shape == (200, max(ability.positions) + 1)
    assert rows.inputs.min() >= 0 and max(rows.inputs.max(), rows.targets.max()) < ability.vocab_size


@every
def test_answers_stand_after_their_positions_where_they_are_fed_back(ability: Ability) -> None:
    rows = draw(ability)
    if ability.fed_back:
        for index, position in enumerate(ability.positions[:-1]):
            assert (rows.inputs[:, position + 1] == rows.targets[:, index]).all()


@every
def test_rows_are_the_same_for_a_seed_and_others_for_another(ability: Ability) -> None:
    one, same, other = draw(ability), draw(ability), draw(ability, seed=1)
    assert (one.inputs == same.inputs).all() and (one.targets == same.targets).all()
    assert (one.inputs != other.inputs).any()


@every
def test_no_prompt_is_in_training_and_test(ability: Ability) -> None:
    if ability.test_share == 0:
        return
    train = ability.sample(np.random.default_rng(0), 3000, test=False)
    test = ability.sample(np.random.default_rng(1), 500, test=True)
    assert len(train) == 3000 and len(test) == 500
    assert not np.isin(ability.keys(test), ability.keys(train)).any()


@every
def test_guessing_by_rule_stays_far_from_solving(ability: Ability) -> None:
    rows, known = draw(ability, 2000), draw(ability, 2000, seed=1)
    guessed = ability.guess(rows, known, np.random.default_rng(2))
    assert guessed.shape == rows.targets.shape
    assert (guessed == rows.targets).all(1).mean() < max(0.4, 2 * ability.chance)


def test_recall_answers_with_the_value_of_the_key() -> None:
    ability = Recall(pairs=3, keys_in_all=8)
    rows = draw(ability)
    for tokens, answers in zip(rows.inputs, rows.targets, strict=True):
        table = dict(zip(tokens[0:6:2], tokens[1:6:2], strict=True))
        assert [table[key] for key in tokens[list(ability.positions)]] == list(answers)


def test_addition_adds_in_both_orders_and_splits_without_regard_to_order() -> None:
    for reverse in (False, True):
        ability = Addition(digits=2, reverse=reverse)
        rows = draw(ability)
        first, second = rows.inputs[:, :2] @ [10, 1], rows.inputs[:, 3:5] @ [10, 1]
        total = rows.targets @ ([1, 10, 100] if reverse else [100, 10, 1])
        assert (total == first + second).all()
        swapped = rows.inputs.copy()
        swapped[:, :2], swapped[:, 3:5] = rows.inputs[:, 3:5], rows.inputs[:, :2]
        assert (ability.keys(rows) == ability.keys(Rows(swapped, rows.targets))).all()


def test_modular_addition_sorting_and_parity_are_right() -> None:
    rows = draw(ModularAddition(modulus=7))
    assert (rows.targets[:, 0] == (rows.inputs[:, 0] + rows.inputs[:, 1]) % 7).all()
    rows = draw(Sorting(length=4))
    assert (rows.targets == np.sort(rows.inputs[:, :4], 1)).all()
    rows = draw(Parity(length=9))
    assert all((rows.inputs[:, : t + 1].sum(1) % 2 == rows.targets[:, t]).all() for t in range(9))


def test_swaps_follow_the_ball() -> None:
    ability = Swaps(cups=3, length=5)
    pairs = [(0, 1), (0, 2), (1, 2)]
    rows = draw(ability)
    for tokens, answers in zip(rows.inputs, rows.targets, strict=True):
        ball = int(tokens[0])
        for swap, answer in zip(tokens[1:] - 3, answers, strict=True):
            left, right = pairs[swap]
            ball = right if ball == left else left if ball == right else ball
            assert ball == answer


def test_hops_follow_the_arrows() -> None:
    rows = draw(Hops(hops=3, entities=5))
    for tokens, answer in zip(rows.inputs, rows.targets[:, 0], strict=True):
        arrows = dict(zip(tokens[0:10:2], tokens[1:10:2], strict=True))
        place = tokens[-1]
        for _ in range(3):
            place = arrows[place]
        assert place == answer


def test_labels_name_the_class_as_the_row_does() -> None:
    ability = Labels(classes=3, items_per_class=4, shots=2)
    rows = draw(ability)
    for tokens, answer in zip(rows.inputs, rows.targets[:, 0], strict=True):
        names = {item % 3: label for item, label in zip(tokens[0:12:2], tokens[1:12:2], strict=True)}
        assert names[tokens[-1] % 3] == answer


def test_knowledge_is_one_world_with_common_and_rare_people() -> None:
    ability = Knowledge(people=64)
    one, other = draw(ability, 4000), draw(ability, 4000, seed=1)
    facts = {tuple(tokens): answer for tokens, answer in zip(one.inputs, one.targets[:, 0], strict=True)}
    for tokens, answer in zip(other.inputs, other.targets[:, 0], strict=True):
        assert facts.get(tuple(tokens), answer) == answer
    _, counts = np.unique(one.inputs[:, :3], axis=0, return_counts=True)
    assert counts.max() > 8 * np.median(counts)


def test_mix_spreads_evenly_and_depends_on_order() -> None:
    rows = np.stack(np.meshgrid(np.arange(100), np.arange(100)), -1).reshape(-1, 2)
    hashes = mix(rows)
    assert len(np.unique(hashes)) == 10_000
    assert np.histogram((hashes % np.uint64(16)).astype(int), 16)[0].min() > 500


def test_an_ability_with_too_few_prompts_to_split_is_told_so() -> None:
    with pytest.raises(UserError, match="too few different prompts"):
        Parity(length=1).sample(np.random.default_rng(0), 10, test=True)
