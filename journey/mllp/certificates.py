"""Certificates: TLS for those who listen and those who send, each showing one where the other asks for it."""

import ssl
from pathlib import Path


class Unusable(Exception):
    """A file of certificates or keys cannot be used; the message says which."""


def listening(certificate: Path, key: Path | None, clients: Path | None) -> ssl.SSLContext:
    """Shows this certificate, and asks for one by these authorities where any are named. Raises Unusable."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    _shown(context, certificate, key)
    if clients is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        _believed(context, clients)
    return context


def sending(authorities: Path | None, certificate: Path | None, key: Path | None) -> ssl.SSLContext:
    """Believes these authorities, else the system's, and shows a certificate where one is named."""
    if authorities is None:
        context = ssl.create_default_context()
    else:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        _believed(context, authorities)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if certificate is not None:
        _shown(context, certificate, key)
    return context


def _shown(context: ssl.SSLContext, certificate: Path, key: Path | None) -> None:
    try:
        context.load_cert_chain(_readable(certificate), None if key is None else _readable(key))
    except ssl.SSLError:
        raise Unusable(f"{certificate} and its key are not a certificate and its key in PEM.") from None


def _believed(context: ssl.SSLContext, authorities: Path) -> None:
    try:
        context.load_verify_locations(_readable(authorities))
    except ssl.SSLError:
        raise Unusable(f"{authorities} holds no certificates in PEM.") from None


def _readable(file: Path) -> Path:
    try:
        file.open("rb").close()
    except OSError as error:
        raise Unusable(f"{file} cannot be read: {error.strerror}.") from None
    return file
