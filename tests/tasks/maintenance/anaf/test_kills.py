"""A worker is killed with -9 around the upload: the document is at the ministry once, and its row says so (TAX-3, promise 4)."""

from __future__ import annotations

import os
import signal
from tempfile import TemporaryFile

import pytest

from cli.embedded.processes import clean_environment
from tasks.maintenance.runs import send_efacturas
from tests.harness.environment import settings_env
from tests.harness.processes import ROOT
from tests.harness.zygote import zygote
from tests.tasks.maintenance.anaf.ministry import Office

_ORPHANED = "UPDATE bursar.outbox SET lease_until = '-infinity' WHERE state = 'processing'"


def _die(office: Office, place: str) -> int:
    """The exit code of a worker that makes the due calls and is killed at that place."""
    environment = clean_environment() | {"HOME": os.environ.get("HOME", "/")} | settings_env(office.settings)
    environment |= {"BURSAR_TEST": "1", "BURSAR_FAILPOINT": f"{place}:1"}
    with TemporaryFile() as out, TemporaryFile() as err:
        worker = zygote().start(
            "tests.tasks.maintenance.anaf.dying", [office.clock.now().isoformat()], env=environment, cwd=ROOT, out=out.fileno(),
            err=err.fileno(),
        )  # fmt: skip
        code = worker.wait(timeout=60)
        err.seek(0)
        assert code == -signal.SIGKILL, err.read().decode()
    with office.machine.connect() as connection:
        connection.execute(_ORPHANED)
    return code


@pytest.mark.requirement("TAX-3")
@pytest.mark.parametrize(("place", "uploads"), [("call.in_flight", 0), ("call.answered", 1), ("call.stored", 1)])
def test_a_worker_killed_around_the_upload_leaves_one_document_there(office: Office, place: str, uploads: int) -> None:
    office.issue("invoice:1")
    send_efacturas(office.machine.context, office.clock.now())
    _die(office, place)
    assert len(office.control.uploads()) == uploads

    office.run()
    if place == "call.in_flight":
        assert office.row("invoice:1", "status") == "unknown", "nobody can know that nothing was sent"
    for time in ({"minutes": 1}, {"minutes": 6}, {"hours": 1}, {"hours": 25}):
        office.wait(**time)
    office.wait(minutes=1)
    office.wait(minutes=1)
    (upload,) = office.control.uploads()
    assert office.row("invoice:1", "status, upload_index, papers_at IS NOT NULL") == ("accepted", upload["index"], True)
    assert len([one for one in office.control.tell("calls") if one["path"].endswith("/upload")]) == 1
    assert not office.machine.failures()
