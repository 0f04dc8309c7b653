"""Which certificates are PayPal's, where they are kept, and how they are fetched."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from providers.paypal.certificates import KEPT, Certificates
from providers.paypal.chain import UntrustedError, load_anchors, public_key
from providers.paypal.fetch_certificate import MOST_BYTES, fetch_certificate
from providers.paypal.signature import Environment
from providers.refusal import Unprovable
from tests.factories.pki import CERT_URL, Issuer, authority, leaf, leaf_key

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def root() -> Issuer:
    return authority("Root of the tests")


@pytest.fixture(scope="module")
def issuer(root: Issuer) -> Issuer:
    return authority("Intermediate of the tests", root)


@pytest.mark.requirement("INBOX-11")
def test_a_chain_to_an_anchor_is_trusted(root: Issuer, issuer: Issuer) -> None:
    """By the intermediate as an anchor, as operators give it, or served with the leaf."""
    pem = leaf(issuer)
    expected = leaf_key().public_key().public_numbers()
    assert public_key(pem, [issuer.certificate], "sandbox", NOW).public_numbers() == expected
    assert public_key(pem + issuer.pem, [root.certificate], "sandbox", NOW).public_numbers() == expected


@pytest.mark.requirement("INBOX-11")
@pytest.mark.parametrize("case", ["none", "another", "root only"])
def test_without_a_chain_there_is_no_trust(case: str, root: Issuer, issuer: Issuer) -> None:
    anchors = {"none": [], "another": [authority("Another").certificate], "root only": [root.certificate]}[case]
    with pytest.raises(UntrustedError):
        public_key(leaf(issuer), anchors, "sandbox", NOW)


@pytest.mark.requirement("INBOX-11")
@pytest.mark.parametrize(
    ("environment", "now"),
    [("live", NOW), ("sandbox", NOW + timedelta(days=400)), ("sandbox", NOW - timedelta(days=400))],
)
def test_a_certificate_holds_for_its_environment_and_its_days(
    environment: Environment, now: datetime, issuer: Issuer
) -> None:
    with pytest.raises(UntrustedError):
        public_key(leaf(issuer), [issuer.certificate], environment, now)


@pytest.mark.requirement("INBOX-11")
@pytest.mark.parametrize("case", ["name", "alternative", "key", "junk", "empty"])
def test_only_paypals_certificate_will_do(case: str, issuer: Issuer) -> None:
    pem = {
        "name": leaf(issuer, name="api.paypal.com"),
        "alternative": leaf(issuer, alternative="other.paypal.com"),
        "key": leaf(issuer, key=ec.generate_private_key(ec.SECP256R1())),
        "junk": b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "empty": b"",
    }[case]
    with pytest.raises(UntrustedError):
        public_key(pem, [issuer.certificate], "sandbox", NOW)


def test_the_operators_anchors_are_added_to_the_systems(tmp_path: Path, issuer: Issuer) -> None:
    (tmp_path / "anchors.pem").write_bytes(issuer.pem)
    anchors = load_anchors(tmp_path / "anchors.pem")
    assert anchors[0] == issuer.certificate
    assert len(anchors) == len(load_anchors(None)) + 1
    (tmp_path / "anchors.pem").write_text("nothing")
    for bad in ("anchors.pem", "missing.pem"):
        with pytest.raises(ValueError, match="BURSAR_PAYPAL_TRUST_ANCHORS"):
            load_anchors(tmp_path / bad)


class _Served:
    """Stands for PayPal's host."""

    def __init__(self, pem: bytes | None) -> None:
        self.pem = pem
        self.asked = 0

    def __call__(self, _: str) -> bytes:
        self.asked += 1
        if self.pem is None:
            raise Unprovable("cert_fetch_status_404")
        return self.pem


@pytest.mark.requirement("INBOX-11")
def test_a_certificate_is_fetched_once_and_outlives_a_restart(tmp_path: Path, issuer: Issuer) -> None:
    served = _Served(leaf(issuer))
    first = Certificates(tmp_path / "certs", "sandbox", [issuer.certificate], fetch=served)
    key = first.obtain(CERT_URL, NOW)
    assert first.held(CERT_URL, NOW) is key
    assert first.obtain(CERT_URL, NOW) is key
    assert first.held(CERT_URL, NOW + KEPT) is None
    again = Certificates(tmp_path / "certs", "sandbox", [issuer.certificate], fetch=served)
    assert again.obtain(CERT_URL, NOW + KEPT).public_numbers() == key.public_numbers()
    assert served.asked == 1
    with pytest.raises(Unprovable):
        again.obtain(CERT_URL, NOW + timedelta(days=400))
    assert served.asked == 2, "an expired certificate on disk is asked for anew"


@pytest.mark.requirement("INBOX-11")
def test_a_failure_is_not_asked_for_again_at_once(tmp_path: Path, issuer: Issuer) -> None:
    served = _Served(None)
    certificates = Certificates(tmp_path / "certs", "sandbox", [issuer.certificate], fetch=served)
    for _ in range(3):
        with pytest.raises(Unprovable):
            certificates.obtain(CERT_URL, NOW)
    assert served.asked == 1
    for number in range(200):
        with pytest.raises(Unprovable):
            certificates.obtain(f"{CERT_URL}{number}", NOW)
    assert served.asked == 60, "invented certificates cannot make us flood PayPal"


@pytest.mark.requirement("INBOX-11")
@pytest.mark.parametrize(
    "case", ["good", "redirect", "too large", "endless", "drip", "silent", "other name", "untrusted"]
)
def test_the_fetch_is_bounded(case: str, tmp_path: Path, root: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    bodies = {
        "good": [b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ncert"],
        "redirect": [b"HTTP/1.1 302 Found\r\nLocation: https://evil.example/\r\nContent-Length: 0\r\n\r\n"],
        "too large": [b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (MOST_BYTES + 1), b"x" * (MOST_BYTES + 1)],
        "endless": [b"HTTP/1.1 200 OK\r\n\r\n", *[b"x" * 8192] * 40],
        "drip": [b"HTTP/1.1 200 OK\r\n\r\n", *[b"x"] * 40],
        "silent": [],
    }
    name = "other.example" if case == "other name" else "api.sandbox.paypal.com"
    trusted = authority("Another") if case == "untrusted" else root
    context = ssl.create_default_context(cadata=trusted.pem.decode())
    with _https(leaf(root, name=name), bodies.get(case, bodies["good"]), tmp_path, slow=case == "drip") as address:
        if case == "good":
            assert fetch_certificate(CERT_URL, context=context, address=address) == b"cert"
        else:
            with pytest.raises(Unprovable):
                fetch_certificate(CERT_URL, context=context, address=address, timeout_s=0.4)


def test_only_https_is_fetched() -> None:
    with pytest.raises(Unprovable):
        fetch_certificate(CERT_URL.replace("https", "http"))


@contextmanager
def _https(pem: bytes, chunks: list[bytes], folder: Path, *, slow: bool) -> Iterator[tuple[str, int]]:
    """A server that answers one request with these chunks and then keeps silent."""
    (folder / "server.pem").write_bytes(
        pem + leaf_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5)

        def answer() -> None:
            plain, _ = listener.accept()
            try:
                with context.wrap_socket(plain, server_side=True) as connection:
                    connection.settimeout(5)
                    connection.recv(4096)
                    for chunk in chunks:
                        connection.sendall(chunk)
                        if slow:
                            done.wait(0.02)
                    done.wait(5)
            except OSError:
                plain.close()  # the client has had enough, which is the point

        server = threading.Thread(target=answer)
        server.start()
        yield listener.getsockname()[:2]
        done.set()
        server.join()

