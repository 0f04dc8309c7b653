"""An organisation with members, as an app tells of it, on the machine in the test's process."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from tasks.payments.runs import expire_invitations, repair_seats, sync_seats
from tests.factories.subscribers import do, product, subscriber
from tests.harness.machine import Machine

SCHOOL = "school"


class Organisations:
    """The app, and a clock that the test moves."""

    def __init__(self, machine: Machine, *, seats: int | None = None, **values: Any) -> None:
        self.machine = machine
        do(machine.context, lambda unit: (subscriber(unit, SCHOOL, **values), product(unit, "start", free=True, limits={"seats": seats})))

    def asks(self, name: str, **payload: Any) -> dict[str, Any]:
        """A command about the school, and nothing that has to be waited for; what it was told."""
        key = self.machine.submit(f"billing.{name}.v1", {"organisation_ref": SCHOOL} | payload)
        self.works()
        told = self.machine.status(key)
        return told | (told.get("result") or {}) | (told.get("error") or {})

    def works(self) -> None:
        """All that can be done at this instant."""
        while self.machine.work():
            pass
        assert [one for one in self.machine.failures() if one[2] == "dead"] == []

    def says(
        self, user: str, change: str = "added", role: str | None = "organizer", at: datetime | None = None, **more: Any
    ) -> dict[str, Any]:
        """A fact about a member, of now."""
        payload = {"user_ref": user, "change": change, "role": role, "at": (at or self.machine.clock.now()).isoformat()} | more
        return self.asks("memberships.changed", **payload)

    def leaves(self, user: str) -> dict[str, Any]:
        """Somebody is removed."""
        return self.says(user, "removed", None)

    def passes(self, **time: float) -> None:
        """Time passes."""
        self.machine.clock.move_to(self.machine.clock.now() + timedelta(**time))

    def syncs(self) -> int:
        """The run that sets quantities, once."""
        return self._run(sync_seats)

    def repairs(self) -> int:
        """The nightly run, once."""
        return self._run(repair_seats)

    def expires(self) -> int:
        """The run that ends invitations, once."""
        return self._run(expire_invitations)

    def _run(self, run: Any) -> int:
        told = run(self.machine.context, self.machine.clock.now())
        assert told["failed"] == 0, self.machine.all("SELECT * FROM bursar.run_failure")
        self.works()
        return int(told["items"])

    def counts(self) -> tuple[Any, ...]:
        """Members, seats taken and seats reserved."""
        return tuple(self.machine.all("SELECT members, seats_taken, seats_reserved FROM bursar.organisation")[0])

    def entitled(self, user: str) -> list[dict[str, Any]]:
        """The organisations that the app may let him into."""
        found = self.machine.one("SELECT bursar_api.entitlements(%s, %s)", user, self.machine.clock.now())
        return list((found or {})["organisations"])
