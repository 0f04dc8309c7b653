"""The authorities that papers have to do with, as stand-ins in this process: VIES, which proves VAT numbers, and ANAF, which takes UBL.

Both are asked over a socket of this machine: their clients know no other way. They share the play's clock.
"""

from __future__ import annotations

from typing import Any

from pydantic import SecretStr

from cli.simulate.buyers import NOT_VALID
from core.clock import Clock
from core.settings import Settings
from providers.sandbox.anaf.client import AnafControl
from providers.sandbox.anaf.server import AnafSandbox
from providers.sandbox.vies.standin import INVALID, ViesSandbox
from tasks.maintenance.anaf_token import authorised

_PROCESSING_S = 30
"""So long ANAF works on each upload: the first question about it, a minute later, is answered."""

_FAULTS = ("error_before", "error_after", "lost_reply")


class Offices:
    """A VIES and an ANAF. `settings`: by which they are found."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.vies = ViesSandbox(clock=clock).start()
        self.vies.answers = dict.fromkeys(NOT_VALID, INVALID)
        self.anaf = AnafSandbox(clock=clock).start()
        self.anaf.world.config.processing_s = _PROCESSING_S
        self.settings: dict[str, Any] = {
            "vies_api_base": self.vies.base, "anaf_api_base": self.anaf.api_base, "anaf_login_base": self.anaf.login_base,
            "anaf_client_id": "simulated", "anaf_client_secret": SecretStr("simulated"), "anaf_rate_per_s": 10_000.0,
            "seal_keys": "simulated:a-key-to-seal-with-in-plays",
        }  # fmt: skip

    def log_in(self, settings: Settings) -> None:
        """A person with a certificate was at ANAF's."""
        authorised(AnafControl(self.anaf.base).tell("login"), settings, self._clock.now())

    def go_wrong(self, seed: int, share: float) -> None:
        """Some uploads come to nothing, and of some nobody knows whether they came to something."""
        faults = self.anaf.faults
        faults.seed(seed)
        for kind in _FAULTS:
            faults.add({"kind": kind, "method": "POST", "path": "/upload", "times": None, "probability": share / len(_FAULTS)})

    def close(self) -> None:
        """They are of no use to anybody."""
        self.vies.stop()
        self.anaf.stop()
