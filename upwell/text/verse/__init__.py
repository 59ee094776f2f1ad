"""The sounds of Chinese characters, and the forms of verse that poems share."""

from upwell.text.verse.forms import Form, Line, forms_from_json, forms_to_json, learn_forms
from upwell.text.verse.readings import Reading, is_character, reading_of

__all__ = [
    "Form",
    "Line",
    "Reading",
    "forms_from_json",
    "forms_to_json",
    "is_character",
    "learn_forms",
    "reading_of",
]
