"""The right to publish: at most one publisher has it, on whatever machine, and a dead one loses it.

It rests on one promise of Chroma's: of rows that are added with one id, the first stays.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import uuid4

from index.errors import BusyError
from index.published import Published, spread

SECONDS = 120
"""How long a publisher that stopped is waited for; clocks may differ by less than this."""
_RENEWED = SECONDS / 4


@dataclass(slots=True)
class Lease:
    """One lease of an index; leases are numbered, and only the last one counts."""

    published: Published
    number: int
    holder: str
    _until: float = 0.0

    def renew(self) -> None:
        """Keep it, now and then; `BusyError` where another publisher has taken over."""
        if time.time() > self._until - SECONDS + _RENEWED:
            self.check()
            self._until = time.time() + SECONDS
            self.published.articles.update([_id(self.number)], {"expires": int(self._until)})

    def check(self) -> None:
        """Raise `BusyError` unless this is the last lease."""
        last = _last(self.published)
        if last != (self.number, self.holder):
            raise BusyError(_busy(self.published))


@contextmanager
def leased(published: Published, who: str) -> Iterator[Lease]:
    """Publish while this lasts. `who` may take over at once what it had itself when it was killed.

    Raises `BusyError` where another publisher is at work, or took over meanwhile.
    """
    found = _leases(published)
    number = max(found, default=0)
    if number:
        holder, expires = found[number]
        if expires > time.time() and holder.partition("/")[0] != who:
            raise BusyError(_busy(published))
    lease = Lease(published, number + 1, f"{who}/{uuid4().hex}")
    name = _id(lease.number)
    row: Mapping[str, str | int] = {
        "lease": lease.number,
        "holder": lease.holder,
        "expires": int(time.time() + SECONDS),
    }
    published.articles.add([name], spread([name]), [row], [""])
    lease.renew()
    published.articles.remove([_id(older) for older in found])
    try:
        yield lease
    finally:
        published.articles.update([name], {"expires": 0})


def renewing(
    lease: Lease, progress: Callable[[str, int, int], None] | None
) -> Callable[[str, int, int], None]:
    """A progress that keeps the lease, too."""

    def tell(step: str, done: int, of: int) -> None:
        lease.renew()
        if progress:
            progress(step, done, of)

    return tell


def _last(published: Published) -> tuple[int, str] | None:
    found = _leases(published)
    return (number := max(found), found[number][0]) if found else None


def _leases(published: Published) -> dict[int, tuple[str, int]]:
    """Holder and end of each lease, by number."""
    rows = published.articles.find({"lease": {"$gt": 0}}).metadatas
    return {int(row["lease"]): (str(row["holder"]), int(row["expires"])) for row in rows}


def _id(number: int) -> str:
    return f"lease-{number:06d}"


def _busy(published: Published) -> str:
    return (
        f"another publisher is writing to {published.name} on {published.server.url}: "
        "try again when it has finished"
    )
