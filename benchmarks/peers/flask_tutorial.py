"""A receiver as tutorials for Flask write it: construct_event, Flask-style SQLAlchemy session, `.delay`, gunicorn.

Served as gunicorn's documentation has it for one process: the threaded worker.
"""

from __future__ import annotations

import os

import stripe
from flask import Flask, request  # type: ignore[import-not-found]  # likewise
from sqlalchemy.exc import IntegrityError

from benchmarks.peers.tutorial import Event, Session, process

app = Flask(__name__)


@app.post("/webhooks/stripe")  # type: ignore[untyped-decorator]  # flask is not there for mypy
def webhook() -> tuple[str, int]:
    """Verify, store, enqueue."""
    payload = request.get_data()
    try:
        event = stripe.Webhook.construct_event(payload, request.headers.get("Stripe-Signature"), os.environ["PEER_SECRET"])
    except (ValueError, stripe.SignatureVerificationError):
        return "", 400
    with Session() as session:
        row = Event(stripe_id=event["id"], type=event["type"], payload=payload.decode())
        session.add(row)
        try:
            session.commit()
        except IntegrityError:
            return "", 200
        process.delay(row.id)
    return "", 200
