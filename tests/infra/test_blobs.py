"""Files are kept under the hash of their content, once."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import pytest

from app.infra.blobs import BlobMissing, BlobStore


@pytest.fixture(params=["local", "memory"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    return BlobStore.local(tmp_path / "new" / "blobs") if request.param == "local" else BlobStore.memory()


def test_a_key_is_made_of_the_hash(blobs: BlobStore) -> None:
    digest = sha256(b"photo").hexdigest()
    assert blobs.put(b"photo", suffix="jpg") == f"{digest[:2]}/{digest[2:4]}/{digest}.jpg"


def test_what_is_put_can_be_got(blobs: BlobStore) -> None:
    photo = os.urandom(300_000)
    key = blobs.put(photo, suffix="jpg")
    assert blobs.get(key) == photo
    assert blobs.exists(key)


def test_the_same_bytes_are_stored_once(blobs: BlobStore) -> None:
    assert blobs.put(b"photo", suffix="jpg") == blobs.put(b"photo", suffix="jpg")
    assert blobs.get(blobs.put(b"photo", suffix="jpg")) == b"photo"


def test_many_threads_may_put_the_same_bytes(blobs: BlobStore) -> None:
    photo = os.urandom(100_000)
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: blobs.put(photo, suffix="jpg"), range(32)))
    assert [blobs.get(key) for key in keys] == [photo]


def test_a_missing_file_is_said_to_be_missing(blobs: BlobStore) -> None:
    with pytest.raises(BlobMissing):
        blobs.get("ab/cd/nothing.jpg")
    assert not blobs.exists("ab/cd/nothing.jpg")


def test_deleting_may_be_repeated(blobs: BlobStore) -> None:
    key = blobs.put(b"photo", suffix="jpg")
    blobs.delete(key)
    blobs.delete(key)
    assert not blobs.exists(key)


@pytest.mark.parametrize("suffix", ["", "JPG", "../x", ".jpg", "a" * 9])
def test_a_suffix_is_a_plain_word(blobs: BlobStore, suffix: str) -> None:
    with pytest.raises(ValueError, match="not a file suffix"):
        blobs.put(b"photo", suffix=suffix)


def test_a_file_that_lost_its_content_is_written_again(tmp_path: Path) -> None:
    blobs = BlobStore.local(tmp_path)
    key = blobs.put(b"photo", suffix="jpg")
    (tmp_path / key).write_bytes(b"")  # as after a power cut
    assert blobs.put(b"photo", suffix="jpg") == key
    assert blobs.get(key) == b"photo"


def test_a_killed_process_leaves_no_half_file(tmp_path: Path) -> None:
    program = (
        "import os, sys; from app.infra.blobs import BlobStore\n"
        "blobs = BlobStore.local(sys.argv[1])\n"
        "print('ready', flush=True)\n"
        "while True: blobs.put(os.urandom(8) * 500_000, suffix='jpg')\n"
    )
    with subprocess.Popen([sys.executable, "-c", program, tmp_path], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(0.3)
        child.send_signal(signal.SIGKILL)
    files = [path for path in tmp_path.rglob("*.jpg") if path.is_file()]
    assert files
    assert all(path.stem == sha256(path.read_bytes()).hexdigest() for path in files)


def test_s3_takes_an_endpoint_without_calling_it() -> None:
    BlobStore.s3("photos", endpoint="http://127.0.0.1:1", key="k", secret="s", region="cn-north-1")
