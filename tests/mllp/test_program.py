"""`journey listen mllp` and `journey send mllp`: processes of their own, one talking to the other."""

import json
import re
import signal
import socket
import urllib.request
from pathlib import Path

from tests.cli.conftest import Program
from tests.ingest.hl7v2.feeding import Feed
from tests.ingest.hl7v2.written import PID, message
from tests.mllp.conversing import talk, told
from tests.mllp.test_listener import arrival
from tests.mllp.test_tls import certificate
from tests.processes import Started


def listening_on(process: Started) -> int:
    """The port, as soon as it says so."""
    assert process.stderr
    heard = []
    for line in process.stderr:
        heard.append(line)
        if found := re.search(r'"port": (\d+).*"event": "listening"', line):
            return int(found[1])
    raise AssertionError(f"it never listened: {heard}")


def test_listening_and_sending_over_tls_until_told_to_stop(program: Program, feed: Feed) -> None:
    pem = str(certificate(program.folder, "hospital"))
    with socket.create_server(("127.0.0.1", 0)) as free:
        figures = free.getsockname()[1]
    listener = program.having(JOURNEY_MLLP_METRICS_PORT=str(figures)).start(
        "listen", "mllp", "--port", "0", "--tls-cert", pem
    )
    port = listening_on(listener)
    file = program.folder / "some.hl7"
    file.write_bytes(b"\r".join((arrival("P1"), arrival("P2"), message("ADT^Z99", PID))))
    done = program.run("send", "mllp", "--port", str(port), "--tls-ca", pem, "--json", str(file))
    assert done.returncode == 1
    said = json.loads(done.stdout)
    assert (said["messages"], said["codes"]) == (3, {"AA": 2, "AR": 1})
    refused, why = done.stderr.splitlines()
    assert "some.hl7 #3: AR Kept, not applied; do not send it again." in refused
    assert why == "Error: 1 were refused; each is named above with the reason."
    with urllib.request.urlopen(f"http://127.0.0.1:{figures}/metrics") as page:
        assert b'journey_mllp_messages_total{status="applied"} 2.0' in page.read()
    assert sorted(row["status"] for row in feed.inbox()) == ["applied", "applied", "parked"]
    listener.send_signal(signal.SIGTERM)
    assert listener.wait(30) == 0


def test_ctrl_c_ends_it_with_connections_open(program: Program) -> None:
    listener = program.start("listen", "mllp", "--port", "0")
    with talk(("127.0.0.1", listening_on(listener))) as one:
        assert told(one.ask(arrival("S1", "S1"))) == ("AA", "S1")
        listener.send_signal(signal.SIGINT)
        assert one.is_over()
    assert listener.wait(30) == 0


def test_what_is_in_the_way_is_one_sentence(program: Program, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        commands = [
            ("listen", "mllp", "--port", port),
            ("listen", "mllp", "--port", "0", "--tls-cert", str(tmp_path / "none.pem")),
        ]
        busy, no_file = program.all(commands)
    nobody = program.run("send", "mllp", "--port", port, "--patience", "0", "-")
    assert nobody.returncode == 0, "nothing was given to send"
    assert (busy.returncode, no_file.returncode) == (1, 1)
    assert busy.stderr.endswith(
        f"Error: Port {port} is taken. Choose another with --port or JOURNEY_MLLP_PORT.\n"
    )
    assert no_file.stderr.endswith("none.pem cannot be read: No such file or directory.\n")
