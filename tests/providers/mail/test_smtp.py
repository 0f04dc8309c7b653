"""A real SMTP conversation, and what each way of failing means for the mail (MAIL-1, RELIABILITY rows 32 and 33)."""

from __future__ import annotations

import base64
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from core.clock import monotonic_s
from core.settings import Settings, load
from providers.errors import Final, Retryable, Unknown
from providers.mail.message import compose, recipient
from providers.mail.smtp import deliver, server_of
from tests.harness.smtp import DRIP, DROP, HANG, SmtpServer

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
_TEXT = "Hi,\n.\n..two\n.dot é\n\nlast"


def _deliver(url: str, *, to: str = "anna@example.com", timeout_s: float = 5.0, **more: Any) -> str:
    settings = load(smtp_url=url, smtp_timeout_s=timeout_s, **more)
    message = compose(
        sender="Bursar <b@example.com>", to=to, subject="Hello", text=_TEXT, html="<p>.</p>", key="k", now=NOW
    )
    return deliver(message, sender="b@example.com", to=recipient(to), settings=settings)


@pytest.mark.requirement("MAIL-1")
def test_a_mail_arrives_as_it_was_written() -> None:
    with SmtpServer() as server:
        assert _deliver(server.url) == "250 queued as 1"

    (mail,) = server.mails
    assert (mail.sender, mail.recipients) == ("b@example.com", ("anna@example.com",))
    text = mail.message.get_body(("plain",))
    assert text is not None
    assert text.get_content().replace("\r\n", "\n") == _TEXT + "\n"
    assert b"\n" not in mail.raw.replace(b"\r\n", b"")


@pytest.mark.parametrize(
    ("faults", "error"),
    [
        ({"connect": "421 busy"}, Retryable),
        ({"connect": "554 go away"}, Retryable),
        ({"connect": DROP}, Retryable),
        ({"ehlo": DROP}, Retryable),
        ({"mail": "451 later"}, Retryable),
        ({"mail": "550 this sender may not"}, Retryable),
        ({"mail": DROP}, Retryable),
        ({"rcpt": "450 greylisted"}, Retryable),
        ({"rcpt": "452 too many"}, Retryable),
        ({"rcpt": "550 no such user"}, Final),
        ({"rcpt": DROP}, Retryable),
        ({"data": "451 later"}, Retryable),
        ({"data": "554 no"}, Final),
        ({"data": DROP}, Retryable),
        ({"end": "452 full"}, Retryable),
        ({"end": "554 spam"}, Final),
        ({"end": DROP}, Unknown),
    ],
)
def test_each_failure_says_whether_the_mail_may_have_gone_out(faults: dict[str, str], error: type[Exception]) -> None:
    with SmtpServer(faults=faults) as server, pytest.raises(error):
        _deliver(server.url)

    assert server.mails == []


@pytest.mark.parametrize(
    ("step", "error"), [("connect", Retryable), ("ehlo", Retryable), ("rcpt", Retryable), ("end", Unknown)]
)
def test_a_server_that_drips_is_cut_off_before_the_claim_on_the_mail_ends(step: str, error: type[Exception]) -> None:
    began_at_s = monotonic_s()
    with SmtpServer(faults={step: DRIP}) as server, pytest.raises(error, match=r"in all|may have gone out"):
        _deliver(server.url, lease_s=0.5)

    assert 1.0 <= monotonic_s() - began_at_s < 2.0, "twice the lease; the outbox's claim holds four times as long"


def test_a_handshake_that_never_ends_is_cut_off_too() -> None:
    with SmtpServer(faults={"connect": HANG}) as server, pytest.raises(Retryable, match="longer than 1 s in all"):
        _deliver(server.url.replace("smtp:", "smtps:"), lease_s=0.5)


@pytest.mark.parametrize(("step", "error"), [("connect", Retryable), ("mail", Retryable), ("end", Unknown)])
def test_a_silent_server_costs_its_time_out(step: str, error: type[Exception]) -> None:
    # Long enough for the steps before the last one, whatever else the machine does.
    with SmtpServer(faults={step: HANG}) as server, pytest.raises(error):
        _deliver(server.url, timeout_s=2.0 if step == "end" else 0.2)


def test_no_server_at_all_is_retryable() -> None:
    with SmtpServer() as server:
        url = server.url
    with pytest.raises(Retryable, match="nothing was sent"):
        _deliver(url)


def test_the_same_mail_again_has_the_same_message_id() -> None:
    with SmtpServer(faults={"end": DROP}) as server:
        with pytest.raises(Unknown):
            _deliver(server.url)
        server.faults.clear()
        _deliver(server.url)
        _deliver(server.url)

    assert len({mail.message["Message-ID"] for mail in server.mails}) == 1


def test_addresses_outside_ascii_need_a_server_that_takes_them() -> None:
    with SmtpServer() as server:
        _deliver(server.url, to="zoë@münchen.example")
    assert server.mails[0].recipients == ("zoë@xn--mnchen-3ya.example",)
    with SmtpServer(extensions=()) as old, pytest.raises(Final, match="SMTPUTF8"):
        _deliver(old.url, to="zoë@example.com")


def test_login_and_starttls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context, authority = _certificate(tmp_path)
    with SmtpServer(tls=context) as server:
        url = f"smtp://us%40er:p%2Fw@localhost:{server.port}"
        with pytest.raises(Retryable, match="nothing was sent"):  # nobody vouches for this certificate
            _deliver(url)
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        _deliver(url)

    (mail,) = server.mails
    assert mail.encrypted
    assert mail.login is not None
    assert base64.b64decode(mail.login) == b"\0us@er\0p/w"


@pytest.mark.requirement("SEC-3")
def test_a_refused_login_is_retried_and_shows_no_password() -> None:
    with SmtpServer(faults={"auth": "535 no"}) as server, pytest.raises(Retryable) as refused:
        _deliver(f"smtp://user:the-password@127.0.0.1:{server.port}")

    assert "the-password" not in str(refused.value)
    assert "BURSAR_SMTP_URL" in str(refused.value)


@pytest.mark.requirement("SEC-3")
def test_no_password_goes_in_the_clear_to_another_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("providers.mail.smtp.LOOPBACK", frozenset())
    with SmtpServer() as server, pytest.raises(Retryable, match="in the clear"):
        _deliver(f"smtp://user:pw@127.0.0.1:{server.port}")

    assert server.mails == []


def test_the_url_is_read_with_its_escapes() -> None:
    server = server_of(_settings("smtps://us%40er:p%2Fw%3A@mail.example"))

    assert (server.scheme, server.host, server.port, server.user, server.password) == (
        "smtps",
        "mail.example",
        465,
        "us@er",
        "p/w:",
    )
    assert server_of(_settings("smtp://mail.example")).port == 587
    assert server_of(_settings("smtp://[::1]:2525")).host == "::1"


@pytest.mark.parametrize(
    "url", ["mail.example", "http://mail.example", "smtp://", "smtp://u:secret-pw@:1", "smtp://u:secret-pw@h:99999"]
)
def test_a_bad_url_is_named_and_not_repeated(url: str) -> None:
    with pytest.raises(ValueError, match="BURSAR_SMTP_URL") as refused:
        server_of(_settings(url))

    assert "secret-pw" not in str(refused.value)


def test_without_a_server_mails_wait() -> None:
    with pytest.raises(Retryable, match="BURSAR_SMTP_URL is not set"):
        server_of(_settings(""))


def _settings(url: str) -> Settings:
    return load(smtp_url=url)


def _certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    builder: Any = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = (
        builder.serial_number(1).not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(hours=1))
    )
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    certificate = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True).sign(
        key, hashes.SHA256()
    )
    path, private = folder / "ca.pem", folder / "key.pem"
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, private)
    return context, path
