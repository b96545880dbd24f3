"""One connection of a mailbox that belongs to no person."""

import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("oauthservers", "0004_whose_connection")]
    operations = [
        migrations.AddConstraint(
            model_name='grant',
            constraint=models.UniqueConstraint(django.db.models.functions.text.Lower('mailbox_address'), models.F('server'), condition=models.Q(('created_by', None)), name='one_grant_per_mailbox_of_nobody'),
        ),
    ]
