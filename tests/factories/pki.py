"""A certificate authority as PayPal's: root, intermediate, and leaves that sign transmissions."""

from __future__ import annotations

import base64
import hashlib
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SANDBOX_NAME = "messageverificationcerts.sandbox.paypal.com"
CERT_URL = "https://api.sandbox.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594-5a29e601"
_DAYS = timedelta(days=300)


@dataclass(frozen=True)
class Issuer:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: CertificateIssuerPrivateKeyTypes

    @property
    def pem(self) -> bytes:
        """The certificate as text."""
        return self.certificate.public_bytes(Encoding.PEM)


@cache
def leaf_key() -> rsa.RSAPrivateKey:
    """One RSA key for all leaves: making one takes a tenth of a second."""
    return rsa.generate_private_key(65537, 2048)


def authority(name: str, issuer: Issuer | None = None, now: datetime | None = None) -> Issuer:
    """A CA: a root, or one below `issuer`."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = _builder(subject, key.public_key(), issuer, now)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    usage = x509.KeyUsage(
        digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
    )
    builder = builder.add_extension(usage, critical=True)
    return Issuer(builder.sign(issuer.key if issuer else key, SHA256()), key)


def leaf(
    issuer: Issuer,
    *,
    name: str = SANDBOX_NAME,
    alternative: str | None = None,
    now: datetime | None = None,
    key: CertificateIssuerPrivateKeyTypes | None = None,
) -> bytes:
    """PEM of a leaf; `alternative` is its other name, `name` unless given."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = _builder(subject, (key or leaf_key()).public_key(), issuer, now)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(alternative or name)]), critical=False)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    return builder.sign(issuer.key, SHA256()).public_bytes(Encoding.PEM)


def transmission(
    body: bytes, at: datetime, *, webhook_id: str, transmission_id: str = "tr-1", cert_url: str = CERT_URL
) -> dict[str, str]:
    """The headers of a delivery, signed with `leaf_key`."""
    time = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    text = f"{transmission_id}|{time}|{webhook_id}|{zlib.crc32(body)}".encode()
    return {
        "Content-Type": "application/json",
        "Paypal-Transmission-Id": transmission_id,
        "Paypal-Transmission-Time": time,
        "Paypal-Transmission-Sig": base64.b64encode(leaf_key().sign(text, PKCS1v15(), SHA256())).decode(),
        "Paypal-Cert-Url": cert_url,
        "Paypal-Auth-Algo": "SHA256withRSA",
        "Paypal-Auth-Version": "v2",
    }


def put_certificate(home: Path, pem: bytes, url: str = CERT_URL) -> None:
    """Lay a certificate where the receiver keeps those that it has fetched."""
    folder = home / "paypal-certs"
    folder.mkdir(exist_ok=True)
    (folder / f"{hashlib.sha256(url.encode()).hexdigest()}.pem").write_bytes(pem)


def same_crc(body: bytes, wanted: int) -> bytes:
    """The body with four bytes appended so that its CRC32 is `wanted`: what an attacker does to a genuine signature."""
    table = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = (value >> 1) ^ (0xEDB88320 if value & 1 else 0)
        table.append(value)
    target = wanted ^ 0xFFFFFFFF
    state = zlib.crc32(body) ^ 0xFFFFFFFF
    indexes = []
    for _ in range(4):
        index = next(number for number, value in enumerate(table) if value >> 24 == target >> 24)
        indexes.append(index)
        target = ((target ^ table[index]) << 8) & 0xFFFFFFFF
    patch = bytearray()
    for index in reversed(indexes):
        patch.append((state ^ index) & 0xFF)
        state = table[index] ^ (state >> 8)
    return body + bytes(patch)


def _builder(
    subject: x509.Name, public_key: object, issuer: Issuer | None, now: datetime | None
) -> x509.CertificateBuilder:
    middle = now or datetime(2026, 3, 1, tzinfo=UTC)
    issuing = issuer.key.public_key() if issuer else public_key
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(public_key)  # type: ignore[arg-type]  # any of the kinds that cryptography makes
        .serial_number(x509.random_serial_number())
        .not_valid_before(middle - _DAYS)
        .not_valid_after(middle + _DAYS)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)  # type: ignore[arg-type]  # as above
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuing),  # type: ignore[arg-type]  # as above
            critical=False,
        )
    )
