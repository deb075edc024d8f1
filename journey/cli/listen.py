"""`journey listen …`: messages of other systems taken in as they come over a connection."""

import errno
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from journey.mllp.taking import Taking
    from journey.settings import Settings

app = typer.Typer(no_args_is_help=True)


@app.callback()
def listen() -> None:
    """Messages of other systems, taken in as they come."""


@app.command("mllp")
def mllp(
    *,
    host: Annotated[
        str | None, typer.Option(metavar="HOST", help="The address to listen on; JOURNEY_MLLP_HOST.")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            min=0, max=65535, metavar="PORT", help="The port to listen on, 0 for any; JOURNEY_MLLP_PORT."
        ),
    ] = None,
    tls_cert: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The certificate to speak TLS with; JOURNEY_MLLP_TLS_CERT_FILE."),
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Its key; JOURNEY_MLLP_TLS_KEY_FILE.")
    ] = None,
    tls_client_ca: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Whose certificates senders have to show; JOURNEY_MLLP_TLS_CLIENT_CA_FILE.",
        ),
    ] = None,
) -> None:
    """Take HL7 v2 messages in over MLLP, acknowledging each after commit, until Ctrl-C or SIGTERM."""
    import asyncio

    from journey.cli.session import prepared, ready
    from journey.mllp.taking import taking

    settings = prepared(
        quiet=False,
        mllp_host=host,
        mllp_port=port,
        mllp_tls_cert_file=tls_cert,
        mllp_tls_key_file=tls_key,
        mllp_tls_client_ca_file=tls_client_ca,
    )
    with ready(settings) as database, taking(database.conninfo, settings) as taken:
        try:
            asyncio.run(_listen(taken, settings))
        except OSError as error:
            raise _sentence(error, settings) from None


async def _listen(taken: "Taking", settings: "Settings") -> None:
    """Until a signal; what is under way then is finished and acknowledged."""
    import asyncio

    import structlog

    from journey.mllp.figures import Figures
    from journey.mllp.listener import Listener
    from journey.worker import STOP

    told = asyncio.Event()
    for each in STOP:
        asyncio.get_running_loop().add_signal_handler(each, told.set)
    figures = Figures()
    with figures.shown(settings.mllp_metrics_port):
        async with Listener(taken, settings, figures).listening() as (host, port):
            tls = settings.mllp_tls_cert_file is not None
            structlog.get_logger().info("listening", host=host, port=port, tls=tls)
            await told.wait()


def _sentence(error: OSError, settings: "Settings") -> Exception:
    """Why nothing can listen there."""
    from journey.cli.failure import Failed

    port = settings.mllp_port
    reasons = {
        errno.EADDRINUSE: f"Port {port} is taken. Choose another with --port or JOURNEY_MLLP_PORT.",
        errno.EACCES: f"Port {port} is for the system's programs. Choose one above 1023.",
    }
    sentence = reasons.get(error.errno or 0, f"Nothing can listen on {settings.mllp_host}: {error.strerror}.")
    return Failed(sentence)
