"""The one exception that means: the input, not the program, is wrong."""


class UserError(ValueError):
    """What is wrong, where, and what to do, in one line. Commands print it and exit with code 2."""
