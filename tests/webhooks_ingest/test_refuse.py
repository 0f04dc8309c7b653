"""What is not proven, or not HTTP as providers speak it: refused with a stated answer, never stored, never a crash."""

from __future__ import annotations

import gzip
import itertools

import pytest

from core.clock import SystemClock
from providers.sandbox.sign import stripe_headers, zoom_headers
from tests.harness.environment import STRIPE_SECRET, ZOOM_SECRET
from tests.webhooks_ingest.door import Door, encoded, read_reply, rows, status_of, stripe_event
from tests.webhooks_ingest.test_accept import STRANGE

BODY = encoded(stripe_event())
_addresses = itertools.count(1)


def signed(body: bytes = BODY, **changes: str) -> dict[str, str]:
    return stripe_headers(STRIPE_SECRET, body, SystemClock().now()) | {
        name.replace("_", "-"): value for name, value in changes.items()
    }


@pytest.fixture(autouse=True)
def _nothing_is_stored(door: Door) -> object:
    yield
    with door.database.connect() as connection:
        assert rows(connection) == []
    assert door.running.alive()
    assert "Traceback" not in door.running.output()
    assert door.get("/healthz").status == 200


@pytest.mark.requirement("SEC-1", "SEC-2", "SEC-3")
def test_forgeries_learn_nothing(door: Door) -> None:
    now = SystemClock().now()
    good = signed()["Stripe-Signature"]
    stamp, _, mac = good.partition(",")
    wrong = {
        "none": "",
        "truncated": good[:-1],
        "upper case": f"{stamp},{mac.upper().replace('V1', 'v1')}",
        "other secret": stripe_headers("whsec_another_secret_0001", BODY, now)["Stripe-Signature"],
        "other body": stripe_headers(STRIPE_SECRET, BODY + b" ", now)["Stripe-Signature"],
        "past": stripe_headers(STRIPE_SECRET, BODY, now.replace(year=now.year - 1))["Stripe-Signature"],
        "future": stripe_headers(STRIPE_SECRET, BODY, now.replace(year=now.year + 1))["Stripe-Signature"],
    }
    for name, header in wrong.items():
        reply = door.post("/webhooks/stripe", BODY, signed(Stripe_Signature=header))
        assert (reply.status, reply.body) == (401, b""), name
    for name, header in {"time": f"t=soon,{mac}", "no v1": stamp, "latin-1": f"{stamp},v1=\u00e4", "junk": "junk"}.items():
        assert door.post("/webhooks/stripe", BODY, signed(Stripe_Signature=header)).status == 400, name


@pytest.mark.requirement("SEC-1", "INBOX-1")
def test_two_signature_headers_are_one_too_many(door: Door) -> None:
    lines = [f"{name}: {value}" for name, value in signed().items()]
    head = ["POST /webhooks/stripe HTTP/1.1", "Host: x", f"Content-Length: {len(BODY)}", *lines, "Stripe-Signature: t=1,v1=a"]
    assert _say(door, "\r\n".join([*head, "", ""]).encode() + BODY) == 400


@pytest.mark.requirement("SEC-1", "INBOX-11", "ZOOM-1")
def test_unsigned_bytes_of_any_sort(door: Door) -> None:
    for source, body in itertools.product(("stripe", "paypal", "zoom"), STRANGE.values()):
        reply = door.post(f"/webhooks/{source}", body, {"Content-Type": "application/json"})
        assert reply.status in (401, 429)
        assert reply.body == b""


@pytest.mark.requirement("SEC-1")
def test_guessing_is_limited_and_valid_deliveries_never_are(door: Door) -> None:
    forged = signed(Stripe_Signature="t=1,v1=a")
    statuses = {door.post("/webhooks/stripe", BODY, forged).status for _ in range(40)}
    assert 429 in statuses
    assert statuses <= {401, 429}
    assert door.zoom(b'{"event": "endpoint.url_validation", "payload": {"plainToken": "abc"}}').status == 200


@pytest.mark.requirement("INBOX-1")
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/webhooks/stripe", 405),
        ("PUT", "/webhooks/stripe", 405),
        ("DELETE", "/healthz", 405),
        ("POST", "/webhooks/stripe/", 404),
        ("POST", "/webhooks/Stripe", 404),
        ("POST", "/webhooks/%73tripe", 404),
        ("POST", "/webhooks/../webhooks/stripe", 404),
        ("POST", "/webhooks/virtualmin", 404),
        ("POST", "/webhooks/", 404),
        ("POST", "//webhooks/stripe", 404),
        ("GET", "/", 404),
    ],
)
def test_paths_and_methods_are_exact(door: Door, method: str, path: str, status: int) -> None:
    reply = door.post(path, BODY if method == "POST" else b"", signed(), method)
    assert reply.status == status
    if status == 405:
        assert reply.headers["allow"] == ("GET, HEAD" if path == "/healthz" else "POST")


@pytest.mark.requirement("INBOX-1")
@pytest.mark.parametrize(
    "changes",
    [
        {"Content_Type": "text/plain"},
        {"Content_Type": "application/jsonx"},
        {"Content_Type": "application/x-www-form-urlencoded"},
        {"Content_Type": ""},
        {"Content_Encoding": "gzip"},
        {"Content_Encoding": "br"},
    ],
)
def test_only_plain_json_is_taken(door: Door, changes: dict[str, str]) -> None:
    body = gzip.compress(BODY) if "Content_Encoding" in changes else BODY
    assert door.post("/webhooks/stripe", body, signed(body, **changes)).status == 415


@pytest.mark.requirement("INBOX-1")
def test_too_much_is_refused_before_it_is_read(door: Door) -> None:
    limit = door.settings.max_body_bytes
    head = b"POST /webhooks/stripe HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    assert _say(door, head + b"Content-Length: %d\r\n\r\n" % (limit + 1)) == 413, "said before a byte of the body came"
    assert _say(door, head + b"Content-Length: 99999999999999999999999\r\n\r\n") in (400, 413)
    chunk = b"%x\r\n%s\r\n" % (65536, b"x" * 65536)
    endless = head + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * (limit // 65536 + 2)
    assert _say(door, endless) == 413, "said while it streams"
    exact = b" " * limit
    assert door.post("/webhooks/stripe", exact, signed(b"other")).status in (401, 429), "as large as allowed"


@pytest.mark.requirement("INBOX-1")
@pytest.mark.parametrize(
    ("request_bytes", "statuses"),
    [
        (b"POST /webhooks/stripe HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", {400}),
        (b"POST /webhooks/stripe HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcd", {400}),
        (b"POST /webhooks/stripe HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", {400}),
        (b"POST /webhooks/zoom HTTP/1.1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", {400, None}),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", {400}),
        (b"GARBAGE\r\n\r\n", {400}),
        (b"POST /webhooks/\xff HTTP/1.1\r\nHost: x\r\n\r\n", {400, 404}),
        (b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", {400, 404}),
        (b"CONNECT example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n", {400, 404}),
        (b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n", {400}),
        (b"GET /webhooks/stripe HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", {405}),
        (b"POST /webhooks/stripe HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}", {401, 429}),
    ],
)  # fmt: skip
def test_bytes_that_are_not_the_http_of_a_provider(
    door: Door, request_bytes: bytes, statuses: set[int | None]
) -> None:
    assert _say(door, request_bytes) in statuses


@pytest.mark.requirement("INBOX-1")
@pytest.mark.parametrize("status", [401, 415])
def test_the_connection_is_good_for_the_next_request_after_a_refusal(door: Door, status: int) -> None:
    kind = "application/json" if status == 401 else "text/plain"
    first = f"POST /webhooks/zoom HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\nContent-Length: 2\r\n\r\n{{}}".encode()
    challenge = b'{"event": "endpoint.url_validation", "payload": {"plainToken": "abc"}}'
    lines = "".join(f"{name}: {value}\r\n" for name, value in zoom_headers(ZOOM_SECRET, challenge, SystemClock().now()).items())
    second = f"POST /webhooks/zoom HTTP/1.1\r\nHost: x\r\nContent-Length: {len(challenge)}\r\n{lines}\r\n".encode() + challenge
    with door.connect() as connection:
        connection.sendall(first)
        assert status_of(read_reply(connection)) in (status, 429 if status == 401 else status)
        connection.sendall(second)
        assert status_of(read_reply(connection)) == 200


def _say(door: Door, request: bytes) -> int | None:
    """The status of the reply to raw bytes."""
    with door.connect() as connection:
        connection.sendall(request)
        return status_of(read_reply(connection))
