from django.db import migrations


def fail(apps, schema_editor):
    raise RuntimeError("the disk is full")


class Migration(migrations.Migration):
    dependencies = [("django_htmx", "0001_initial")]
    operations = [migrations.RunPython(fail)]
