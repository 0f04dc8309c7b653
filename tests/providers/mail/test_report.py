"""What other servers write is read as what it says, in all the ways in which they write it (MAIL-3)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.mail.gone import address_is_gone
from providers.mail.report import read_report
from tests.factories.bounces import complaint, exchange, exim, holiday, notice, qmail

REFERENCE = "0123456789abcdef0123456789abcdef"
MAIL = f"<{REFERENCE}@example.com>"


@pytest.mark.requirement("MAIL-3")
@pytest.mark.parametrize(
    ("raw", "kind", "gone"),
    [
        (notice(MAIL), "bounce", True),
        (notice(MAIL, status="5.2.2", said="mailbox full"), "bounce", False),
        (notice(MAIL, status="5.7.1", said="rejected by policy, user unknown to us"), "bounce", False),
        (notice(MAIL, action="delayed", status="4.4.7", said="timeout"), "soft_bounce", False),
        (notice(MAIL, action="delivered", status="2.0.0", said="ok"), "other", False),
        (exchange(MAIL), "bounce", True),
        (qmail(MAIL), "bounce", True),
        (exim(REFERENCE), "bounce", True),
        (exim(REFERENCE, said="SMTP error: 452 4.2.2 over quota"), "soft_bounce", False),
        (exim(REFERENCE, said="554 we do not like this message"), "bounce", False),
        (complaint(MAIL), "complaint", False),
        (complaint(MAIL, "not-spam"), "other", False),
        (holiday(MAIL), "other", False),
    ],
)
def test_a_report_says_what_its_server_meant(raw: bytes, kind: str, gone: bool) -> None:
    report = read_report(raw)

    assert (report.kind, report.gone) == (kind, gone), report
    assert REFERENCE in report.references
    assert len(report.said) <= 300
    assert "\n" not in report.said


@pytest.mark.parametrize(
    ("said", "gone"),
    [
        ("550 5.1.1 <x@y.z>: Recipient address rejected: User unknown in virtual mailbox table", True),
        ("550-5.1.1 The email account that you tried to reach does not exist.", True),
        ("554 delivery error: dd This user doesn't have a yahoo.com account", True),
        ("550 No such user here", True),
        ("550 5.2.1 The email account that you tried to reach is disabled", True),
        ("550 5.0.0 user unknown", True),
        ("552 5.2.2 mailbox is full", False),
        ("550 5.7.26 unauthenticated mail is not accepted; user unknown", False),
        ("553 5.1.8 sender's domain does not exist", False),
        ("554 5.7.1 blocked by 192.5.1.1", False),
        ("550 we do not like you", False),
    ],
)
def test_only_an_address_that_is_no_good_is_gone(said: str, gone: bool) -> None:
    assert address_is_gone(said) is gone


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400), st.integers(0, 2000), st.sampled_from([notice(MAIL), exchange(MAIL), complaint(MAIL), exim(REFERENCE)]))
def test_any_bytes_are_read(noise: bytes, at: int, whole: bytes) -> None:
    for raw in (noise, whole[:at], whole[:at] + noise + whole[at:]):
        assert read_report(raw).kind in ("bounce", "soft_bounce", "complaint", "other")


@pytest.mark.requirement("MAIL-3")
@pytest.mark.parametrize("charset", [b"x-unknown", b"idna", b"\xff", b"us-ascii"])
def test_a_character_set_that_is_none_holds_up_nothing(charset: bytes) -> None:
    head = b"From: MAILER-DAEMON@x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; boundary=b\r\n\r\n--b\r\n"
    fields = b"Action: failed\r\nContent-Type: text/plain; charset=" + charset + b"\r\nno field \xff\r\n"
    report = read_report(head + b"Content-Type: message/delivery-status\r\n\r\n" + fields + b"\r\n--b--\r\n")
    assert report.kind in ("other", "bounce")
