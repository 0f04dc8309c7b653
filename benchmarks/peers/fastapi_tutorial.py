"""A receiver as tutorials for FastAPI write it: construct_event, a session by dependency, `.delay`, uvicorn.

FastAPI's own SQL tutorial has synchronous sessions; the body of the request needs `async def`, so both meet here as they
do in most applications: a dependency that reads the body, and a plain function that FastAPI runs in its thread pool.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Annotated

import stripe
from fastapi import Depends, FastAPI, Header, HTTPException, Request  # type: ignore[import-not-found]  # likewise
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session as OrmSession

from benchmarks.peers.tutorial import Event, Session, process

app = FastAPI()


async def body_of(request: Request) -> bytes:
    """The raw body, which the signature is over."""
    body: bytes = await request.body()
    return body


def session_of() -> Iterator[OrmSession]:
    """One session for each request."""
    with Session() as session:
        yield session


@app.post("/webhooks/stripe")  # type: ignore[untyped-decorator]  # fastapi is not there for mypy
def webhook(
    payload: Annotated[bytes, Depends(body_of)],
    session: Annotated[OrmSession, Depends(session_of)],
    stripe_signature: Annotated[str, Header()],
) -> dict[str, bool]:
    """Verify, store, enqueue."""
    try:
        event = stripe.Webhook.construct_event(payload, stripe_signature, os.environ["PEER_SECRET"])
    except (ValueError, stripe.SignatureVerificationError) as error:
        raise HTTPException(status_code=400) from error
    row = Event(stripe_id=event["id"], type=event["type"], payload=payload.decode())
    session.add(row)
    try:
        session.commit()
    except IntegrityError:
        return {"received": True}
    process.delay(row.id)
    return {"received": True}
