"""What comes back from other people's mail servers, as they really write it; `mail_id` is the Message-ID of the mail that it is about."""

from __future__ import annotations

_RETURNED = """Content-Type: text/rfc822-headers

Received: by mx.example.org with ESMTPS; Mon, 1 Mar 2027 09:00:01 +0000
From: Shop <shop@example.com>
To: {to}
Subject: Your plan is active
Message-ID: {mail_id}
"""


def notice(
    mail_id: str, *, to: str = "ann@example.com", action: str = "failed", status: str = "5.1.1", said: str = "User unknown"
) -> bytes:
    """RFC 3464, as Postfix writes it."""
    return f"""Return-Path: <>
From: MAILER-DAEMON@mx.example.org (Mail Delivery System)
To: bounces@example.com
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mx.example.org. I'm sorry to have to inform you that your message could not be delivered.

--B
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org
X-Postfix-Queue-ID: 4D2F1
Arrival-Date: Mon,  1 Mar 2027 09:00:01 +0000 (UTC)

Final-Recipient: rfc822; {to}
Original-Recipient: rfc822;{to}
Action: {action}
Status: {status}
Remote-MTA: dns; mail.example.org
Diagnostic-Code: smtp; 550 {status} <{to}>: {said}

--B
{_RETURNED.format(to=to, mail_id=mail_id)}
--B--
""".replace("\n", "\r\n").encode()


def exchange(mail_id: str) -> bytes:
    """Without `failed` spelled as others do, its status folded, the whole returned as message/rfc822 in base64."""
    return f"""From: postmaster@example.org
To: bounces@example.com
Subject: Undeliverable: Your plan is active
Content-Type: multipart/report; report-type=delivery-status; boundary="=_x"

--=_x
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: base64

PGI+WW91ciBtZXNzYWdlIGNvdWxkbid0IGJlIGRlbGl2ZXJlZDwvYj4=

--=_x
Content-Type: message/delivery-status

Reporting-MTA: dns;EU1.PROD.OUTLOOK.COM

Final-recipient: RFC822;
 ann@example.com
action: Failed
STATUS: 5.1.10
Diagnostic-code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound;
 Recipient not found by SMTP address lookup

--=_x
Content-Type: message/rfc822

Message-ID: {mail_id}
Subject: Your plan is active

hello
--=_x--
""".replace("\n", "\r\n").encode()


def qmail(mail_id: str) -> bytes:
    """Prose and the returned mail, nothing to take apart."""
    return f"""From: MAILER-DAEMON@example.org
To: bounces@example.com
Subject: failure notice

Hi. This is the qmail-send program at example.org.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<ann@example.com>:
192.0.2.9 does not like recipient.
Remote host said: 550 sorry, no mailbox here by that name (#5.1.1)

--- Below this line is a copy of the message.

Message-ID: {mail_id}
Subject: Your plan is active

421 4.2.1 this is ours and says nothing
""".encode()


def exim(reference: str, *, said: str = "all relevant MX records point to non-existent hosts: Unrouteable address") -> bytes:
    """Names its recipient in a header, returns nothing; only the address that it came to says which mail it was."""
    return f"""X-Failed-Recipients: ann@example.com
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@example.org>
To: bounces+{reference}@example.com
Subject: Mail delivery failed: returning message to sender

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  ann@example.com
    {said}
""".encode()


def complaint(mail_id: str, kind: str = "abuse") -> bytes:
    """RFC 5965, the address redacted, as large mailbox providers send it."""
    return f"""From: <fbl@example.org>
To: bounces@example.com
Subject: FW: Your plan is active
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="F"

--F
Content-Type: text/plain

This is an email abuse report for an email message received from IP 192.0.2.1.

--F
Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: SomeGenerator/1.0
Version: 1
Original-Rcpt-To: redacted@example.org

--F
Content-Type: message/rfc822

From: Shop <shop@example.com>
Message-ID: {mail_id}
Subject: Your plan is active

hello
--F--
""".replace("\n", "\r\n").encode()


def holiday(mail_id: str) -> bytes:
    """An answering machine: no bounce at all."""
    return f"""From: Ann <ann@example.com>
To: bounces@example.com
Subject: Out of office
Auto-Submitted: auto-replied
In-Reply-To: {mail_id}

I am away. Mail to old@example.com could not be delivered any more, write to me again.
""".encode()
