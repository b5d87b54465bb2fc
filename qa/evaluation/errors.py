"""The errors of the harness, each with one line that says what was wrong and what to do."""

from qa.errors import CitedError


class QuestionFileError(CitedError):
    """A file of questions cannot be read, or says something that has no meaning."""


class RunError(CitedError):
    """What is given as a run of `cited evaluate` is none, or cannot be evaluated."""
