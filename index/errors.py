"""The errors an index raises for a reason its user can mend; `qa.errors` draws the whole tree."""


class CitedError(Exception):
    """Base of every error that a user can cause; its message is one line that says what to do."""


class CorpusError(CitedError):
    """The folder of articles is missing, or is not a folder, or may not be read."""


class OtherCorpusError(CorpusError):
    """The index is of another folder of articles: it is handed to no other unasked."""


class ModelError(CitedError):
    """The embedding model is missing, damaged, or not what it claims to be."""


class RemovalError(CitedError):
    """So many articles are gone from the folder that a sync does not remove them unasked."""


class StoreError(CitedError):
    """The index on disk cannot be used as it is."""


class NoIndexError(StoreError):
    """There is no finished index in the folder yet."""


class RebuildError(StoreError):
    """The serving generation is damaged or of other settings; the next sync builds it anew."""


class BusyError(StoreError):
    """Another process is writing to the index."""


class ServerError(StoreError):
    """The Chroma server does not answer, or not with what was asked for."""
