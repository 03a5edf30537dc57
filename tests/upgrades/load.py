"""Puts a kept release into an empty database: `python -m tests.upgrades.load FILE`.

The schema is that of the release, made by its migrations alone; so are the rows' models.
"""

import gzip
import json
import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django  # noqa: E402

django.setup()

from django.core.management.color import no_style  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.db.migrations.executor import MigrationExecutor  # noqa: E402


def main(path):
    with gzip.open(path) as file:
        kept = json.load(file)
    targets = [tuple(one) for one in kept["migrations"]]
    MigrationExecutor(connection).migrate(targets)
    apps = MigrationExecutor(connection).loader.project_state(targets).apps
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in kept["statements"][connection.vendor]:
            cursor.execute(statement)
        models = [apps.get_model(*name.split(".")) for name in kept["rows"]]
        for model, rows in zip(models, kept["rows"].values(), strict=True):
            fill(model, **rows)
        for statement in connection.ops.sequence_reset_sql(no_style(), models):
            cursor.execute(statement)


def fill(model, fields, rows):
    """Writes rows as they were, also where a model would set a field itself."""
    kinds = {field.attname: field for field in model._meta.concrete_fields}
    for field in kinds.values():
        field.auto_now = field.auto_now_add = False
    made = [
        model(**{name: kinds[name].to_python(v) for name, v in zip(fields, row, strict=True)})
        for row in rows
    ]
    model._base_manager.bulk_create(made, batch_size=500)


if __name__ == "__main__":
    main(*sys.argv[1:])
