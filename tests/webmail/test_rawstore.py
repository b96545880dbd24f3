"""Raw bytes are kept once, whole, and as long as a row refers to them."""

from __future__ import annotations

import hashlib
import os
from datetime import timedelta
from pathlib import Path
from threading import Thread

import pytest
from django.core.files.storage import InMemoryStorage, storages

from tests.factories.webmail import MailboxFactory, OutgoingMessageFactory, received
from webmail import rawstore


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, settings) -> Path:
    raw = settings.STORAGES["raw"] | {"OPTIONS": {"location": str(tmp_path)}}
    settings.STORAGES = settings.STORAGES | {"raw": raw}
    return tmp_path


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_bytes_come_back_as_they_were(own_folder: Path) -> None:
    raw = b"Subject: x\r\n\r\n" + b"mail " * 10000
    digest = rawstore.put(raw)
    assert digest == hashlib.sha256(raw).hexdigest()
    assert rawstore.read(digest) == raw
    with rawstore.open(digest) as stream:
        assert stream.read(10) == raw[:10]
    (file,) = files(own_folder)
    assert file.stat().st_size < len(raw)


def test_the_same_bytes_are_kept_once_whoever_keeps_them_at_the_same_time(own_folder: Path) -> None:
    threads = [Thread(target=rawstore.put, args=(b"same" * 1000,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert rawstore.put(b"same" * 1000, durable=True)
    assert len(files(own_folder)) == 1


def test_what_is_not_there_is_said() -> None:
    assert rawstore.exists("0" * 64) is False
    with pytest.raises(rawstore.RawMissingError):
        rawstore.read("0" * 64)


@pytest.mark.django_db
def test_only_old_bytes_without_a_row_are_collected(own_folder: Path) -> None:
    kept = received(MailboxFactory(), b"Subject: kept\r\n\r\n").digest
    sent = OutgoingMessageFactory(digest=rawstore.put(b"sent")).digest
    old, young = rawstore.put(b"old"), rawstore.put(b"young")
    unfinished = own_folder / "writing-abc"
    unfinished.write_bytes(b"half")
    week = (own_folder / "x").stat().st_mtime if (own_folder / "x").exists() else 1_000_000_000
    for path in files(own_folder):
        if young not in path.name:
            os.utime(path, (week, week))
    assert rawstore.collect(grace=timedelta(days=2)) == 2
    assert [rawstore.exists(digest) for digest in (kept, sent, old, young)] == [
        True,
        True,
        False,
        True,
    ]
    assert not unfinished.exists()


@pytest.mark.django_db
def test_a_file_moved_into_place_while_collecting_does_not_end_it(own_folder: Path) -> None:
    digest = rawstore.put(b"nobody needs this")
    os.utime(own_folder / digest[:2] / digest[2:4] / f"{digest}.gz", (0, 0))
    (own_folder / "writing-moved").symlink_to(
        own_folder / "elsewhere"
    )  # listed, and then not there
    assert rawstore.collect() == 1


@pytest.mark.django_db
def test_bytes_kept_again_are_young_again(own_folder: Path) -> None:
    digest = rawstore.put(b"again")
    (file,) = files(own_folder)
    os.utime(file, (1_000_000_000, 1_000_000_000))
    rawstore.put(b"again")
    assert rawstore.collect() == 0 and rawstore.exists(digest)


@pytest.mark.django_db
def test_a_storage_without_files_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(storages._storages, "raw", InMemoryStorage())
    digest = rawstore.put(b"object")
    assert rawstore.put(b"object") == digest
    assert rawstore.read(digest) == b"object"
    assert rawstore.collect(grace=timedelta(seconds=-1)) == 1
    assert not rawstore.exists(digest)
