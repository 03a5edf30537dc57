from django.db import migrations, models
from django.db.models import OuterRef, Q, Subquery
from django.db.models.deletion import PROTECT


def name_negotiations(apps, schema_editor):
    standings = apps.get_model("issues", "Standing").objects.using(schema_editor.connection.alias)
    items = apps.get_model("issues", "Issue").objects.filter(pk=OuterRef("issue")).order_by()
    standings.update(negotiation=Subquery(items.values("negotiation")[:1]))
    if schema_editor.connection.vendor == "postgresql":
        # A table with checks that still wait cannot be altered.
        schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def _negotiation(**options):
    return models.ForeignKey(
        db_index=False, on_delete=PROTECT, related_name="+", to="negotiations.negotiation", **options
    )


class Migration(migrations.Migration):
    dependencies = [
        ("issues", "0010_audiences"),
        ("negotiations", "0007_audiences"),
    ]

    operations = [
        migrations.RemoveIndex("standing", "standing_began"),
        migrations.AddField("standing", "negotiation", _negotiation(null=True)),
        migrations.RunPython(name_negotiations, migrations.RunPython.noop),
        migrations.AlterField("standing", "negotiation", _negotiation()),
        migrations.AddIndex(
            "standing",
            models.Index(fields=["negotiation", "scope", "since"], name="standing_began"),
        ),
        migrations.AddIndex(
            "standing",
            models.Index(
                condition=Q(until=None),
                fields=["negotiation", "scope", "category", "badge", "issue"],
                name="standing_figures",
            ),
        ),
        migrations.AddIndex(
            "standing",
            models.Index(
                condition=Q(until=None),
                fields=["negotiation", "scope", "last_said"],
                name="standing_last_said",
            ),
        ),
        migrations.AddIndex(
            "standing",
            models.Index(
                fields=["issue", "scope", "since", "until", "headline", "badge", "fell_from"],
                name="standing_looks",
            ),
        ),
        migrations.AddIndex(
            "issue",
            models.Index(
                condition=Q(entered_in_error=True),
                fields=["negotiation", "entered_in_error"],
                name="issue_in_error",
            ),
        ),
    ]
