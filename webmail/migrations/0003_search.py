"""The table of the search index, which is not Django's and differs from database to database."""

from typing import Any

from django.db import migrations


def create(apps: Any, schema_editor: Any) -> None:
    from webmail.search import index_postgresql, index_sqlite

    is_postgresql = schema_editor.connection.vendor == "postgresql"
    (index_postgresql if is_postgresql else index_sqlite).create(schema_editor)


def drop(apps: Any, schema_editor: Any) -> None:
    schema_editor.execute("DROP TABLE webmail_search")


class Migration(migrations.Migration):
    dependencies = [("webmail", "0002_authorization")]
    operations = [migrations.RunPython(create, drop)]
