"""What was used last, kept."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from qa.recent import Recent


def test_the_one_used_longest_ago_goes() -> None:
    kept: Recent[str, int] = Recent(2)
    kept.put("a", 1)
    kept.put("b", 2)
    assert kept.get("a") == 1
    kept.put("c", 3)
    assert (kept.get("a"), kept.get("b"), kept.get("c")) == (1, None, 3)
    kept.put("a", 4)
    kept.put("d", 5)
    assert (kept.get("a"), kept.get("c")) == (4, None)


def test_none_can_be_kept() -> None:
    kept: Recent[str, int] = Recent(0)
    kept.put("a", 1)
    assert kept.get("a") is None


def test_threads_may_share_it() -> None:
    kept: Recent[int, int] = Recent(5)

    def work(number: int) -> None:
        for step in range(2_000):
            kept.put((number + step) % 9, step)
            kept.get(step % 9)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert sum(kept.get(key) is not None for key in range(9)) == 5
