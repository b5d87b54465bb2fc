"""Every error a user can cause, each with one line that says what was wrong and what to do.

CitedError
├── CorpusError        the folder of articles is missing or cannot be read
│   └── OtherCorpusError   the index is of another folder
├── RemovalError       most articles are gone from the folder: nothing is removed unasked
├── ModelError         the embedding model is missing, damaged or not what it claims to be
├── StoreError         the index on disk cannot be used as it is
│   ├── NoIndexError   there is no finished index yet
│   ├── RebuildError   it is damaged, or was built with other settings: a sync mends both
│   ├── BusyError      another process is writing to the index
│   └── ServerError    the Chroma server that holds the index does not answer
├── QuestionError      the question is empty, too long or not text
│   └── FilterError    nothing can pass the filter: no such article, or dates turned round
├── SettingsError      a setting has a value that cannot be used
└── LanguageModelError the chat model cannot be had: no package, no key, no such name
"""

from index.errors import (
    BusyError,
    CitedError,
    CorpusError,
    ModelError,
    NoIndexError,
    OtherCorpusError,
    RebuildError,
    RemovalError,
    ServerError,
    StoreError,
)

__all__ = [
    "BusyError",
    "CitedError",
    "CorpusError",
    "FilterError",
    "LanguageModelError",
    "ModelError",
    "NoIndexError",
    "OtherCorpusError",
    "QuestionError",
    "RebuildError",
    "RemovalError",
    "ServerError",
    "SettingsError",
    "StoreError",
]


class QuestionError(CitedError):
    """The question is empty, too long or not text."""


class FilterError(QuestionError):
    """Nothing can pass the filter: it names no article that there is, or its dates are reversed."""


class SettingsError(CitedError):
    """A setting has a value that cannot be used."""


class LanguageModelError(CitedError):
    """The chat model cannot be had: its package or key is missing, or its name is wrong."""
