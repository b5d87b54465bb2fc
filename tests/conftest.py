"""What several test files share: the fake encoder, the real one (loaded once), a small corpus."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes import FakeEncoder

from index.embedding import Encoder
from index.store import Index

pytest.register_assert_rewrite("stores")

RAILWAY = """The Harbour Railway
By Ada Example
Published: 3 May 2021

The harbour railway opened in spring. Its first train carried salted herring to the market hall. \
The line is eleven kilometres long.

The old tunnel was closed after the flood. Engineers pumped the water out for nine days.

Frequently Asked Questions

Q: How long is the harbour line?
A: The line measures eleven kilometres from quay to market.

Q: Why was the tunnel closed?
A: Flood water had entered it. Pumping took nine days.
"""
LIGHTHOUSE = """The Lighthouse Keeper
By Ben Example
Published: 2022-11-20

The lighthouse was painted white last summer. Its keeper counts the ships that pass at night. \
In winter the lamp burns for sixteen hours.
"""
BAKERY = """A Bakery on Mill Street

The bakery on Mill Street sells rye bread. Its oven was built by two brothers in one week.
"""


@pytest.fixture
def fake() -> FakeEncoder:
    """An encoder that loads nothing."""
    return FakeEncoder()


@pytest.fixture
def index(tmp_path: Path, fake: FakeEncoder) -> Index:
    """An index that nothing was synced into yet."""
    return Index.open(tmp_path / "index", fake)


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    """The default model, loaded once for all tests."""
    return Encoder()


@pytest.fixture
def town(tmp_path: Path) -> Path:
    """A corpus of three articles: two with dates, one of them with two FAQ pairs."""
    folder = tmp_path / "town"
    (folder / "sub").mkdir(parents=True)
    (folder / "railway.txt").write_text(RAILWAY, encoding="utf-8")
    (folder / "sub" / "lighthouse.txt").write_text(LIGHTHOUSE, encoding="utf-8")
    (folder / "bakery.txt").write_text(BAKERY, encoding="utf-8")
    return folder
