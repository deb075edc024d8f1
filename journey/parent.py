"""Parent: a process that another one began ends with it."""

import os
import signal
from multiprocessing import connection, parent_process
from threading import Thread


def end_with_the_parent() -> None:
    """One whose parent was killed stops by itself, as if told to: it would go on, and nobody knew."""
    parent = parent_process()
    if parent is None:
        return

    def watch() -> None:
        connection.wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)

    Thread(target=watch, name="parent-watch", daemon=True).start()
