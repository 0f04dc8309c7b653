"""ANAF's e-Factura API (SPV). Reading is harmless; an upload has no idempotency key, so a lost reply is never answered by a second one.

Every call gets its token from outside: tokens are rows (see `tokens`), and a token that is refused is the keeper's business.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import urlencode

import requests

from core.settings import Settings
from providers.anaf import read
from providers.errors import Final, NotConfigured, RateLimited, Retryable, Unknown, UnparsableBody

_TIMEOUTS_S = (3.05, 15.0)
_UPLOAD_TIMEOUTS_S = (3.05, 30.0)
_API = "https://api.anaf.ro/{environment}/FCTEL/rest"
_MOST_SAID = 300
_MOST_DAYS = 60
"""The ministry keeps a message that long."""
_CLOCKS_DIFFER = timedelta(minutes=1)
"""Of theirs from ours, at most. What came to be listed since then is found by the next search."""
_SEARCHED = "ANAF's list is searched before anything is sent again"


class TokenRefused(Retryable):
    """The access token was not accepted: nothing was done."""


class QuotaUsedUp(RateLimited):
    """Today's calls of this kind are used up: nothing was done, and nothing will be before tomorrow (in Romania)."""


def upload(path: str, document: bytes, settings: Settings, token: str) -> tuple[Literal["accepted", "refused"], dict[str, str]]:
    """Send a document; whether it was taken, and under which number (`index`) or why not (`message`).

    Raises:
        RateLimited, TokenRefused, Retryable: it surely was not taken.
        Unknown: nobody can say: the reply was lost, or is not one.
    """
    try:
        answer = requests.post(
            f"{base(settings)}/{path}", data=document, timeout=_UPLOAD_TIMEOUTS_S, allow_redirects=False,
            headers={"Authorization": f"Bearer {token}", "Content-Type": "text/plain"},
        )  # fmt: skip
    except requests.RequestException as error:
        if _never_left(error):
            raise Retryable(f"ANAF cannot be reached: {path} was not sent") from None
        raise Unknown(f"the reply to {path} was lost ({type(error).__name__}); {_SEARCHED}") from None
    about = f"ANAF answered {answer.status_code} to {path}"
    _refuse_for_now(answer, about)
    if answer.status_code == requests.codes.bad_request:
        return "refused", {"code": "malformed", "message": read.error_text(answer.content) or answer.text[:_MOST_SAID] or "malformed"}
    if not answer.ok:
        raise Unknown(f"{about}; {_SEARCHED}")
    try:
        told = read.uploaded(answer.content)
    except UnparsableBody as error:
        raise Unknown(f"{about}, and {error}; {_SEARCHED}") from None
    if told.index is not None:
        return "accepted", {"index": told.index}
    if told.first_index is not None:
        return "accepted", {"index": told.first_index, "duplicate": told.errors or ""}
    if read.is_quota(told.errors):
        raise QuotaUsedUp(f"{about}: {told.errors}; nothing was taken")
    return "refused", {"code": "refused", "message": told.errors or "refused"}


def status(upload_index: str, settings: Settings, token: str) -> read.Status:
    """What became of an upload.

    Raises:
        QuotaUsedUp, RateLimited, TokenRefused, Retryable: it could not be asked, or the answer says nothing.
    """
    body = _get(f"stareMesaj?{urlencode({'id_incarcare': upload_index})}", settings, token)
    try:
        return read.status(body)
    except UnparsableBody as error:
        raise Retryable(f"ANAF's answer about upload {upload_index} says nothing: {error}") from None


def download(download_id: str, settings: Settings, token: str) -> bytes:
    """The ZIP of an answer.

    Raises:
        QuotaUsedUp, RateLimited, TokenRefused, Retryable: as `status`.
    """
    body = _get(f"descarcare?{urlencode({'id': download_id})}", settings, token)
    try:
        read.papers(body)
    except UnparsableBody as error:
        raise Retryable(f"ANAF gives no papers for {download_id}: {error}") from None
    return body


def messages(cif: str, days: int, kind: Literal["T", "E"], settings: Settings, token: str, at: datetime) -> list[read.Message]:
    """What the ministry lists for this fiscal number of the last days: `T` what was sent, `E` what it found wrong.

    Raises:
        QuotaUsedUp, RateLimited, TokenRefused, Retryable: as `status`.
    """
    days, query = max(1, min(days, _MOST_DAYS)), {"cif": cif, "filtru": kind}
    body = _get(f"listaMesajeFactura?{urlencode({'zile': days} | query)}", settings, token)
    try:
        if not read.is_too_long(body):
            return read.messages(body)
        # The simple list holds 500 and is an error beyond. The other one takes an interval, which must not reach into the future there.
        until = at - _CLOCKS_DIFFER
        query |= {"startTime": _milliseconds(until - timedelta(days=days) + 2 * _CLOCKS_DIFFER), "endTime": _milliseconds(until)}
        found, page, pages = [], 1, 1
        while page <= pages:
            body = _get(f"listaMesajePaginatieFactura?{urlencode(query | {'pagina': str(page)})}", settings, token)
            found += read.messages(body)
            page, pages = page + 1, read.pages(body)
        return found
    except UnparsableBody as error:
        raise Retryable(f"ANAF's list of messages cannot be read: {error}") from None


def _milliseconds(at: datetime) -> str:
    return str(int(at.timestamp()) * 1000)


def base(settings: Settings) -> str:
    """Where the API is: of its test environment unless this database is for live money."""
    return settings.anaf_api_base or _API.format(environment="prod" if settings.mode == "live" else "test")


def _get(path: str, settings: Settings, token: str) -> bytes:
    try:
        answer = requests.get(
            f"{base(settings)}/{path}", headers={"Authorization": f"Bearer {token}"}, timeout=_TIMEOUTS_S, allow_redirects=False
        )
    except requests.RequestException as error:
        raise Retryable(f"ANAF cannot be reached: {type(error).__name__}") from None
    about = f"ANAF answered {answer.status_code} to {path}"
    _refuse_for_now(answer, about)
    if answer.status_code == requests.codes.bad_request:
        raise Final(f"{about}: {read.error_text(answer.content) or answer.text[:_MOST_SAID]}")
    if not answer.ok:
        raise Retryable(f"{about}: {read.error_text(answer.content) or 'nothing more'}")
    if read.is_quota(said := read.error_text(answer.content)) or (_is_xml(answer) and read.is_quota(said := answer.text)):
        raise QuotaUsedUp(f"{about}: {(said or '')[:_MOST_SAID]}")
    return answer.content


def _refuse_for_now(answer: requests.Response, about: str) -> None:
    """Answers by which surely nothing was done. 204 is how its gateway sometimes says "too many"."""
    if answer.status_code in (requests.codes.unauthorized, requests.codes.forbidden):
        raise TokenRefused(f"{about}: the token is not accepted, or has no right for this fiscal number; nothing was done")
    if answer.status_code in (requests.codes.too_many_requests, requests.codes.no_content):
        told = answer.headers.get("retry-after", "")
        raise RateLimited(f"{about}: too many calls; nothing was done", float(told) if told.isdigit() else None)
    if 300 <= answer.status_code < 400:
        raise NotConfigured(f"{about}, a redirect: BURSAR_ANAF_API_BASE is not the API's address; nothing was done")
    if read.is_quota(said := read.error_text(answer.content)):
        raise QuotaUsedUp(f"{about}: {said}; nothing was done")


def _is_xml(answer: requests.Response) -> bool:
    return answer.content[:1] == b"<"


def _never_left(error: requests.RequestException) -> bool:
    """Whether there was no connection at all."""
    if isinstance(error, (requests.exceptions.ConnectTimeout, requests.exceptions.SSLError)):
        return True
    reason = getattr(error.args[0], "reason", None) if isinstance(error, requests.ConnectionError) and error.args else None
    return type(reason).__name__ in ("NewConnectionError", "NameResolutionError")
