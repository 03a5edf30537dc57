from django.db import migrations
from django.db.models import F, Max


def set_apart(apps, schema_editor):
    """What one delegation kept below an item that is another's own by now stands by itself.

    It was out of its own people's sight; the next change of an item settles its place.
    """
    issues = apps.get_model("issues", "Issue").objects.using(schema_editor.connection.alias)
    lost = issues.filter(audience="delegation", parent__audience="delegation")
    for issue in lost.exclude(audience_party=F("parent__audience_party")).order_by("pk"):
        here = issues.filter(negotiation=issue.negotiation_id)
        last = here.aggregate(last=Max("place"))["last"]
        here.filter(pk=issue.pk).update(parent=None, sub_place=0, place=last + 1)


class Migration(migrations.Migration):
    dependencies = [("issues", "0018_index_what_moved")]

    operations = [migrations.RunPython(set_apart, migrations.RunPython.noop, elidable=True)]
