"""`cited index`: bring the index up to date, once or for as long as it runs; check it; describe it.

It puts the rooms of `index` in a row and shows what they found; it decides nothing else.
"""

from __future__ import annotations

import json
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from index.errors import CitedError, StoreError
from qa.errors import SettingsError
from qa.shell import Corpus, IndexDir, settings_from, tell

if TYPE_CHECKING:
    from rich.table import Table

    from index.publishing import Publisher
    from index.statistics import Statistics
    from index.store import Index, SyncReport
    from qa.settings import Settings


class Engine(StrEnum):
    """What `--engine` may be."""

    LOCAL = "local"
    RAY = "ray"


MENDED = 1
"""The exit code of a check that found damage, and mended it."""


def index_command(
    corpus: Corpus = None,
    index_dir: IndexDir = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Remove articles even if most of them are gone.")
    ] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Stay, and follow the folder until Ctrl-C.")
    ] = False,
    check: Annotated[
        bool,
        typer.Option("--check", help="Look for damage, and mend it. Exit code 1: there was some."),
    ] = False,
    stats: Annotated[bool, typer.Option("--stats", help="Show what the index holds.")] = False,
    engine: Annotated[
        Engine,
        typer.Option(help="Who reads and embeds: this process, or a Ray cluster."),
    ] = Engine.LOCAL,
    as_json: Annotated[bool, typer.Option("--json", help="With --stats: print JSON.")] = False,
) -> None:
    """Read the articles and bring the index up to date."""
    if check + watch + stats > 1:
        raise typer.BadParameter("--watch, --check and --stats exclude one another")
    if as_json and not stats:
        raise typer.BadParameter("--json goes with --stats")
    settings = settings_from(corpus, index_dir)
    if settings.chroma_url and (check or stats):
        raise SettingsError(
            f"{'--check' if check else '--stats'} looks at an index on this disk, and the setting "
            "chroma_url (QA_CHROMA_URL) has it on a server: see /api/health of who serves it"
        )
    if stats:
        _describe(settings.index_dir, as_json)
    elif check:
        _check(settings)
    elif watch:
        _watch(settings, yes, engine)
    else:
        _sync(settings, yes, engine)


def _sync(settings: Settings, yes: bool, engine: Engine) -> None:
    from qa.printing import Steps, console, print_report

    index = _index(settings, engine)
    with Steps(lines=True) as steps:
        report = index.sync(settings.corpus, steps, allow_removals=yes)
    print_report(console(), report)


def _check(settings: Settings) -> None:
    """Look at everything the serving generation holds; build another beside a damaged one."""
    from qa.printing import Steps, console, print_report

    index = _local(settings)
    fault = index.check()
    if fault is None:
        print(f"{index.generation()} is whole: every vector finds itself, every quote its place.")
        return
    tell(fault)
    with Steps(lines=True) as steps:
        report = index.sync(settings.corpus, steps, allow_removals=True, anew=True)
    print_report(console(), report)
    if fault := index.check():
        raise StoreError(f"{fault}, and it is damaged again: look after the disk it is on")
    raise typer.Exit(MENDED)


def _watch(settings: Settings, yes: bool, engine: Engine) -> None:
    """Sync after every burst of changes, a line each; what goes wrong is told once, in a line."""
    from index.watching import follow

    index = _index(settings, engine)
    told = ""

    def sync() -> bool:
        nonlocal told
        try:
            report = index.sync(settings.corpus, allow_removals=yes)
        except CitedError as error:
            if told != str(error):
                tell(error)
            told = str(error)
            return False
        told = ""
        print(f"{datetime.now():%H:%M:%S} {_line(report)}", flush=True)
        return True

    tell(f"following {settings.corpus} (Ctrl-C ends it)")
    follow(settings.corpus, sync, ignore=settings.index_dir)


def _line(report: SyncReport) -> str:
    counts = [
        f"{len(names)} {what}"
        for what in ("added", "changed", "renamed", "removed", "unchanged", "skipped")
        if (names := getattr(report, what))
    ]
    return f"{', '.join(counts)}; {report.passages} passages, {report.seconds:.1f} s"


def _describe(index_dir: Path, as_json: bool) -> None:
    from index.statistics import statistics
    from qa.printing import console

    found = statistics(index_dir)
    if as_json:
        print(json.dumps(found.to_dict(), indent=2))
    else:
        console().print(_table(found))


def _table(found: Statistics) -> Table:
    from rich.table import Table

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in found.kinds.items())
    rows = {
        "generation": f"{found.generation}, built {_when(found.built)}",
        "articles of": found.corpus or "unknown",
        "last sync": _when(found.synced) if found.synced else "never",
        "model": found.model,
        "fingerprint": found.fingerprint,
        "articles": f"{found.articles:,}",
        "passages": f"{found.passages:,} ({kinds})",
        "sentences": f"{found.sentences:,}",
        "vectors cached": f"{found.cached_vectors:,}",
        "on disk": f"{sum(found.disk.values()) / 1e6:,.1f} MB",
    }
    for name, value in rows.items():
        table.add_row(name, value)
    for name, size in found.disk.items():
        table.add_row(f"  {name}", f"{size / 1e6:,.1f} MB")
    return table


def _when(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M:%S}"


def _index(settings: Settings, engine: Engine) -> Index | Publisher:
    from index.embedding import Encoder
    from qa.opening import open_publisher

    encoder = Encoder(settings.embedding_model, allow_download=settings.allow_download)
    return open_publisher(settings, encoder, engine.value)


def _local(settings: Settings) -> Index:
    from index.embedding import Encoder
    from qa.opening import open_index

    encoder = Encoder(settings.embedding_model, allow_download=settings.allow_download)
    return open_index(settings, encoder)
