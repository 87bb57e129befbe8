"""Files by the hash of their content: on local disk, in S3-compatible storage, or in memory."""

import os
import re
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Self

import obstore
from obstore.exceptions import AlreadyExistsError
from obstore.store import LocalStore, MemoryStore, ObjectStore, S3Store

from app.domain.errors import NotFound
from app.infra.app_state import from_state

_SUFFIX = re.compile(r"[a-z0-9]{1,8}")


class BlobMissing(NotFound):
    code = "BLOB_MISSING"


class BlobStore:
    """Write-once files. Keys look like `ab/cd/<sha256>.<suffix>`; the same bytes have the same key.

    A store may be used from many threads.
    """

    def __init__(self, store: ObjectStore, *, root: Path | None = None) -> None:
        self._store = store
        self._root = root

    @classmethod
    def local(cls, path: Path | str) -> Self:
        """Keep files below `path`, which is made if missing."""
        root = Path(path).resolve()
        return cls(LocalStore(root, mkdir=True), root=root)

    @classmethod
    def memory(cls) -> Self:
        return cls(MemoryStore())

    @classmethod
    def s3(
        cls,
        bucket: str,
        *,
        endpoint: str,
        key: str,
        secret: str,
        region: str = "us-east-1",
        is_virtual_host: bool = False,
    ) -> Self:
        """Keep files in an S3-compatible bucket.

        A service that refuses the key, the region or the bucket makes every method raise an error of the library,
        never `BlobMissing`; only `exists` cannot tell a missing bucket from a missing file.

        :param endpoint: URL of the service; with `is_virtual_host` it must name the bucket
        """
        store = S3Store(
            bucket,
            # The library lets AWS_… variables of the environment speak where an option is left open, and
            # AWS_ENDPOINT_URL_S3 even overrules `endpoint`: photos would go to another server.
            aws_endpoint_url_s3=endpoint,
            access_key_id=key,
            secret_access_key=secret,
            region=region,
            virtual_hosted_style_request=is_virtual_host,
            skip_signature=False,
            conditional_put="etag",
            disable_bulk_delete=True,  # not every service has it, and files are deleted one by one
            client_options={"timeout": "20s", "connect_timeout": "3s", "allow_http": endpoint.startswith("http://")},
            retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=20)},
        )
        return cls(store)

    def put(self, data: bytes, *, suffix: str) -> str:
        """Store `data` and return its key; what is already there stays. On local disk it survives a power cut.

        :param suffix: file extension without the dot, e.g. `jpg`
        :raises ValueError: the suffix is not 1 to 8 lower-case letters or digits
        """
        if not _SUFFIX.fullmatch(suffix):
            raise ValueError(f"not a file suffix: {suffix!r}")
        digest = sha256(data).hexdigest()
        key = f"{digest[:2]}/{digest[2:4]}/{digest}.{suffix}"
        try:
            obstore.put(self._store, key, data, mode="create")
        except AlreadyExistsError:
            # After a power cut a file can have its name but not its content; or it was deleted at this very moment.
            if self._size(key) != len(data):
                obstore.put(self._store, key, data, use_multipart=False)
        self._sync(key)
        return key

    def get(self, key: str) -> bytes:
        """Return the bytes behind `key`.

        :raises BlobMissing: nothing is stored under it
        """
        try:
            return obstore.get(self._store, key).bytes().to_bytes()
        except FileNotFoundError as error:
            _blame_bucket(error)
            raise BlobMissing from error

    def exists(self, key: str) -> bool:
        return self._size(key) is not None

    def delete(self, key: str) -> None:
        """Remove the bytes behind `key`; nothing happens when there are none."""
        try:
            obstore.delete(self._store, key)
        except FileNotFoundError as error:
            _blame_bucket(error)

    def _size(self, key: str) -> int | None:
        """Return the number of bytes behind `key`, None if nothing is stored under it."""
        try:
            return obstore.head(self._store, key)["size"]
        except FileNotFoundError:
            return None

    def _sync(self, key: str) -> None:
        """Force the file and the directories that lead to it to disk; the library writes and links but never syncs."""
        if self._root is None:
            return
        path = self._root / key
        for target in (path, path.parent, path.parent.parent, self._root):
            descriptor = os.open(target, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def _blame_bucket(error: FileNotFoundError) -> None:
    """Raise the error again if it is the bucket that is missing: that is a wrong setting, not a missing file."""
    if "<Code>NoSuchBucket</Code>" in str(error):
        raise error


BlobsDep = Annotated[BlobStore, from_state("blobs")]
"""The file store of the application: `request.app.state.blobs`."""
