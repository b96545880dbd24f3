"""Rows from before connections had an owner of their own.

An attempt that is under way becomes the connection of whoever began it. Of several connections of one mailbox whose
people were removed, the newest stays: from now on there is one.
"""

from typing import Any

from django.db import migrations
from django.db.models import F


def tidy(apps: Any, schema_editor: Any) -> None:
    requests = apps.get_model("oauthservers", "AuthorizationRequest").objects
    requests.filter(owner=None).update(owner=F("user"))
    seen = set()
    nobodys = apps.get_model("oauthservers", "Grant").objects.filter(created_by=None)
    for grant in nobodys.order_by("-authorized_at", "-pk").only("server_id", "mailbox_address"):
        key = (grant.server_id, grant.mailbox_address.lower())
        if key in seen:
            grant.delete()
        seen.add(key)


class Migration(migrations.Migration):
    dependencies = [("oauthservers", "0003_authorization"), ("webmail", "0001_initial")]
    operations = [migrations.RunPython(tidy, migrations.RunPython.noop)]
