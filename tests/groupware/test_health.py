"""Liveness and readiness."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.utils import translation

from groupware import checks, encryption, health


@pytest.fixture
def no_redis(settings) -> None:
    """Settings that name a port where nothing listens."""
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        }
    }


def test_a_process_is_alive_without_a_database(client):
    answer = client.get("/livez", headers={"Host": "10.0.0.1"})
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


def test_an_installation_that_can_work_is_ready(client, db):
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert set(answer.json()["checks"].values()) == {"ok"}


def test_the_probe_leaves_nothing_behind(client, db):
    from django.contrib.sessions.models import Session

    client.get("/readyz")
    assert not Session.objects.exists()


def test_without_redis_it_is_alive_but_not_ready(client, db, no_redis):
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["redis"] == "failed"
    assert answer.json()["checks"]["database"] == "ok"
    assert client.get("/livez").status_code == 200


def test_without_a_readable_key_it_is_not_ready(client, db, settings):
    settings.ENCRYPTION_KEYS = "k1:short"
    with pytest.raises(ImproperlyConfigured):
        encryption.key_ring()
    assert client.get("/readyz").json()["checks"]["encryption_key"] == "failed"
    assert [message.id for message in checks.encryption_keys(None)] == ["groupware.E001"]


def test_a_migration_that_is_missing_makes_it_not_ready(client, db, monkeypatch):
    from django.db.migrations.recorder import MigrationRecorder

    monkeypatch.setattr(health, "_migrations_are_applied", False)
    MigrationRecorder.Migration.objects.filter(app="audit").delete()
    assert client.get("/readyz").json()["checks"]["migrations"] == "not applied"


def test_administrators_read_words_and_not_the_names_of_checks(client, db, settings):
    settings.ENCRYPTION_KEYS = "k1:short"
    told = {line.name: line for line in health.details()}
    assert told["Database"].is_healthy and not told["Database"].detail
    assert told["Encryption keys"].detail.startswith("Does not answer or cannot be read.")
    assert not set(health.CHECKS) & set(told)
    with translation.override("ja"):
        assert not set(told) & {line.name for line in health.details()}


def test_without_redis_nobody_is_signed_in_unlimited(client, bernard, no_redis):
    answer = client.post("/accounts/login/", {"login": "bernard", "password": "wrong"})
    assert answer.status_code == 503
    assert answer["Retry-After"] == "30"


def test_without_redis_pages_still_open(as_bernard, no_redis):
    assert as_bernard.get("/settings/").status_code == 200


def test_production_refuses_what_development_allows(settings):
    settings.DEVELOPMENT = True
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    assert "groupware.E002" in [message.id for message in checks.key_material(None)]
    assert [message.id for message in checks.shared_cache(None)] == ["groupware.E007"]


def test_a_policy_with_inline_scripts_is_refused(settings):
    policy = {
        "DIRECTIVES": {
            **settings.CONTENT_SECURITY_POLICY["DIRECTIVES"],
            "script-src": ["'unsafe-inline'"],
        }
    }
    assert checks.content_security_policy(None) == []
    settings.CONTENT_SECURITY_POLICY = policy
    assert [message.id for message in checks.content_security_policy(None)] == ["groupware.E006"]


def test_a_key_file_that_others_can_read_is_named(settings, tmp_path, monkeypatch):
    file = tmp_path / "keys"
    file.write_text("k1:x")
    monkeypatch.setenv("GROUPWARE_ENCRYPTION_KEYS_FILE", str(file))
    settings.DEVELOPMENT = False
    file.chmod(0o644)
    assert "groupware.W004" in [message.id for message in checks.key_material(None)]
    file.chmod(0o600)
    assert "groupware.W004" not in [message.id for message in checks.key_material(None)]


def test_a_task_may_not_outlive_the_visibility_of_its_message(settings):
    assert checks.tasks(None) == []
    settings.CELERY = {**settings.CELERY, "task_time_limit": 3600}
    assert [message.id for message in checks.tasks(None)] == ["groupware.E008"]
