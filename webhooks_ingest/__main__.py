"""`python -m webhooks_ingest`: the receiver by itself, with its settings from the environment."""

from __future__ import annotations

import sys

from core.settings import current
from webhooks_ingest.serve import main

try:
    main(current())
except ValueError as error:
    sys.exit(f"receiver: {error}")
