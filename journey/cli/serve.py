"""`journey serve`: the API, the worker, or both."""

import errno
from typing import Annotated, Literal

import typer

from journey.cli.failure import Failed

Host = Annotated[str | None, typer.Option(metavar="HOST", help="The address to listen on; JOURNEY_HOST.")]
Port = Annotated[
    int | None,
    typer.Option(min=0, max=65535, metavar="PORT", help="The port to listen on, 0 for any; JOURNEY_PORT."),
]


def run(
    *,
    host: Host = None,
    port: Port = None,
    workers: Annotated[
        int, typer.Option(min=1, max=64, metavar="N", help="Processes that answer requests.")
    ] = 1,
    role: Annotated[
        Literal["all", "api", "worker"],
        typer.Option(help="worker = sequencer and read models; all = both in one."),
    ] = "all",
) -> None:
    """Serve the API, run what stands behind it, or both, until Ctrl-C or SIGTERM."""
    from journey.api.server import serve
    from journey.cli.session import prepared, ready
    from journey.pathways import installed
    from journey.store.vault import vault

    if role == "worker" and workers > 1:
        raise typer.BadParameter("a worker is one process: start several, and one of them leads.")
    settings = prepared(quiet=False, host=host, port=port)
    installed()  # a definition that cannot be used is told of now, not on the first request
    if role != "worker":
        require_free(settings.host, settings.port)
    vault()  # without the master key nothing could be recorded: said before anybody asks
    with ready(settings) as database:
        serve(settings, database, role, workers)


def require_free(host: str, port: int) -> None:
    """Raises Failed where nothing can listen there: before the work, not after it."""
    from journey.api.server import listening

    try:
        listening(host, port).close()
    except OSError as error:
        reasons = {
            errno.EADDRINUSE: f"Port {port} is taken. Choose another with --port or JOURNEY_PORT.",
            errno.EACCES: f"Port {port} is for the system's programs. Choose one above 1023.",
        }
        sentence = reasons.get(error.errno or 0, f"Nothing can listen on {host}: {error.strerror}.")
        raise Failed(sentence) from None
