"""The garbage collector, told what this program is like: many objects at a time, and hardly a cycle."""

import gc

OBJECTS = 200_000
"""New ones between two looks for cycles: as many as a batch of a read model makes. Python's 700 looks into
every journey that is being read, many times over, and takes half of the time of reading.
"""

LOOKS = 100
"""Such looks between two at what has survived one: kept journeys do, and are no garbage."""


def collect_rarely() -> None:
    """For the whole process, unless it was told to look more rarely still."""
    often, seldom, *others = gc.get_threshold()
    if 0 < often < OBJECTS:
        gc.set_threshold(OBJECTS, max(seldom, LOOKS), *others)
