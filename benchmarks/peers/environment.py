"""The peers' own environment, made when a benchmark first asks for it: their packages are none of the product's.

It lies inside the project's environment, so it goes with it, and is installed from requirements.lock with hashes.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

from tests.harness.processes import ROOT

_LOCK = ROOT / "benchmarks" / "peers" / "requirements.lock"
_FOLDER = ROOT / ".venv" / "peers"
_STAMP = _FOLDER / "peers.stamp"
_PATIENCE_S = 600
_PIP = ["-m", "pip", "--disable-pip-version-check", "--no-input", "-qq", "install", "--no-deps", "--require-hashes",
        "--only-binary=:all:", "-r", str(_LOCK)]


def peers() -> Path | None:
    """Their Python; None, and a line that says why, when they cannot be installed."""
    python, wanted = _FOLDER / "bin" / "python", hashlib.sha256(_LOCK.read_bytes() + sys.version.encode()).hexdigest()
    if _STAMP.exists() and _STAMP.read_text(encoding="ascii") == wanted:
        return python
    print(f"making the peers' environment {_FOLDER.relative_to(ROOT)} (the first time, and when their lock changes)", flush=True)
    for command in ([sys.executable, "-m", "venv", "--clear", str(_FOLDER)], [str(python), *_PIP]):
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_PATIENCE_S)
        except subprocess.TimeoutExpired:
            print(f"no peers: nothing came within {_PATIENCE_S} s; their rows are left out", flush=True)
            return None
        if done.returncode != 0:
            said = (done.stderr or done.stdout).strip().splitlines()[-1:]
            print(f"no peers: they cannot be installed here ({''.join(said)[:200]}); their rows are left out", flush=True)
            return None
    _STAMP.write_text(wanted, encoding="ascii")
    return python
