"""What came back is taken out of a real mailbox, and only after it was read (MAIL-3)."""

from __future__ import annotations

import pytest

from providers.errors import Retryable
from providers.mail.mailbox import opened
from tests.factories.bounces import complaint, exim, notice
from tests.harness.imap import ImapServer

_MAIL = "<0123456789abcdef0123456789abcdef@example.com>"


@pytest.mark.requirement("MAIL-3")
def test_messages_are_read_over_imap_and_dropped_when_they_were() -> None:
    raws = [notice(_MAIL), complaint(_MAIL), exim("f" * 32)]
    with ImapServer(raws) as server:
        with opened(server.url(), 5) as mailbox:
            taken = mailbox.some(2)
            assert [raw for _, raw in taken] == raws[:2]
            assert len(server.messages) == 3, "looking takes nothing away"
            mailbox.drop([name for name, _ in taken])
            mailbox.drop([])
            assert [raw for _, raw in mailbox.some(2)] == raws[2:]
        assert list(server.messages.values()) == raws[2:]


@pytest.mark.requirement("MAIL-3")
def test_a_mailbox_that_does_not_open_says_so_without_its_password() -> None:
    with ImapServer([notice(_MAIL)]) as server:
        for url in (server.url(password="wrong"), server.url("Nowhere"), "imap://u:the-password@127.0.0.1:1/INBOX"):
            with pytest.raises(Retryable) as caught, opened(url, 2):
                pass
            assert "password" not in str(caught.value)
            assert "wrong" not in str(caught.value)
        assert len(server.messages) == 1
