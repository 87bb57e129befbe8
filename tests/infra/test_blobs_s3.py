"""Files in a real S3 service that verifies signatures: OpenStack Swift, started by `swift_server.py`."""

import json
import os
import re
import select
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TypedDict

import obstore
import pytest
from obstore.exceptions import BaseError, PermissionDeniedError
from pydantic import SecretStr

from app.identity.models import UserAccount
from app.infra.blobs import BlobMissing, BlobStore
from app.infra.database import Database
from app.main import create_blobs
from app.media.budget import PhotoBudget
from app.media.models import PhotoKind
from app.media.upload import upload_photo
from app.settings import Settings
from tests.media.pictures import a_jpeg, decoded

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="OpenStack Swift runs on Linux only")

START_SECONDS = 30
STOP_SECONDS = 10
LARGE = 9_000_000
"""Bytes of a photo near the allowed maximum; above 5 MB the library would split an upload by itself."""


class Service(TypedDict):
    """Where the service is and who may use it: the arguments of `BlobStore.s3`."""

    bucket: str
    endpoint: str
    key: str
    secret: str
    region: str


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("swift")
    with pytest.MonkeyPatch.context() as patch, _running(folder) as found:
        patch.setenv("NO_PROXY", "127.0.0.1")
        yield found


@contextmanager
def _running(folder: Path) -> Iterator[Service]:
    """Run Swift with its files in `folder`; it is given `START_SECONDS` to answer and `STOP_SECONDS` to end."""
    program = str(Path(__file__).with_name("swift_server.py"))
    command = [sys.executable, "-I", "-W", "ignore", program, str(folder)]
    log = folder / "swift.log"
    with (
        log.open("wb") as errors,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            ready, _, _ = select.select([process.stdout], [], [], START_SECONDS)
            line = process.stdout.readline() if ready else b""
            assert line, f"Swift did not start: {log.read_text()}"
            yield json.loads(line)
            process.stdin.close()
            assert process.wait(STOP_SECONDS) == 0, log.read_text()
        finally:
            process.kill()


@pytest.fixture
def blobs(service: Service) -> BlobStore:
    return BlobStore.s3(**service)


def test_a_photo_comes_back_as_it_was(blobs: BlobStore) -> None:
    photo = os.urandom(300_000)
    key = blobs.put(photo, suffix="jpg")
    assert blobs.get(key) == photo
    assert blobs.exists(key)


def test_a_photo_of_the_largest_size_comes_back_as_it_was(blobs: BlobStore) -> None:
    photo = os.urandom(LARGE)
    assert blobs.get(blobs.put(photo, suffix="jpg")) == photo


def test_the_same_bytes_are_one_file_with_a_plain_key(blobs: BlobStore) -> None:
    photo = os.urandom(1000)
    key = blobs.put(photo, suffix="jpg")
    assert blobs.put(photo, suffix="jpg") == key
    assert re.fullmatch(r"[0-9a-f]{2}/[0-9a-f]{2}/[0-9a-f]{64}\.jpg", key, re.ASCII)
    assert sha256(photo).hexdigest() in key
    assert key in _keys(blobs)
    assert sum(sha256(photo).hexdigest() in other for other in _keys(blobs)) == 1


def test_many_threads_may_put_the_same_bytes(blobs: BlobStore) -> None:
    photo = os.urandom(50_000)
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: blobs.put(photo, suffix="jpg"), range(16)))
    assert [blobs.get(key) for key in keys] == [photo]


def test_what_is_there_is_not_written_again(blobs: BlobStore) -> None:
    photo = os.urandom(1000)
    key = blobs.put(photo, suffix="jpg")
    same_size = bytes(1000)
    obstore.put(blobs._store, key, same_size)
    blobs.put(photo, suffix="jpg")
    assert blobs.get(key) == same_size


def test_a_cut_off_file_is_written_again_in_one_piece(blobs: BlobStore) -> None:
    photo = os.urandom(LARGE)
    key = blobs.put(photo, suffix="jpg")
    obstore.put(blobs._store, key, photo[:1000])
    assert blobs.put(photo, suffix="jpg") == key
    assert blobs.get(key) == photo


def test_a_missing_file_is_said_to_be_missing(blobs: BlobStore) -> None:
    with pytest.raises(BlobMissing):
        blobs.get("ab/cd/nothing.jpg")
    assert not blobs.exists("ab/cd/nothing.jpg")


def test_deleting_may_be_repeated(blobs: BlobStore) -> None:
    key, other = (blobs.put(os.urandom(1000), suffix="jpg") for _ in range(2))
    blobs.delete(key)
    blobs.delete(key)
    assert not blobs.exists(key)
    assert blobs.exists(other)
    with pytest.raises(BlobMissing):
        blobs.get(key)


USES: dict[str, Callable[[BlobStore, str], object]] = {
    "put": lambda blobs, _: blobs.put(b"photo", suffix="jpg"),
    "get": lambda blobs, key: blobs.get(key),
    "exists": lambda blobs, key: blobs.exists(key),
    "delete": lambda blobs, key: blobs.delete(key),
}


@pytest.mark.parametrize("use", USES)
def test_a_wrong_secret_is_refused_by_the_service(service: Service, blobs: BlobStore, use: str) -> None:
    key = blobs.put(os.urandom(1000), suffix="jpg")
    intruder = BlobStore.s3(**service | {"secret": service["secret"][:-1] + "x"})
    # The answer to "exists" has no body that could name the reason.
    reason = "403 Forbidden" if use == "exists" else "SignatureDoesNotMatch"
    with pytest.raises(PermissionDeniedError, match=reason):
        USES[use](intruder, key)
    assert blobs.exists(key)


@pytest.mark.parametrize("use", USES)
def test_a_wrong_region_is_refused_by_the_service(service: Service, blobs: BlobStore, use: str) -> None:
    key = blobs.put(os.urandom(1000), suffix="jpg")
    with pytest.raises(BaseError, match="400 Bad Request"):
        USES[use](BlobStore.s3(**service | {"region": "us-east-1"}), key)


@pytest.mark.parametrize("use", ["put", "get", "delete"])
def test_a_missing_bucket_is_no_missing_file(service: Service, use: str) -> None:
    with pytest.raises(FileNotFoundError, match="NoSuchBucket"):
        USES[use](BlobStore.s3(**service | {"bucket": "mistyped"}), "ab/cd/nothing.jpg")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
        ("AWS_BUCKET", "elsewhere"),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_SECRET_ACCESS_KEY", "other"),
        ("AWS_SKIP_SIGNATURE", "true"),
        ("AWS_CONDITIONAL_PUT", "disabled"),
        ("AWS_VIRTUAL_HOSTED_STYLE_REQUEST", "true"),
    ],
)
def test_the_environment_of_other_programs_changes_nothing(
    service: Service, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    blobs = BlobStore.s3(**service)
    assert blobs.get(blobs.put(b"photo", suffix="jpg")) == b"photo"


def test_the_settings_reach_the_service(service: Service, blobs: BlobStore) -> None:
    settings = Settings(
        s3_bucket=service["bucket"],
        s3_endpoint=service["endpoint"],
        s3_region=service["region"],
        s3_access_key_id=service["key"],
        s3_secret_access_key=SecretStr(service["secret"]),
    )
    photo = os.urandom(1000)
    assert blobs.get(create_blobs(settings).put(photo, suffix="jpg")) == photo


def test_an_uploaded_photo_is_kept_with_its_renderings(database: Database, blobs: BlobStore, now: datetime) -> None:
    with database.transaction() as session:
        owner = UserAccount(display_name="某人", roles=[], created_at=now)
        session.add(owner)
        session.flush()
        assert owner.id is not None
        owner_id = owner.id
    original = a_jpeg(2000, 1500)
    photo = upload_photo(
        database,
        blobs,
        original,
        owner_id=owner_id,
        kind=PhotoKind.NEAR,
        client_id=None,
        budget=PhotoBudget(),
        now=now,
    )
    assert blobs.get(photo.original_key) == original
    assert photo.large_key
    assert photo.small_key
    assert decoded(blobs.get(photo.large_key)).size == (1600, 1200)
    assert decoded(blobs.get(photo.small_key)).size == (320, 240)


def _keys(blobs: BlobStore) -> list[str]:
    """Return the keys of all files as the service lists them."""
    return [file["path"] for file in obstore.list(blobs._store).collect()]
