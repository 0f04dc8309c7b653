"""Settings: claims, retries, sweeps, and how long things are kept."""

from __future__ import annotations

from pydantic import Field

from core.settings.section import SecondsList, Section


class Machine(Section):
    """Claims, retries, sweeps, and how long things are kept."""

    retry_ladder_s: SecondsList = Field(
        [300, 900, 3600, 7200, 21600],
        description="Seconds until each retry of a failed handler (INBOX-4: 5 m, 15 m, 1 h, "
        "2 h, 6 h); after the last one the row is dead.",
    )
    retry_jitter: float = Field(
        0.1,
        ge=0,
        le=0.5,
        description="Share by which each of those waits is spread, either way, so that an outage's rows do not come back at once.",
    )
    lease_s: float = Field(
        30.0,
        gt=0,
        description="Seconds that a claim holds without its worker's transaction. Must exceed the hard task limit.",
    )
    task_soft_limit_s: float = Field(20.0, gt=0, description="Seconds until a task is told to stop (SoftTimeLimitExceeded).")
    task_hard_limit_s: float = Field(
        25.0, gt=0, description="Seconds until a task's process is killed; counted as a crash of its rows."
    )
    max_crashes: int = Field(3, ge=1, description="Crashes of a row claimed alone until it is dead.")
    batch_size: int = Field(50, ge=1, le=500, description="Most events in one unit of work.")
    sweep_interval_s: float = Field(1.0, gt=0, description="Seconds between the standby's sweeps.")
    hint_grace_s: float = Field(2.0, ge=0, description="Age at which an unclaimed row is hinted again by the sweep.")
    takeover_s: float = Field(
        8.0,
        gt=0,
        description="Seconds of late rows and silent workers after which the standby works a queue itself. "
        "With the hint's grace it bounds what a half-open broker connection costs.",
    )
    workers_per_queue: int = Field(
        2, ge=1, description="Processes of each queue's worker group; also bounds the sweep's drain hints (twice this)."
    )
    run_hands: int = Field(
        2,
        ge=1,
        description="Workers of a queue that at most work through one long scheduled run side by side. A turn of the first one lasts 4 s, "
        "of the others 1 s: so long events may wait for them while all workers of the queue are busy with runs.",
    )
    beat_silence_s: float = Field(
        30.0, gt=0, description="Seconds without a beat tick after which the standby ticks the schedules itself."
    )
    payload_retention_days: int = Field(
        400,
        ge=1,
        description="Days that payloads of final rows are kept (disputes reach back 120 to 540 days). "
        "Rows that are not final keep theirs for ever.",
    )
    outbox_retention_days: int = Field(
        450,
        ge=1,
        description="Days that mails and look-ups which were made are kept; at least a month more than payloads, because their "
        "keys are what keeps a replayed event from mailing twice. Calls that may have moved money stay for ever.",
    )
    slot_retention_days: int = Field(
        90,
        ge=1,
        description="Days that results of scheduled runs are kept: the audit's noted heads are among them. "
        "Failed ones stay; the sweep's, one each 10 s, go after 7 days.",
    )
