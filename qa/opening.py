"""Settings -> the index they name: one on this disk, a replica of a server's, or its publisher.

Nothing is synced here.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Literal

from index.store import Index
from qa.errors import SettingsError
from qa.settings import quiet_ray

if TYPE_CHECKING:
    from index.cache import Embedder
    from index.distributed import RayCluster
    from index.published import Published
    from index.publishing import Publisher
    from qa.settings import Settings

PUBLISHER_SECONDS = 120.0
"""How long one call of a publisher may take: a server that stores much may be slow."""


def open_index(settings: Settings, encoder: Embedder) -> Index:
    """The index that questions are answered from.

    Raises `SettingsError` for uploads to a replica, which has no folder of articles.
    """
    if not settings.chroma_url:
        return Index.open(
            settings.index_dir,
            encoder,
            index_faq=settings.index_faq,
            passage_tokens=settings.passage_tokens,
        )
    if settings.uploads:
        raise SettingsError(
            "setting uploads (QA_UPLOADS) does not go with QA_CHROMA_URL: add articles where "
            "`cited index` publishes them"
        )
    from index.cutting import Cutter
    from index.following import Replica

    cutter = Cutter(encoder, settings.index_faq, settings.passage_tokens)
    return Replica(
        settings.index_dir, _published(settings), cutter, seconds=settings.follow_seconds
    )


def open_publisher(
    settings: Settings, encoder: Embedder, engine: Literal["local", "ray"] = "local"
) -> Index | Publisher:
    """What `cited index` brings up to date with the folder of articles.

    Raises `SettingsError` for Ray without a Chroma server: an index on a disk has one writer.
    """
    if not settings.chroma_url:
        if engine == "ray":
            raise SettingsError(
                "--engine ray writes to a Chroma server: say where it is, with QA_CHROMA_URL"
            )
        return open_index(settings, encoder)
    from index.cutting import Cutter
    from index.publishing import Publisher

    cutter = Cutter(encoder, settings.index_faq, settings.passage_tokens)
    published = _published(settings, PUBLISHER_SECONDS)
    return Publisher(
        settings.index_dir, published, cutter, _ray(settings) if engine == "ray" else None
    )


def _ray(settings: Settings) -> RayCluster:
    from index.distributed import RayCluster
    from index.embedding import Encoder

    quiet_ray()
    return RayCluster(
        partial(Encoder, settings.embedding_model, allow_download=settings.allow_download)
    )


def _published(settings: Settings, seconds: float | None = None) -> Published:
    from index.published import Published
    from index.remote import SECONDS, ChromaServer

    assert settings.chroma_url
    return Published(ChromaServer(settings.chroma_url, seconds or SECONDS), settings.chroma_name)
