"""The embedded corpus: a bilingual micro-world whose truth is known."""
