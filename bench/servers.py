"""Server processes on this machine: started, watched for their CPU time, stopped."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 20
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Server:
    """A process that answers HTTP on a loopback port."""

    pid: int
    port: int

    def cpu_s(self) -> float:
        """Return user and system time of all threads of the process so far, in seconds (Linux only)."""
        # The name, which may hold blanks, ends with the last bracket; utime and stime are fields 14 and 15.
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S


@contextmanager
def served(module: Sequence[str], *, env: Mapping[str, str], log: Path, port: int) -> Iterator[Server]:
    """Run `python -m <module>` until the block ends; `/health` tells when it is there.

    :raises RuntimeError: it ended by itself, or did not answer within a minute; the message ends with its log
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *module], env=os.environ | dict(env), stdout=output, stderr=subprocess.STDOUT
        )
        try:
            _wait(process, port, log)
            yield Server(process.pid, port)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    give_up_at = time.monotonic() + START_TIMEOUT_S
    while process.poll() is None and time.monotonic() < give_up_at:
        if _is_healthy(port):
            return
        time.sleep(0.1)
    raise RuntimeError(f"the server did not start:\n{log.read_text(encoding='utf-8', errors='replace')[-4000:]}")


def _is_healthy(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
