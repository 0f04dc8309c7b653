"""The machine: the Celery app, claims, the runners of inbox, outbox and slots, hints, sweep. It knows no business."""
