"""How fast the log is published to NATS JetStream, and how soon, beside a bare loop that publishes as much.

Both publish bodies of the same size to the same kind of stream, as many at once, and are done when all is
acknowledged. The bare loop numbers nothing, reads nothing, and may publish twice. How soon: from a command's
answer to a subscriber, with the worker in the process that writes. Left out where there is no nats-server, or
`journey[nats]` is not installed.
"""

import shutil
from collections.abc import Iterator
from importlib.util import find_spec

from journey.bench.figures import Figure
from journey.bench.scratch import Scratch


def broker(server: Scratch) -> Iterator[Figure]:
    """Every event of a log, thin."""
    if find_spec("nats") is None or shutil.which("nats-server") is None:
        yield Figure("nats-server or journey[nats] is not installed, and left out", 0, "/s")
        return
    from journey.bench.streamed import speeds  # noqa: PLC0415 - it may not be there

    yield from speeds(server)
