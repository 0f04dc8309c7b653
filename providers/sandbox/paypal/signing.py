"""Signs transmissions as PayPal does, with a certificate authority of its own that only a receiver told so will trust.

The certificate's URL names PayPal's own host, because the door accepts no other; hence the certificate is laid where the
receiver keeps those that it has fetched, and the authority's where `BURSAR_PAYPAL_TRUST_ANCHORS` points. Both need the
rights of the receiver's own user: the door's rules stay as they are.
"""

from __future__ import annotations

import base64
import hashlib
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from providers.paypal.chain import NAMES
from providers.sandbox.paypal.world import text

_HOST = "https://api.sandbox.paypal.com/v1/notifications/certs/CERT-"
_DAYS, _MONTH = timedelta(days=300), timedelta(days=30)
ANCHOR, KEPT = "paypal-sandbox-anchor.pem", "paypal-sandbox-signer.pem"
"""Files in a home: what the receiver is told to trust, and what it is signed with."""


class Signer:
    """One authority, one leaf."""

    def __init__(self, key: rsa.RSAPrivateKey, certificate: bytes, anchor: bytes) -> None:
        self._key, self.certificate, self.anchor = key, certificate, anchor
        self.cert_url = _HOST + hashlib.sha256(certificate).hexdigest()[:24]

    @classmethod
    def kept(cls, path: Path, now: datetime) -> Signer:
        """The one in this file, if its certificate holds for another month; else a new one, which is then in it."""
        if path.exists():
            text_ = path.read_bytes()
            key = load_pem_private_key(text_, None)
            leaf, root = x509.load_pem_x509_certificates(text_)
            if isinstance(key, rsa.RSAPrivateKey) and leaf.not_valid_after_utc - now > _MONTH:
                return cls(key, leaf.public_bytes(Encoding.PEM), root.public_bytes(Encoding.PEM))
        made = cls.make(now)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(0o600)
        key_text = made._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path.write_bytes(key_text + made.certificate + made.anchor)
        return made

    @classmethod
    def make(cls, now: datetime) -> Signer:
        """A new one; it takes a tenth of a second."""
        leaf_key = rsa.generate_private_key(65537, 2048)
        root_key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "PayPal sandbox stand-in")])
        leaf_name = NAMES["sandbox"]
        root = (
            _builder(name, name, root_key.public_key(), root_key.public_key(), now)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(_signing_only(), critical=True)
            .sign(root_key, SHA256())
        )
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, leaf_name)])
        leaf = (
            _builder(subject, name, leaf_key.public_key(), root_key.public_key(), now)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(leaf_name)]), critical=False)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .sign(root_key, SHA256())
        )
        return cls(leaf_key, leaf.public_bytes(Encoding.PEM), root.public_bytes(Encoding.PEM))

    def lay(self, home: Path) -> Path:
        """Lay the certificate where the receiver of this home looks first; the path of the anchor, for its setting."""
        folder = home / "paypal-certs"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{hashlib.sha256(self.cert_url.encode()).hexdigest()}.pem").write_bytes(self.certificate)
        anchor = home / ANCHOR
        anchor.write_bytes(self.anchor)
        return anchor

    def headers(self, body: bytes, transmission_id: str, at: datetime, webhook_id: str) -> dict[str, str]:
        """The headers of one transmission; its repeats carry the same."""
        time = text(at)
        signed = f"{transmission_id}|{time}|{webhook_id}|{zlib.crc32(body)}".encode()
        return {
            "Content-Type": "application/json",
            "Paypal-Transmission-Id": transmission_id,
            "Paypal-Transmission-Time": time,
            "Paypal-Transmission-Sig": base64.b64encode(self._key.sign(signed, PKCS1v15(), SHA256())).decode(),
            "Paypal-Cert-Url": self.cert_url,
            "Paypal-Auth-Algo": "SHA256withRSA",
            "Paypal-Auth-Version": "v2",
        }


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey,
    issuing: ec.EllipticCurvePublicKey,
    now: datetime,
) -> x509.CertificateBuilder:
    middle = now.astimezone(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(middle - _DAYS)
        .not_valid_after(middle + _DAYS)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuing), critical=False)
    )


def _signing_only() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False, key_agreement=False,
        key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
    )  # fmt: skip
