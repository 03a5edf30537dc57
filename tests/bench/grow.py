"""Makes a large negotiation out of a small one, in the database itself and within seconds.

Items are copied with their entries and with all that was worked out from these: where each stands
and what can be found. Each copy stands where the rules would put it, since an item's standing
follows from its own entries alone. Agendas keep their length; chains and edit histories are not
copied: no page that is measured reads them.
"""

from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.models import Max, UUIDField

from issues.models import (
    Entry,
    EntrySource,
    Issue,
    SearchRow,
    Standing,
    StandingParty,
)
from issues.services import recount
from issues.services.search_texts import item_texts
from issues.spelling import tokens
from negotiations.models import Negotiation

CHUNK = 500
COPIED = (
    *(Issue, Issue.raised_by.through, Entry, Entry.joint_parties.through, EntrySource),
    *(Standing, StandingParty, SearchRow),
)
UUID = {
    "sqlite": "lower(hex(randomblob(16)))",
    "postgresql": "gen_random_uuid()",
}


def grow(times):
    """So many times as large; nothing where it is one."""
    steps = {model: _step(model) for model in COPIED}
    with transaction.atomic(), connection.cursor() as cursor:
        for copy in range(1, times):
            for model in COPIED:
                cursor.execute(_statement(model, steps, copy))
        plain = [model for model in COPIED if model is not SearchRow]
        for negotiation in Negotiation.objects.all():
            recount(negotiation)
        for sql in connection.ops.sequence_reset_sql(no_style(), plain):
            cursor.execute(sql)
        _name_copies(steps[Issue])
    if connection.vendor == "postgresql":
        # As its autovacuum does after some minutes. SQLite plans without statistics on a real site.
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def _name_copies(first):
    """Has the copies of items found by their own numbers, not by those of the originals."""
    copies = Issue.objects.filter(pk__gte=first).order_by("pk")
    for start in range(0, copies.count(), CHUNK):
        issues = copies.in_bulk(list(copies.values_list("pk", flat=True)[start : start + CHUNK]))
        rows = list(SearchRow.objects.filter(kind=SearchRow.Kind.ITEM, object_id__in=issues))
        for row in rows:
            row.words = tokens(item_texts(issues[row.object_id]))
        SearchRow.objects.bulk_update(rows, ["words"])


def _step(model):
    """How far apart the copies lie: the next power of ten above the ids that are there."""
    if model is SearchRow:
        return 0
    return 10 ** len(str(model._base_manager.aggregate(last=Max("pk"))["last"] or 1))


def _statement(model, steps, copy):
    table, fields = model._meta.db_table, model._meta.concrete_fields
    columns = ", ".join(f'"{field.column}"' for field in fields)
    values = ", ".join(_value(model, field, steps, copy) for field in fields)
    last = f" WHERE id < {steps[model]}" if steps[model] else f" WHERE {_original(steps)}"
    return f'INSERT INTO "{table}" ({columns}) SELECT {values} FROM "{table}"{last}'  # noqa: S608


def _original(steps):
    parts = (("e", steps[Entry]), ("i", steps[Issue]))
    return " OR ".join(f"(kind = '{kind}' AND object_id < {step})" for kind, step in parts)


def _value(model, field, steps, copy):
    column = f'"{field.column}"'
    if model is SearchRow:
        return _search_value(field, column, steps, copy)
    if field.primary_key:
        return f"{column} + {copy * steps[model]}"
    if field.related_model in steps:
        return f"{column} + {copy * steps[field.related_model]}"
    if isinstance(field, UUIDField):
        return UUID[connection.vendor]
    if model is Issue and field.name in ("number", "place"):
        return f"{column} + {copy * steps[Issue]}"
    return column


def _search_value(field, column, steps, copy):
    if field.name in ("id", "object_id"):
        entry, issue = copy * steps[Entry], copy * steps[Issue]
        return f"{column} + CASE WHEN kind = 'e' THEN {entry} ELSE {issue} END"
    return f"{column} + {copy * steps[Issue]}" if field.name == "item_id" else column
