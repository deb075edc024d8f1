"""Course: how far something long is, in words."""

from collections.abc import Mapping
from datetime import timedelta
from math import ceil
from typing import Any

from journey.web.times import MINUTE, span

UNDER_WAY = ("waiting", "running")
STATES = {
    "waiting": ("soon", "waits for its turn"),
    "running": ("blue", "under way"),
    "done": ("good", "done"),
    "failed": ("late", "not done"),
    "stopped": ("calm", "stopped"),
    "abandoned": ("late", "broken off"),
}
"""The colour of each state, and what it is called."""


def pace(progress: Mapping[str, Any], of: str) -> str:
    """12,300 of 45,000 events, 8,000 a second, about 5 s left."""
    told = [f"{progress['done']:,} of {progress['total']:,} {of}"]
    if progress["per_second"]:
        told.append(f"{progress['per_second']:,.0f} a second")
    if progress["done"] >= progress["total"]:
        told.append("and is being finished")
    elif progress["seconds_left"] is not None:
        told.append(f"about {lasting(progress['seconds_left'])} left")
    return ", ".join(told)


def lasting(seconds: float) -> str:
    """To the second below a minute, as everywhere above it."""
    length = timedelta(seconds=ceil(seconds))
    return span(length) if length >= MINUTE else f"{ceil(seconds)} s"
