from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from negotiations.models import Delegate, Negotiation, Party, Readout, Round, Source, User
from negotiations.scopes import MEMBERS
from negotiations.signals import round_leaves, rounds_changed

from .rows import check_unused, delete, lock, locked, moved, next_in, save
from .sources import add_source

TAKES_PLACE = (Round.State.HELD, Round.State.UNDER_WAY)
# By these it is decided between which days something may have moved.
COMPARED = {"state", "number", "first_day", "last_day"}
# Larger than any number of rounds: while places are exchanged, no two rows share one.
ASIDE = 1_000_000


class Person(NamedTuple):
    """One member of a delegation."""

    name: str
    function: str = ""
    is_head: bool = False


class Account(NamedTuple):
    """One party's readout of a round; a source is made where a title or an address is given."""

    text: str
    source_title: str = ""
    source_url: str = ""
    audience: str = MEMBERS
    audience_party: Party | None = None
    recorded_party: Party | None = None
    # Kept where no other is named: one that whoever writes this does not see.
    source: Source | None = None

    @property
    def shown(self) -> dict[str, Any]:
        """For whom a new one is, with the source that comes with it."""
        return {name: getattr(self, name) for name in self._fields[3:6]}


Delegations = Mapping[Party, Sequence[Person]]
Readouts = Mapping[Party, Account]


def create_round(
    negotiation: Negotiation,
    *,
    by: User | None,
    title: str,
    delegations: Delegations | None = None,
    readouts: Readouts | None = None,
    **fields: Any,
) -> Round:
    """Add a round at the end; `fields` are plain fields of Round.

    Raises ValidationError by field: a title already used, days the wrong way round, or a round
    said to have taken place without a date or in the future.
    """
    with transaction.atomic():
        lock(negotiation)
        round_ = Round(negotiation=negotiation, place=next_in(negotiation.rounds.all(), "place"))
        if negotiation.rounds.filter(title__iexact=title.strip()).exists():
            raise ValidationError({"title": "There is a round with this title already."})
        _write(round_, by, title=title.strip(), **fields)
        _write_parts(round_, by, delegations, readouts)
    return round_


def update_round(
    round_: Round,
    *,
    version: int,
    by: User | None,
    delegations: Delegations | None = None,
    readouts: Readouts | None = None,
    **fields: Any,
) -> Round:
    """Change plain fields, delegations and readouts under one version.

    A party that is not named keeps what it has. Raises Conflict when somebody saved first.
    """
    with transaction.atomic():
        current = locked(round_, version)
        touched = _write_parts(current, by, delegations, readouts)
        _write(current, by, touched=touched, **fields)
    return current


def set_round_state(round_: Round, *, state: str, by: User | None) -> Round:
    """Say that a round is planned, under way, held, postponed or cancelled.

    Raises ValidationError for one under way or held without a date.
    """
    with transaction.atomic():
        # Entries that name it are written meanwhile: their items are locked next.
        current = Round.objects.select_for_update(no_key=True).get(pk=round_.pk)
        _write(current, by, state=state)
    return current


def move_round(round_: Round, *, by: User | None, step: int) -> None:
    """Move a round `step` places in the order; the addresses of those in between change too."""
    with transaction.atomic():
        lock(round_.negotiation)
        rows = list(round_.negotiation.rounds.all())
        places = [row.place for row in rows]
        order = [
            (row, place)
            for row, place in zip(moved(rows, round_, step), places, strict=True)
            if row.place != place
        ]
        keys = [row.pk for row, _place in order]
        Round.objects.filter(pk__in=keys).update(place=F("place") + ASIDE)
        for row, place in order:
            save(row, by=by, place=place)
        rounds_changed.send(Round, negotiation=round_.negotiation)


def remove_round(round_: Round, *, by: User | None) -> None:
    """Take away a round added by mistake, with its delegations and readouts.

    Raises ValidationError once an entry or an agenda refers to it or might (`use_may_be_told`), or
    while a share link leads to it.
    """
    with transaction.atomic():
        for row in (*round_.delegates.all(), *round_.readouts.all()):
            delete(row, by=by)
        round_.sources.clear()
        check_unused(round_, round_.negotiation, instead="Say that it was cancelled instead.")
        round_leaves.send(Round, round=round_, by=by)
        delete(round_, by=by)
        rounds_changed.send(Round, negotiation=round_.negotiation)


def set_delegates(
    round_: Round, *, party: Party, people: Sequence[Person], by: User | None
) -> bool:
    """Make `people`, in this order, the delegation of `party`; returns whether that changed it.

    Raises ValidationError when two have the same name or the party is another negotiation's.
    """
    _check_party(round_, party)
    names = [person.name for person in people]
    if len(set(names)) < len(names):
        raise ValidationError(f"Two delegates of {party} have the same name.")
    with transaction.atomic():
        present = {row.name: row for row in round_.delegates.filter(party=party)}
        gone = present.keys() - set(names)
        for name in gone:
            delete(present[name], by=by)
        changed = bool(gone)
        for order, person in enumerate(people, start=1):
            row = present.get(person.name) or Delegate(round=round_, party=party)
            changed |= bool(save(row, by=by, order=order, **person._asdict()))
    return changed


def set_readout(round_: Round, *, party: Party, account: Account, by: User | None) -> bool:
    """Write what `party` said about the round as a whole; an empty text takes it away.

    With `account.audience_party` the one that this delegation keeps to itself, beside the common
    one; one that is there keeps its audience. Returns whether anything changed that all members
    may know of.
    """
    _check_party(round_, party)
    with transaction.atomic():
        own = {"party": party, "audience_party": account.audience_party}
        present = round_.readouts.select_related("source").filter(**own).first()
        if not account.text.strip():
            if present:
                delete(present, by=by)
            return present is not None and account.audience_party is None
        readout = present or Readout(round=round_, party=party, **account.shown)
        source = _source_of(readout, account, by)
        changed = save(readout, by=by, text=account.text.strip(), source=source)
        return bool(changed) and account.audience_party is None


def _source_of(readout: Readout, account: Account, by: User | None) -> Source | None:
    title, url = account.source_title.strip(), account.source_url.strip()
    if not title and not url:
        return account.source
    present = readout.source
    if present and (present.title, present.url) == (title, url):
        return present
    title = title or f"Readout by {readout.party}"
    return add_source(readout.round.negotiation, by=by, title=title, url=url, **account.shown)


def _check_party(round_: Round, party: Party | None) -> None:
    if party and party.negotiation_id != round_.negotiation_id:
        raise ValidationError("This party belongs to another negotiation.")


def _write_parts(
    round_: Round, by: User | None, delegations: Delegations | None, readouts: Readouts | None
) -> bool:
    changed = False
    for party, people in (delegations or {}).items():
        changed |= set_delegates(round_, party=party, people=people, by=by)
    for party, account in (readouts or {}).items():
        changed |= set_readout(round_, party=party, account=account, by=by)
    return changed


def _write(round_: Round, by: User | None, *, touched: bool = False, **fields: Any) -> None:
    def value(name: str) -> Any:
        return fields.get(name, getattr(round_, name))

    first, last, took_place = value("first_day"), value("last_day"), value("state") in TAKES_PLACE
    if (first is None) != (last is None) or (first and last < first):
        raise ValidationError({"last_day": "The round cannot end before it begins."})
    if took_place and first is None:
        raise ValidationError({"first_day": "A round that took place has a date."})
    if took_place and first > timezone.localdate():
        raise ValidationError({"first_day": "This lies in the future: the round is planned."})
    _check_party(round_, value("host"))
    compared = took_place or (not round_._state.adding and round_.state in TAKES_PLACE)
    changed = save(round_, by=by, touched=touched, **fields)
    if compared and COMPARED & set(changed):
        rounds_changed.send(Round, negotiation=round_.negotiation)
