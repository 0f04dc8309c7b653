"""Operators hear of what the ministry has not accepted: at a refusal, on the third working day, and when it is too late (TAX-3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.factories.paper import a_document
from tests.tasks.maintenance.anaf.ministry import Office


@pytest.mark.requirement("TAX-3")
def test_the_third_working_day_and_the_deadline_over_easter(office: Office) -> None:
    office.control.tell("config", processing_s=60 * 86400)
    office.clock.move_to(datetime(2027, 4, 28, 9, 0, tzinfo=UTC))  # a Wednesday; Good Friday is the 30th, Easter Monday 3 May
    number = office.issue("invoice:1", replace(a_document(), tax_point_on=datetime(2027, 4, 28, tzinfo=UTC).date()))
    office.run("send_efacturas")
    assert office.row("invoice:1", "alarm_at") == datetime(2027, 5, 5, 5, 0, tzinfo=UTC)
    assert office.row("invoice:1", "deadline_at") == datetime(2027, 5, 7, 21, 0, tzinfo=UTC)

    office.clock.move_to(datetime(2027, 5, 5, 4, 59, tzinfo=UTC))
    assert office.mails() == []
    office.clock.move_to(datetime(2027, 5, 5, 5, 0, tzinfo=UTC))
    near = (number, "is not accepted yet, and its deadline is near")
    assert office.mails() == [near]
    assert office.mails() == [near]
    office.clock.move_to(datetime(2027, 5, 7, 21, 0, tzinfo=UTC))
    assert office.mails() == [near, (number, "was not accepted in time")]
    office.clock.move_to(datetime(2027, 6, 7, 21, 0, tzinfo=UTC))
    assert len(office.mails()) == 2


@pytest.mark.requirement("TAX-3")
def test_a_refusal_is_told_at_once_and_again_when_time_runs_out(office: Office) -> None:
    office.control.tell("next_errors", errors=["BR-CO-15"])
    number = office.issue("invoice:1")
    office.run()
    office.wait(minutes=1)
    assert office.mails() == [(number, "was refused")]
    office.wait(hours=70)
    assert [said for _, said in office.mails()][1:] == ["is not accepted yet, and its deadline is near"]
    office.wait(days=5)
    assert [said for _, said in office.mails()][2:] == ["was not accepted in time"]


@pytest.mark.requirement("TAX-3")
def test_what_is_accepted_is_not_told(office: Office) -> None:
    office.issue("invoice:1")
    office.run()
    office.wait(minutes=1)
    office.clock.move_to(datetime(2026, 12, 24, tzinfo=UTC))
    assert office.mails() == []


@pytest.mark.requirement("TAX-3")
def test_the_end_of_the_login_is_told_30_7_and_1_days_before(office: Office) -> None:
    ends_at = office.machine.one("SELECT refresh_ends_at FROM bursar.anaf_token")
    said = []
    for days in (31, 30, 29, 7, 1, 0):
        office.clock.move_to(datetime.fromtimestamp(ends_at.timestamp() - days * 86400, UTC))
        said.append(len(office.mails()))
    assert said == [0, 1, 1, 2, 3, 4]
    assert office.mails()[-1] == ("login", "has ended")
