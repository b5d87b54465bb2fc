"""A real Chroma server for tests, which can be frozen, killed and started again on its port."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from index.errors import ServerError
from index.remote import ChromaServer

PATIENCE = 30.0


class Chroma:
    """`chroma run` on a free port of this machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Run, and wait until it answers; a port that was taken meanwhile is a failure."""
        program = shutil.which("chroma", path=str(Path(sys.executable).parent))
        assert program, "chromadb brings `chroma` along"
        place = ["--path", str(self._folder), "--host", "127.0.0.1", "--port", str(self._port)]
        self._process = subprocess.Popen(
            [program, "run", *place], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + PATIENCE
        while True:
            assert self._process.poll() is None, "the server ended: was its port taken?"
            try:
                with ChromaServer(self.url).calling() as client:
                    client.heartbeat()
                return
            except ServerError:
                assert time.monotonic() < deadline, "the server does not come up"
                time.sleep(0.05)

    def stop(self) -> None:
        """Kill it."""
        if self._process:
            self._process.kill()
            self._process.wait()
        self._process = None

    def freeze(self) -> None:
        """Let it take calls, and answer none."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self._process
        self._process.send_signal(signal.SIGCONT)
