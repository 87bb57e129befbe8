"""A program: OpenStack Swift as an S3 service on loopback, all four servers in one process, no root rights needed.

    python swift_server.py FOLDER

It writes one JSON line to standard output when it answers, `{"bucket", "endpoint", "key", "secret", "region"}`, and
ends when its standard input, a pipe, is closed, so it never outlives the tests. Signatures (AWS Signature Version 4)
are verified by Swift's `s3api` and `tempauth`. Objects are kept by Swift's own in-memory object server, for which the
file system needs no extended attributes; accounts and containers are SQLite files in FOLDER, which must be empty.
"""

import json
import secrets
import socket
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import eventlet
from eventlet import hubs, wsgi

BUCKET = "photos"
REGION = "cn-north-1"
STORAGE = {"account": "account", "container": "container", "object": "mem_object"}
"""The storage servers and the Swift programs that run them."""

COMMON = """
[DEFAULT]
swift_dir = {folder}
devices = {folder}/devices
mount_check = false
log_level = WARNING
log_udp_host = 127.0.0.1
log_udp_port = 9
"""
"""Settings of every server; port 9 discards what would go to the system's log."""

PROXY = """
[pipeline:main]
pipeline = catch_errors s3api tempauth proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:s3api]
use = egg:swift#s3api
location = {region}
[filter:tempauth]
use = egg:swift#tempauth
user_city_photos = {secret} .admin
"""

App = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def main() -> None:
    """Start the servers, tell where they are and serve until standard input ends."""
    folder = Path(sys.argv[1])
    sockets = {name: eventlet.listen(("127.0.0.1", 0), reuse_port=False) for name in ("proxy", *STORAGE)}
    secret = secrets.token_hex(20)
    configure(folder, sockets, secret=secret)
    apps = load(folder)
    for name, app in apps.items():
        eventlet.spawn(wsgi.server, sockets[name], app, log_output=False)
    make_bucket(apps["proxy"])
    host, port = sockets["proxy"].getsockname()
    found_at = {"bucket": BUCKET, "endpoint": f"http://{host}:{port}", "region": REGION}
    sys.stdout.write(json.dumps(found_at | {"key": "city:photos", "secret": secret}) + "\n")
    sys.stdout.flush()
    hubs.trampoline(sys.stdin.fileno(), read=True)


def configure(folder: Path, sockets: dict[str, socket.socket], *, secret: str) -> None:
    """Write what the servers read: their settings, and a ring of one device for each kind of storage."""
    from swift.common.ring import RingBuilder  # noqa: PLC0415 - after the monkey patch

    (folder / "devices" / "disk").mkdir(parents=True)
    (folder / "swift.conf").write_text("[swift-hash]\nswift_hash_path_suffix = tests\n")
    (folder / "proxy.conf").write_text(COMMON.format(folder=folder) + PROXY.format(region=REGION, secret=secret))
    for name, program in STORAGE.items():
        (folder / f"{name}.conf").write_text(COMMON.format(folder=folder) + f"[app:main]\nuse = egg:swift#{program}\n")
        host, port = sockets[name].getsockname()
        ring = RingBuilder(part_power=1, replicas=1, min_part_hours=0)
        ring.add_dev({"id": 0, "region": 1, "zone": 1, "ip": host, "port": port, "device": "disk", "weight": 1})
        ring.rebalance()
        ring.get_ring().save(str(folder / f"{name}.ring.gz"))


def load(folder: Path) -> dict[str, App]:
    """Return the four servers, ready to answer; what they complain of goes to standard error."""
    from swift.common.storage_policy import reload_storage_policies  # noqa: PLC0415 - after eventlet has patched
    from swift.common.utils import get_logger, set_swift_dir  # noqa: PLC0415 - after eventlet has patched
    from swift.common.wsgi import loadapp  # noqa: PLC0415 - after eventlet has patched

    get_logger({}, log_to_console=True)  # from here on every Swift logger writes there too
    set_swift_dir(str(folder))
    reload_storage_policies()
    apps: dict[str, App] = {name: loadapp(str(folder / f"{name}.conf")) for name in ("proxy", *STORAGE)}
    apps["proxy"] = without_bulk_deletion(apps["proxy"])
    return apps


def without_bulk_deletion(app: App) -> App:
    """Refuse to delete many files with one request: not every S3-compatible service does it, and ours need not."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "POST" and environ["QUERY_STRING"].startswith("delete"):
            start_response("501 Not Implemented", [("Content-Length", "0")])
            return [b""]
        return app(environ, start_response)

    return answer


def make_bucket(proxy: App) -> None:
    """Make the bucket from inside, where no signature is asked for: the store under test makes none."""
    from swift.common.swob import Request  # noqa: PLC0415 - after eventlet has patched

    inside = {"REQUEST_METHOD": "PUT", "swift.authorize_override": True}
    response = Request.blank(f"/v1/AUTH_city/{BUCKET}", environ=inside).get_response(proxy)
    if not response.is_success:
        sys.exit(f"no bucket: {response.status}")


if __name__ == "__main__":
    eventlet.monkey_patch()
    main()
