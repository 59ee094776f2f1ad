"""Documents cut into units, and the numbers that speak for each."""

from __future__ import annotations

import numpy as np

from upwell.tasks.unit_features import FEATURES, KINDS, Document, unit_features, words_of
from upwell.text.passages import PassageFeatures

TEXT = "Boats are old. In 1925, Anna sold the red boat; nobody knew why. It was a boat of 1925."
KNOWN = PassageFeatures.learn([TEXT, "It rained. Tom left."], ["Anna sold a boat."])


def test_units_hold_all_words_in_their_order() -> None:
    for kind in KINDS:
        document = Document(TEXT, kind)
        assert [word for words in document.words for word in words] == words_of(TEXT)
        assert document.text[document.units[0].start] == "B"
        firsts = [document.tokens[unit.first].start for unit in document.units]
        assert firsts == [unit.start for unit in document.units]
    assert [unit.sentence for unit in Document(TEXT, "clauses").units] == [0, 1, 1, 1, 2]


def test_stems_are_compared_and_numbers_as_they_are() -> None:
    assert words_of("Boats, boat 1925 1926 红船") == ["boat", "boat", "1925", "1926", "红", "船"]


def test_features_are_finite_and_know_place_length_and_centre() -> None:
    document = Document(TEXT, "sentences")
    found = unit_features(document, KNOWN, usual=5)
    assert found.shape == (3, FEATURES) and np.isfinite(found).all()
    assert found[0, 2] == 1 and found[1:, 2].sum() == 0  # the first
    assert found[2, 4] == 1  # the last
    assert unit_features(Document("A", "sentences"), KNOWN, usual=5).shape == (1, FEATURES)
    assert np.isfinite(unit_features(Document("的。的。", "clauses"), KNOWN, usual=1)).all()
