"""Whether a certificate is PayPal's: a chain to an anchor, the right name, a day on which it is valid. Pure: no network.

PayPal serves the leaf alone. Its intermediate must be among the anchors (`BURSAR_PAYPAL_TRUST_ANCHORS`) or the system's
certificates; each certificate in that file is an anchor by the operator's word.
"""

from __future__ import annotations

import ssl
import warnings
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import NameOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from providers.paypal.signature import Environment

NAMES: dict[Environment, str] = {
    "live": "messageverificationcerts.paypal.com",
    "sandbox": "messageverificationcerts.sandbox.paypal.com",
}


class UntrustedError(Exception):
    """The certificate is not proven to be PayPal's. The message says why, for the operator."""


def public_key(
    pem: bytes, anchors: Sequence[x509.Certificate], environment: Environment, now: datetime
) -> RSAPublicKey:
    """The key of the first certificate in `pem`, if it is PayPal's; further ones serve as intermediates.

    Raises:
        UntrustedError: it cannot be read, has another name, is out of its dates, leads to no anchor, or is no RSA key.
    """
    try:
        leaf, *intermediates = x509.load_pem_x509_certificates(pem)
    except ValueError:
        raise UntrustedError("what was served is no PEM certificate") from None
    name = NAMES[environment]
    if [attribute.value for attribute in leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)] != [name]:
        raise UntrustedError(f"its common name is not {name}")
    if not anchors:
        raise UntrustedError("there is no trust anchor at all: set BURSAR_PAYPAL_TRUST_ANCHORS")
    verifier = PolicyBuilder().store(Store(list(anchors))).time(now).build_server_verifier(x509.DNSName(name))
    try:
        verifier.verify(leaf, intermediates)
    except VerificationError as error:
        raise UntrustedError(
            f"no valid chain to a trust anchor ({error}); if PayPal has changed its issuer, add the issuer's certificate "
            "to BURSAR_PAYPAL_TRUST_ANCHORS"
        ) from None
    key = leaf.public_key()
    if not isinstance(key, RSAPublicKey):
        raise UntrustedError("its key is not an RSA key")
    return key


def load_anchors(extra: Path | None) -> list[x509.Certificate]:
    """The operator's file and the system's certificates.

    Raises:
        ValueError: the operator's file cannot be read or holds no certificate; the message names the setting.
    """
    anchors: list[x509.Certificate] = []
    if extra is not None:
        try:
            anchors = x509.load_pem_x509_certificates(extra.read_bytes())
        except (OSError, ValueError) as error:
            raise ValueError(
                f"BURSAR_PAYPAL_TRUST_ANCHORS names {extra}, which holds no readable PEM certificates ({error}): PayPal's "
                "door stays closed; correct the path or the file"
            ) from error
    return [*anchors, *_readable(ssl.create_default_context().get_ca_certs(binary_form=True))]


def _readable(certificates: Iterable[bytes]) -> Iterator[x509.Certificate]:
    for der in certificates:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", CryptographyDeprecationWarning)
                certificate = x509.load_der_x509_certificate(der)
        except (ValueError, CryptographyDeprecationWarning):
            # A store may hold old certificates that today's rules refuse; none of them is PayPal's.
            continue
        yield certificate
