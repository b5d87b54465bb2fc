"""GGUF files: what their headers say, damage that is told in a line, and fetching from a hub."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from gguf.constants import GGML_QUANT_SIZES
from ggufs import write_gguf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qa.errors import LanguageModelError
from qa.gguf import BLOCKS, GgufFile, find_gguf, read_gguf

pytest_plugins = ("models",)
ROOT = Path(__file__).parent.parent


def told(path: Path) -> str:
    with pytest.raises(LanguageModelError) as error:
        read_gguf(path)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_header_is_read(tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "small.gguf", rows=10)
    assert read_gguf(path) == GgufFile(path, "A Small One", 2048, 320, path.stat().st_size)


def test_a_real_header_is_read(smollm2: Path) -> None:
    file = read_gguf(smollm2)
    assert (file.context_tokens, file.parameters, file.size) == (8192, 134_515_008, 98_362_432)
    assert file.name.startswith("Smollm2 135M")


def test_a_file_without_a_name_goes_by_its_own(tmp_path: Path) -> None:
    assert read_gguf(write_gguf(tmp_path / "small.gguf", name=None)).name == "small"


def test_one_of_several_files_does_not_say_how_many_weights_there_are(tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "big-00001-of-00002.gguf", facts={"split.count": 2})
    assert read_gguf(path).parameters is None


def test_the_sizes_of_blocks_are_those_of_the_format() -> None:
    assert {int(kind): size for kind, size in GGML_QUANT_SIZES.items()} == BLOCKS


def test_what_is_no_file_is_told(tmp_path: Path) -> None:
    assert told(tmp_path / "none.gguf").endswith("none.gguf: check the path")
    assert "is a folder" in told(tmp_path)


@pytest.mark.parametrize("content", [b"", b"GG", b"<html>not found</html>"])
def test_what_is_not_gguf_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "page.gguf"
    path.write_bytes(content)
    assert "is not a GGUF file" in told(path)


def test_a_model_that_does_not_write_is_told(tmp_path: Path) -> None:
    facts = {"bert.pooling_type": 1}
    path = write_gguf(tmp_path / "embeds.gguf", architecture="bert", facts=facts)
    assert "holds no model that writes text (bert)" in told(path)
    path = write_gguf(tmp_path / "sees.gguf", architecture="clip", context=None)
    assert "holds no model that writes text (clip)" in told(path)


def test_a_version_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "old.gguf")
    path.write_bytes(b"GGUF\x01" + path.read_bytes()[5:])
    assert "GGUF of version 1" in told(path)


def test_a_file_that_is_cut_off_anywhere_is_told(tmp_path: Path) -> None:
    whole = write_gguf(tmp_path / "whole.gguf").read_bytes()
    path = tmp_path / "part.gguf"
    for length in range(4, len(whole)):
        path.write_bytes(whole[:length])
        assert "cut off" in told(path), length


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(at=st.integers(4, 250), byte=st.integers(0, 255))
def test_a_damaged_header_is_told_or_harmless(tmp_path: Path, at: int, byte: int) -> None:
    content = bytearray(write_gguf(tmp_path / "whole.gguf").read_bytes())
    content[at] = byte
    path = tmp_path / "damaged.gguf"
    path.write_bytes(content)
    try:
        read_gguf(path)
    except LanguageModelError as error:
        assert "damaged.gguf" in str(error) and "\n" not in str(error)


def test_a_path_is_found_before_a_hub_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_gguf(tmp_path / "some" / "folder" / "small.gguf")
    assert find_gguf("some/folder/small.gguf") == Path("some/folder/small.gguf")
    assert find_gguf("other.gguf") == Path("other.gguf")
    assert find_gguf("./other/folder/small.gguf") == Path("other/folder/small.gguf")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert find_gguf("~/some/small.gguf") == tmp_path / "some" / "small.gguf"


class Hub:
    """A model hub with one file; the first to fetch it is cut off in the middle."""

    def __init__(self, content: bytes) -> None:
        self.asked: list[tuple[str, str | None]] = []
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                self._head(200, len(content))

            def do_GET(self) -> None:
                wanted = self.headers["Range"]
                hub.asked.append((self.path.rpartition("/")[2], wanted))
                start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
                self._head(206 if wanted else 200, len(content) - start)
                end = (
                    len(content) // 2
                    if sum(name == "small.gguf" for name, _ in hub.asked) == 1
                    else len(content)
                )
                self.wfile.write(content[start:end])
                self.close_connection = True

            def _head(self, status: int, length: int) -> None:
                self.send_response(status if self.path.endswith("/small.gguf") else 404)
                self.send_header("Content-Length", str(length))
                self.send_header("ETag", '"one"')
                self.send_header("X-Repo-Commit", "0" * 40)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


FETCH = """
import json, sys
from qa.errors import LanguageModelError
from qa.gguf import find_gguf
steps = []
try:
    path = str(find_gguf(sys.argv[1], allow_download=sys.argv[2] == "yes",
                         progress=lambda *step: steps.append(step)))
except LanguageModelError as error:
    path = str(error)
print(json.dumps([path, steps]))
"""


def fetch(hub: Hub, home: Path, name: str, allow: str) -> tuple[str, list[list[str | int]]]:
    """In a process of its own: the hub's library reads its environment when it is imported."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("HF_")},
        "HF_ENDPOINT": f"http://127.0.0.1:{hub.server.server_port}",
        "HF_HOME": str(home),
        "NO_PROXY": "127.0.0.1",
    }
    command = [sys.executable, "-c", FETCH, name, allow]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    path, steps = json.loads(done.stdout)
    return path, steps


def test_a_hub_name_is_fetched_only_if_allowed_and_goes_on_where_it_broke_off(
    tmp_path: Path,
) -> None:
    content = write_gguf(tmp_path / "small.gguf", rows=1_400_000).read_bytes()
    hub = Hub(content)
    name = "owner/repo/small.gguf"
    refused, _ = fetch(hub, tmp_path / "home", name, "no")
    assert refused.endswith("or set QA_ALLOW_DOWNLOAD=true to fetch it from the model hub")
    assert hub.asked == []

    path, steps = fetch(hub, tmp_path / "home", name, "yes")
    assert Path(path).read_bytes() == content
    fetched = [wanted for name, wanted in hub.asked if name == "small.gguf"]
    assert fetched == [None, f"bytes={10 << 20}-"]  # it is written in pieces of 10 MiB
    assert steps[-1] == ["fetching the model (MB)", 25, 25]

    cached, _ = fetch(hub, tmp_path / "home", name, "no")
    assert cached == path
    missing, _ = fetch(hub, tmp_path / "home", "owner/repo/other.gguf", "yes")
    assert "owner/repo/other.gguf" in missing
    assert missing.endswith("check the name and the network")
