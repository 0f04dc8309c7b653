"""Which mails the app may ask for, and what each of them has to be told (MAIL-5)."""

from __future__ import annotations

import typing
from datetime import UTC, datetime
from typing import Any

import pytest

from billing.operations.request_mail import _told
from billing.rules.commands.mails import FACTS, OCCASIONS, RequestMail
from emails.catalogue import CATALOGUE

_ALL: dict[str, Any] = {
    "link": "https://app.example.com/x", "about": "First aid", "at": datetime(2027, 1, 3, tzinfo=UTC), "explanation": "The speaker is ill.",
    "refund": True, "number": "C-7", "grade": "9.50", "used": 499, "limit": 500,
}  # fmt: skip


def _asked(mail: str, **facts: Any) -> RequestMail:
    return RequestMail(reference="r-1", user_ref="user-7", mail=mail, **facts)  # type: ignore[arg-type]


def test_the_command_its_table_and_the_catalogue_name_the_same_mails() -> None:
    named = set(typing.get_args(typing.get_type_hints(RequestMail)["mail"]))

    assert named == set(OCCASIONS) == {mail.name for mail in CATALOGUE.values() if mail.requested}
    assert set(FACTS) == set(_ALL) == set().union(*(needs | takes for needs, takes in OCCASIONS.values()))


@pytest.mark.requirement("MAIL-5")
@pytest.mark.parametrize("mail", sorted(OCCASIONS))
def test_a_mail_is_told_what_it_needs_and_nothing_else(mail: str) -> None:
    needs, takes = OCCASIONS[mail]
    whole = {name: _ALL[name] for name in needs | takes}

    for facts in (whole, {name: _ALL[name] for name in needs}):
        assert isinstance(_told(_asked(mail, **facts)), CATALOGUE[mail].context)
    for name in needs:
        with pytest.raises(ValueError, match=f"^{name} is needed"):
            _asked(mail, **{other: value for other, value in whole.items() if other != name})
    for name in _ALL.keys() - needs - takes:
        with pytest.raises(ValueError, match=f"^{name} is nothing"):
            _asked(mail, **whole | {name: _ALL[name]})


@pytest.mark.parametrize(
    ("mail", "facts", "field"),
    [("certificates_nearly_used", {"used": -1, "limit": 5}, "used"), ("certificates_nearly_used", {"used": 1, "limit": 0}, "limit"),
     ("zoom_healed", {"about": "a", "at": _ALL["at"].replace(tzinfo=None)}, "at"), ("grade_published", {"about": "a\nb"}, "about"),
     ("grade_published", {"about": ""}, "about"), ("certificate_issued", {"about": "a", "link": "javascript:x"}, "link")],
)  # fmt: skip
def test_what_no_mail_can_say_is_refused_by_its_name(mail: str, facts: dict[str, Any], field: str) -> None:
    with pytest.raises(ValueError, match=f"^{field} must"):
        _asked(mail, **facts)


@pytest.mark.parametrize(("used", "percent"), [(0, 0), (449, 89), (450, 90), (499, 99), (500, 100), (501, 100)])
def test_not_all_is_never_a_hundred_percent(used: int, percent: int) -> None:
    assert _told(_asked("certificates_nearly_used", used=used, limit=500)).percent == percent
