"""Everything the three authorization servers remember, in one SQLite file."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS grants (
    family TEXT PRIMARY KEY, realm TEXT, client_id TEXT, address TEXT, scope TEXT,
    is_public INTEGER DEFAULT 0, is_revoked INTEGER DEFAULT 0, started_at REAL);
CREATE TABLE IF NOT EXISTS refresh_tokens (
    token TEXT PRIMARY KEY, family TEXT, issued_at REAL, rotated_at REAL);
CREATE TABLE IF NOT EXISTS access_tokens (
    token TEXT PRIMARY KEY, family TEXT, scope TEXT, issued_at REAL, expires_at REAL,
    is_revoked INTEGER DEFAULT 0);
CREATE TABLE IF NOT EXISTS codes (
    code TEXT PRIMARY KEY, realm TEXT, client_id TEXT, redirect_uri TEXT, address TEXT, scope TEXT,
    nonce TEXT, code_challenge TEXT, code_challenge_method TEXT, is_offline INTEGER,
    issued_at REAL, family TEXT);
CREATE TABLE IF NOT EXISTS devices (
    device_code TEXT PRIMARY KEY, user_code TEXT UNIQUE, realm TEXT, client_id TEXT, scope TEXT,
    expires_at REAL, interval INTEGER, address TEXT, is_approved INTEGER, polled_at REAL,
    family TEXT);
CREATE TABLE IF NOT EXISTS consents (
    realm TEXT, client_id TEXT, address TEXT, scope TEXT, PRIMARY KEY (realm, client_id, address));
CREATE INDEX IF NOT EXISTS refresh_by_family ON refresh_tokens (family);
CREATE INDEX IF NOT EXISTS access_by_family ON access_tokens (family);
"""


class Store:
    """Rows go in and out as plain dictionaries. Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        path.touch(mode=0o600)
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._database.row_factory = sqlite3.Row
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.executescript(_SCHEMA)

    def close(self) -> None:
        with self._lock:
            self._database.close()

    @contextmanager
    def exclusively(self) -> Iterator[None]:
        """Holds the store for one thread, so that reading and then writing is one step."""
        with self._lock:
            yield

    def one(self, query: str, *values: Any) -> dict[str, Any] | None:
        with self._lock:
            row = self._database.execute(query, values).fetchone()
        return dict(row) if row else None

    def all(self, query: str, *values: Any) -> list[dict[str, Any]]:
        with self._lock:
            return [dict(row) for row in self._database.execute(query, values).fetchall()]

    def change(self, query: str, *values: Any) -> int:
        """Runs one statement that writes; the number of rows it touched."""
        with self._lock:
            return self._database.execute(query, values).rowcount

    def insert(self, table: str, **values: Any) -> None:
        columns, marks = ", ".join(values), ", ".join("?" * len(values))
        self.change(f"INSERT INTO {table} ({columns}) VALUES ({marks})", *values.values())

    # -- tokens --------------------------------------------------------------------------------

    def access_token(self, token: str) -> dict[str, Any] | None:
        """The live access token with its grant's realm, client and address, or None."""
        return self.one(
            "SELECT a.*, g.realm, g.client_id, g.address FROM access_tokens a "
            "JOIN grants g ON g.family = a.family "
            "WHERE a.token = ? AND NOT a.is_revoked AND NOT g.is_revoked AND a.expires_at > ?",
            token,
            time.time(),
        )

    def refresh_token(self, token: str) -> dict[str, Any] | None:
        """The refresh token with its grant, whatever its state, or None."""
        return self.one(
            "SELECT r.*, g.realm, g.client_id, g.address, g.scope, g.is_public, g.is_revoked "
            "FROM refresh_tokens r JOIN grants g ON g.family = r.family WHERE r.token = ?",
            token,
        )

    def revoke_family(self, family: str) -> None:
        self.change("UPDATE grants SET is_revoked = 1 WHERE family = ?", family)

    def revoke_address(self, realm: str, address: str) -> int:
        """Ends every grant of one mailbox at one server; the number that was still alive."""
        return self.change(
            "UPDATE grants SET is_revoked = 1 WHERE realm = ? AND address = ? AND NOT is_revoked",
            realm,
            address,
        )

    def expire_access_tokens(self, realm: str, address: str) -> int:
        """Lets every access token of one mailbox be over since a second ago."""
        return self.change(
            "UPDATE access_tokens SET expires_at = ? WHERE expires_at > ? AND family IN "
            "(SELECT family FROM grants WHERE realm = ? AND address = ?)",
            time.time() - 1,
            time.time(),
            realm,
            address,
        )

    def consented_scopes(self, realm: str, client_id: str, address: str) -> set[str]:
        row = self.one(
            "SELECT scope FROM consents WHERE realm = ? AND client_id = ? AND address = ?",
            realm,
            client_id,
            address,
        )
        return set(row["scope"].split()) if row else set()

    def consent(self, realm: str, client_id: str, address: str, scope: str) -> None:
        """Adds scopes to what a person has agreed to for a client."""
        with self.exclusively():
            agreed = self.consented_scopes(realm, client_id, address) | set(scope.split())
            self.change(
                "INSERT OR REPLACE INTO consents VALUES (?, ?, ?, ?)",
                realm,
                client_id,
                address,
                " ".join(sorted(agreed)),
            )

    def forget_consent(self, realm: str, address: str) -> None:
        self.change("DELETE FROM consents WHERE realm = ? AND address = ?", realm, address)
