"""Meanings: what is one meaning for the splits, and what a pronoun stands for."""

from __future__ import annotations

from upwell.world.meaning import canonical, definite, hash_of, noun, sorted_adjectives


def test_names_do_not_make_another_meaning():
    assert hash_of(("see", "past", "Tom", "Lily")) == hash_of(("see", "past", "Anna", "Ben"))
    assert hash_of(("see", "past", "Tom", "Tom")) != hash_of(("see", "past", "Anna", "Ben"))


def test_what_is_told_makes_another_meaning():
    assert hash_of(("see", "past", "Tom", noun("dog"))) != hash_of(("see", "past", "Tom", noun("cat")))
    assert hash_of(("see", "past", "Tom", noun("dog"))) != hash_of(("see", "not", "Tom", noun("dog")))


def test_the_order_of_what_stands_together_does_not_matter():
    one = ("and", noun("dog"), noun("cat"))
    other = ("and", noun("cat"), noun("dog"))
    assert canonical(one) == canonical(other)


def test_a_known_thing_is_known_without_its_descriptions():
    assert definite(noun("ball", "a", 1, ("red",))) == noun("ball")
    assert definite(noun("ball", ("of", "Tom"), 1, ("red",))) == noun("ball", ("of", "Tom"))
    assert definite("Tom") == "Tom"


def test_adjectives_stand_in_one_order():
    assert sorted_adjectives(("red", "small", "beautiful")) == ("beautiful", "small", "red")
