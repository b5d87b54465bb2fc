"""docs/scaling.md says what benchmarks/capacity.py works out, and that is sound arithmetic."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from benchmarks import capacity

DOCUMENT = Path(__file__).parents[1] / "docs" / "scaling.md"


def test_the_tables_of_the_document_are_those_it_prints() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    (shown,) = re.findall(
        r"<!-- capacity: begin -->\n(.*)\n<!-- capacity: end -->", text, re.DOTALL
    )
    assert shown == f"{capacity.costs()}\n\n{capacity.servers()}"


def test_the_links_of_the_document_lead_to_files() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", DOCUMENT.read_text(encoding="utf-8"))
    assert links
    assert [link for link in links if not (DOCUMENT.parent / link).is_file()] == []


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (200e6, "0.20 GB"),
        (1e9, "1.0 GB"),
        (15.36e9, "15 GB"),
        (999e9, "1,000 GB"),
        (1e12, "1.0 TB"),
        (153.6e12, "150 TB"),
    ],
)
def test_sizes_are_told_in_two_digits(number: float, told: str) -> None:
    assert capacity.size(number) == told


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(90, "1.5 min"), (3_600, "1.0 h"), (2 * 86_400, "2.0 days"), (730 * 86_400, "2.0 years")],
)
def test_times_are_told_in_the_largest_unit_that_fits(seconds: float, told: str) -> None:
    assert capacity.time(seconds) == told


@pytest.mark.parametrize(
    ("needed", "told"), [(0.01, "1"), (1.0, "1"), (1.01, "2"), (1e4, "10,000")]
)
def test_machines_are_whole(needed: float, told: str) -> None:
    assert capacity.whole(needed) == told


def test_a_server_holds_what_its_memory_leaves() -> None:
    assert capacity.held(3, 2_000) == "1.0 million"  # 1 GB is the system's


def test_chromas_rule_is_per_dimension() -> None:
    assert math.isclose(1e9 / capacity.CHROMA_MEMORY_BYTES, 0.245e6 * 1024 / 384)
