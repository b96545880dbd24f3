"""Raw mail by the SHA-256 digest of its bytes: the one door to stored message content.

Files lie compressed (gzip) in the storage named ``raw``; the same bytes are kept once, whoever owns the rows that
refer to them. A file is written before the row that needs it is committed, so a row never points at nothing;
a file whose row was never committed is found by ``collect()`` once it is older than the grace time.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, cast

from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage, Storage, storages
from django.utils import timezone

COMPRESSION_LEVEL = 3
GRACE = timedelta(days=2)
_NAME = re.compile(r"^[0-9a-f]{64}\.gz$")
_BATCH = 500


class RawMissingError(Exception):
    """No bytes are stored under this digest."""


class _Finished(File):  # type: ignore[type-arg]  # generic for the type checker only
    """A file that is written completely; file storage moves it into place instead of copying it."""

    def temporary_file_path(self) -> str:
        return str(self.name)


def _storage() -> Storage:
    return storages["raw"]


def _path(digest: str) -> str:
    return f"{digest[:2]}/{digest[2:4]}/{digest}.gz"


def put(raw: bytes, *, durable: bool = False) -> str:
    """Keep ``raw`` and return its digest. Keeping the same bytes again changes nothing.

    ``durable`` waits until the bytes are on the disk: for what exists nowhere else, such as a message to send.
    """
    digest = hashlib.sha256(raw).hexdigest()
    storage, path = _storage(), _path(digest)
    if not _is_kept_fresh(storage, path):
        _write(storage, path, gzip.compress(raw, COMPRESSION_LEVEL, mtime=0), durable)
    return digest


def open(digest: str) -> BinaryIO:
    """Open the bytes of ``digest`` as a stream; raise RawMissingError when they are not there."""
    try:
        return cast(BinaryIO, gzip.GzipFile(fileobj=_storage().open(_path(digest), "rb")))
    except FileNotFoundError:
        raise RawMissingError(f"No raw message is stored under {digest}.") from None


def read(digest: str) -> bytes:
    """Return all bytes of ``digest``; raise RawMissingError when they are not there."""
    with open(digest) as stream:
        return stream.read()


def exists(digest: str) -> bool:
    """Whether bytes are stored under ``digest``."""
    return bool(digest) and _storage().exists(_path(digest))


def collect(*, grace: timedelta = GRACE, now: datetime | None = None) -> int:
    """Delete what no row refers to and what is older than ``grace``; return how many files went.

    Younger files may belong to a transaction that is still open.
    """
    limit = (now or timezone.now()) - grace
    storage = _storage()
    deleted = 0
    candidates: list[str] = []
    for path in _files(storage, ""):
        candidates.append(path)
        if len(candidates) == _BATCH:
            deleted += _collect_batch(storage, candidates, limit)
            candidates = []
    return deleted + _collect_batch(storage, candidates, limit)


def _is_kept_fresh(storage: Storage, path: str) -> bool:
    """Whether the file is there; its age is set back, so that ``collect()`` does not take it before our commit."""
    if not storage.exists(path):
        return False
    if not isinstance(storage, FileSystemStorage):  # object storage: writing again renews the age
        return storage.get_modified_time(path) > timezone.now() - GRACE / 2
    try:
        os.utime(storage.path(path))
    except FileNotFoundError:
        return False
    return True


def _write(storage: Storage, path: str, content: bytes, durable: bool) -> None:
    saved = storage.save(path, _finished_file(storage, content, durable))
    if saved != path:  # somebody kept the same bytes in the same moment
        storage.delete(saved)


def _finished_file(storage: Storage, content: bytes, durable: bool) -> File[bytes]:
    if not isinstance(storage, FileSystemStorage):
        return ContentFile(content)
    root = Path(storage.path(""))
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=root, prefix="writing-", delete=False) as file:
        file.write(content)
        if durable:
            file.flush()
            os.fsync(file.fileno())
    return _Finished(file.file, name=file.name)


def _files(storage: Storage, folder: str) -> Iterator[str]:
    try:
        folders, files = storage.listdir(folder)
    except FileNotFoundError:
        return
    for name in files:
        if _NAME.match(name) or name.startswith("writing-"):
            yield f"{folder}/{name}" if folder else name
    for name in folders:
        yield from _files(storage, f"{folder}/{name}" if folder else name)


def _collect_batch(storage: Storage, paths: Iterable[str], limit: datetime) -> int:
    old = [path for path in paths if _is_older(storage, path, limit)]
    referred = _referred({path.rsplit("/", 1)[-1].removesuffix(".gz") for path in old})
    deleted = 0
    for path in old:
        digest = path.rsplit("/", 1)[-1].removesuffix(".gz")
        # The age is asked again: put() may have found the file while we were asking the database.
        if digest not in referred and _is_older(storage, path, limit):
            storage.delete(path)
            deleted += 1
    return deleted


def _is_older(storage: Storage, path: str, limit: datetime) -> bool:
    """Whether the file is that old. One that was moved into place since it was listed is young."""
    try:
        return storage.get_modified_time(path) <= limit
    except FileNotFoundError:
        return False


def _referred(digests: set[str]) -> set[str]:
    """The digests that some row still needs."""
    from webmail.models import Message, OutgoingAttachment, OutgoingMessage

    found: set[str] = set()
    for model in (Message, OutgoingMessage, OutgoingAttachment):
        found.update(
            model._base_manager.filter(digest__in=digests).values_list("digest", flat=True)
        )
    return found
