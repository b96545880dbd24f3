"""The encryption key of stored tokens is changed while another process renews them."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from oauthservers import vault
from oauthservers.models import Grant
from tests.conftest import process_environment
from tests.oauthservers.conftest import grant_for, outdate

ROUNDS = 30
RENEW = """
import sys, django
django.setup()
from django.utils import timezone
from oauthservers import vault
from oauthservers.models import Grant
print("ready", flush=True)
for number in range(int(sys.argv[1])):
    for grant in Grant.objects.all():
        Grant.objects.filter(pk=grant.pk).update(access_token_expires_at=timezone.now())
        vault.access_token(grant)
    print(number, flush=True)
"""


@pytest.mark.django_db(transaction=True)
def test_no_token_is_lost_when_the_key_changes_while_a_worker_runs(
    sandbox, servers, person, settings
):
    realm = sandbox.generic
    realm.set(rotation="strict")  # a lost or an old token would end its grant
    grants = [
        grant_for(realm, servers["generic"], person, address=address)
        for address in ("olga@lab.example", "kenji@lab.example")
    ]
    old = settings.ENCRYPTION_KEYS
    new = f"changed:{base64.b64encode(os.urandom(32)).decode()}"
    settings.ENCRYPTION_KEYS = f"{new},{old}"
    worker = subprocess.Popen(
        [sys.executable, "-c", RENEW, str(ROUNDS)],
        cwd=Path(__file__).parents[2],
        env={
            **process_environment(),
            "DJANGO_SETTINGS_MODULE": "groupware.settings",
            "GROUPWARE_ENCRYPTION_KEYS": settings.ENCRYPTION_KEYS,
        },
        stdout=subprocess.PIPE,
        text=True,
    )
    assert worker.stdout.readline() == "ready\n"
    changes = 0
    while worker.poll() is None and changes < 200:
        call_command("rotate_encryption_key", stdout=StringIO())
        changes += 1
    assert worker.wait(120) == 0
    assert changes > 1
    settings.ENCRYPTION_KEYS = new
    for grant in grants:
        assert Grant.objects.get(pk=grant.pk).version == grant.version + ROUNDS
        outdate(grant)
        assert vault.access_token(grant)
    assert {request["status"] for request in realm.token_requests("refresh_token")} == {200}
