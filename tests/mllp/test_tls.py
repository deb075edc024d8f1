"""TLS: what is read on the way is no message, and who has to show a certificate is known by it."""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from journey.mllp.certificates import Unusable, listening, sending
from journey.mllp.sending import Lost, Receiving, Sender
from tests.ingest.hl7v2.feeding import Feed
from tests.ingest.hl7v2.written import message
from tests.mllp.conversing import Listening, talk
from tests.mllp.test_listener import ARRIVAL


def certificate(folder: Path, name: str) -> Path:
    """Of this name, for 127.0.0.1, signed by itself; its key stands in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    file = folder / f"{name}.pem"
    file.write_bytes(
        made.public_bytes(serialization.Encoding.PEM) + key.private_bytes(serialization.Encoding.PEM, *form)
    )
    return file


def test_a_message_goes_over_tls_and_not_without(database_url: str, tmp_path: Path) -> None:
    file = certificate(tmp_path, "hospital")
    with Listening(database_url, mllp_tls_cert_file=file) as listening_:
        tls = sending(file, None, None)
        with Sender(Receiving(*listening_.address, tls)) as sender:
            assert sender.send(message(*ARRIVAL)).code == "AA"
        with talk(listening_.address) as plain:
            plain.say(b"\x0bMSH|no client hello\x1c\r")
            assert plain.is_over()
        with (
            Sender(Receiving(*listening_.address, ssl.create_default_context(), patience=0)) as stranger,
            pytest.raises(Lost, match="CERTIFICATE_VERIFY_FAILED"),
        ):
            stranger.send(message(*ARRIVAL))
        assert listening_.count("messages_total", status="applied") == 1


def test_who_shows_no_certificate_is_not_heard_and_who_does_is_named(
    database_url: str, feed: Feed, tmp_path: Path
) -> None:
    server, ward = certificate(tmp_path, "hospital"), certificate(tmp_path, "ward-7")
    with Listening(database_url, mllp_tls_cert_file=server, mllp_tls_client_ca_file=ward) as listening_:
        with Sender(Receiving(*listening_.address, sending(server, ward, None))) as known:
            assert known.send(message(*ARRIVAL)).code == "AA"
        with (
            Sender(Receiving(*listening_.address, sending(server, None, None), patience=0)) as nobody,
            pytest.raises(Lost),
        ):
            nobody.send(message(*ARRIVAL))
    assert [row["source"] for row in feed.inbox()] == ["mllp 127.0.0.1 ward-7"]


def test_nobody_listens_in_plain_text_who_was_to_ask_for_certificates(
    database_url: str, tmp_path: Path
) -> None:
    with (
        pytest.raises(Unusable, match="JOURNEY_MLLP_TLS_CERT_FILE"),
        Listening(database_url, mllp_tls_client_ca_file=certificate(tmp_path, "ward-7")),
    ):
        raise AssertionError("it listens")


def test_a_file_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.pem"
    with pytest.raises(Unusable, match=r"wrong\.pem cannot be read"):
        listening(wrong, None, None)
    wrong.write_text("no certificate")
    with pytest.raises(Unusable, match=r"wrong\.pem and its key"):
        listening(wrong, None, None)
    with pytest.raises(Unusable, match=r"wrong\.pem holds no certificates"):
        listening(certificate(tmp_path, "right"), None, wrong)
    with pytest.raises(Unusable, match=r"wrong\.pem holds no certificates"):
        sending(wrong, None, None)
