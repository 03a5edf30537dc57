"""The filters of the list and of the state of play. Invalid input shows an error and no rows."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import django_filters
from django import forms
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, Lower

from negotiations.forms import SharedFields
from negotiations.models import Category

from .models import AgendaLine, Entry, Issue, Standing
from .reads.agenda import Agenda, with_status
from .reads.counts import stands_on
from .reads.frame import FrameView
from .reads.moves import ItemName
from .reads.narrowed import Narrowed, Wish, holding
from .reads.ordered import MANY, ByStatus, Sliced, by_last_said
from .reads.standings import StandingReader, StandingView, period
from .standing import height

NONE = "none"
FURTHER = "further"
CONFIRMED = ("joint", "separate")

CATEGORIES = [
    (FURTHER, "Agreed or further"),
    *Category.choices,
    (NONE, "No status yet"),
]
SAYS = [
    ("both", "Both say so"),
    ("jointly", "Confirmed jointly"),
    ("one", "Only one side says so"),
    ("unanswered", "Not answered"),
    ("differ", "Accounts differ"),
    ("aside", "Press or our assessment"),
]
BADGES = {
    "both": CONFIRMED,
    "jointly": ("joint",),
    "one": ("only",),
    "unanswered": ("more",),
    "differ": ("differ",),
    "aside": ("press", "ours"),
}


def categories_of(value: str) -> tuple[str, ...]:
    """The categories that a choice of CATEGORIES is for."""
    return ("settled", "done") if value == FURTHER else (value,)


MOVED = [("up", "Forward"), ("down", "Back")]
SORTS = ("agenda", "number", "title", "status", "said")
# As the headline rule has it (`standing.height`): held and dropped stand below every rung.
_HEIGHT = Case(
    When(now__headline__isnull=False, then=Coalesce(F("now__headline__rung"), Value(-1))),
    default=None,
)
COLUMNS: dict[str, tuple[Any, ...]] = {
    "agenda": (F("place"), F("sub_place")),
    "number": (F("series"), F("number")),
    "title": (Lower("title"),),
    "status": (_HEIGHT, F("now__headline__order")),
    "said": (F("now__last_said"),),
}


# What may be empty: no status, no entry. That comes last either way, on every database.
EMPTY = ("status", "said")


def _order(sort: str, *, descending: bool) -> list[Any]:
    way = "desc" if descending else "asc"
    last = {"nulls_last": True} if sort in EMPTY else {}
    return [getattr(column, way)(**last) for column in COLUMNS[sort]]


@dataclass(frozen=True)
class Condition:
    """One wish about a standing: of its columns, for the database, and of a computed one."""

    columns: Mapping[str, Any]
    test: Callable[[StandingView], bool]


def with_standing(issues: QuerySet[Issue], frame: FrameView) -> QuerySet[Issue]:
    """Joins the period that holds at the page's clock, in the viewer's scope, as `now`."""
    return issues.annotate(now=period(frame.viewer.scope, frame.clock.as_of))


class AnyField(django_filters.fields.ChoiceField):
    def __deepcopy__(self, _memo: Any) -> AnyField:
        """Each form offers choices of its own or those of all, which nobody changes in place."""
        clone = copy.copy(self)
        clone.widget = copy.copy(self.widget)
        clone.widget.attrs = dict(self.widget.attrs)
        return clone


class AnyOf(django_filters.ChoiceFilter):
    """A choice that is "Any" until it is made."""

    field_class = AnyField

    def __deepcopy__(self, _memo: Any) -> AnyOf:
        """Each page has its own filters, but not its own copy of every choice of theirs."""
        clone = copy.copy(self)
        clone.extra = dict(self.extra)
        clone.method = self.method  # binds it to the clone
        return clone

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(empty_label="Any", **kwargs)


class IssueFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(label="Text", method="filter_text", max_length=100)
    status = AnyOf(label="Status", method="note_status")
    category = AnyOf(label="Category", choices=CATEGORIES, method="note_category")
    says = AnyOf(label="Who says so", choices=SAYS, method="note_says")
    said_by = AnyOf(label="Said by", method="note_said_by")
    raised_by = AnyOf(label="Raised by", method="filter_raised_by")
    waits = AnyOf(label="Waits for", method="note_waits")
    round = AnyOf(label="Touched in", method="filter_round")
    moved = AnyOf(label="Moved", choices=MOVED, method="filter_moved")
    sort = AnyOf(
        label="Order",
        choices=[(sign + name, name) for name in SORTS for sign in ("", "-")],
        method="filter_sort",
    )

    _form_class: type[forms.Form]

    class Meta:
        model = Issue
        fields: list[str] = []

    def __init__(
        self,
        data: Any,
        *,
        frame: FrameView,
        moved_ids: Callable[[str], Iterable[int]] | None = None,
    ) -> None:
        # Only what is asked for is put together (`found`): most pages narrow nothing.
        super().__init__(data, queryset=Issue.objects.none())
        self.frame = frame
        self.moved_ids = moved_ids
        self.conditions: list[Condition] = []
        self._offer_choices()

    def get_form_class(self) -> type[forms.Form]:
        """Made once for all pages: what differs are the choices, and each form has its own."""
        if "_form_class" not in vars(type(self)):
            made = super().get_form_class()
            made.base_fields = SharedFields(made.base_fields)
            type(self)._form_class = made
        return self._form_class

    def _offer_choices(self) -> None:
        parties = [(party.code, party.name) for party in self.frame.parties.values()]
        choices = {
            "status": [(s.label, s.label) for s in self.frame.statuses.values()],
            "said_by": parties,
            "raised_by": parties,
            "waits": [*parties, ("both", "All parties"), ("outside", "Somebody outside")],
            "round": [(str(r.place), f"{r.name} · {r.when}") for r in self.frame.rounds],
        }
        for name, offered in choices.items():
            field = self.form.fields[name]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
            field.choices = offered

    @property
    def is_active(self) -> bool:
        """Whether anything narrows the rows."""
        names = (name for name in self.filters if name != "sort")
        return any(self.data.get(name) for name in names)

    def found(self, reader: StandingReader, *, fold: bool = False) -> Sequence[int]:
        """The ids of the rows, in order; none when any filter is invalid (never more than asked).

        `fold` leaves out items without a status, but for parents of items that have one.
        """
        if not self.form.is_valid():
            return []
        sort = self.form.cleaned_data.get("sort") or "agenda"
        if not (self.is_active or self.frame.clock.known) and sort == "agenda":
            return Agenda(self.frame, fold=fold)
        wish = self._wish()
        if wish and sort == "agenda" and not (fold or self.frame.clock.known):
            return Narrowed(self.frame, wish)
        is_plain = not (self.is_active or fold) and self.frame.clock.is_now
        if is_plain and stands_on(self.frame, None).items > MANY:
            return self._all(sort.removeprefix("-"), descending=sort.startswith("-"))
        self.conditions = []
        issues = self.filter_queryset(self._issues())
        find = self._computed if self.frame.clock.known else self._stored
        return find(issues, reader, sort, fold)

    def _wish(self) -> Wish | None:
        """What is asked of text and standing, if nothing else is asked."""
        typed = self.form.cleaned_data
        asked = {name for name in self.filters if name != "sort" and typed[name]}
        if not asked <= {"q", "status", "category", "says"}:
            return None
        return Wish(
            typed["q"].strip(),
            self._headlines(typed["status"], typed["category"]),
            frozenset(BADGES[typed["says"]]) if typed["says"] else None,
        )

    def _headlines(self, label: str, category: str) -> frozenset[int | None] | None:
        """The headlines, None among them, that fit what is asked; no set where all do."""
        if not (label or category):
            return None
        fits: list[int | None] = [
            status.pk
            for status in self.frame.statuses.values()
            if label in ("", status.label)
            and (not category or status.category in categories_of(category))
        ]
        return frozenset([*fits, None] if category == NONE and not label else fits)

    def _all(self, sort: str, *, descending: bool) -> Sequence[int]:
        """All items in this order, of which a page reads its own."""
        if sort == "status":
            return ByStatus(self.frame, descending=descending)
        if sort == "said":
            return by_last_said(self.frame, descending=descending)
        rows = self._issues().order_by(*_order(sort, descending=descending), "pk")
        return Sliced(rows.values_list(*ItemName._fields), stands_on(self.frame, None).items)

    def _issues(self) -> QuerySet[Issue]:
        """What the filters narrow: the items that the viewer sees, by what the page knows."""
        issues = Issue.objects.visible_to(self.frame.viewer)
        if self.frame.clock.known:
            issues = issues.filter(recorded_at__lte=self.frame.clock.known_moment)
        return with_standing(issues, self.frame)

    def _stored(
        self, issues: QuerySet[Issue], _reader: StandingReader, sort: str, fold: bool
    ) -> list[int]:
        for condition in self.conditions:
            issues = issues.filter(self._meeting(condition.columns))
        issues = with_status(issues) if fold else issues
        order = _order(sort.removeprefix("-"), descending=sort.startswith("-"))
        return list(issues.order_by(*order, "pk").values_list("pk", flat=True))

    def _meeting(self, columns: Mapping[str, Any]) -> Q:
        """Items by what is asked of their standing.

        What stands now is looked up by itself: joined, each item is asked for its own, which takes
        three times as long. On an earlier day it is the other way round.
        """
        if self.frame.clock.as_of:
            return Q(**{f"now__{name}": value for name, value in columns.items()})
        standings = Standing.objects.as_of(self.frame.viewer.scope)
        standings = standings.filter(negotiation=self.frame.negotiation, **columns)
        return Q(pk__in=standings.order_by().values("issue"))

    def _computed(
        self, issues: QuerySet[Issue], reader: StandingReader, sort: str, fold: bool
    ) -> list[int]:
        """The same by what was known on an earlier day, of which no standing is stored."""
        rows = list(issues.order_by("pk"))
        views = reader.on([row.pk for row in rows])
        rows = [row for row in rows if all(c.test(views[row.pk]) for c in self.conditions)]
        if fold:
            parents = {row.parent_id for row in rows if views[row.pk].headline}
            rows = [row for row in rows if views[row.pk].headline or row.pk in parents]
        keys = {row.pk: self._key(row, views[row.pk], sort.removeprefix("-")) for row in rows}
        having = [row.pk for row in rows if keys[row.pk] is not None]
        having.sort(key=keys.__getitem__, reverse=sort.startswith("-"))
        return having + [row.pk for row in rows if keys[row.pk] is None]

    def _key(self, row: Issue, view: StandingView, sort: str) -> Any:
        """What COLUMNS names, of a computed standing."""
        if sort == "status":
            order = list(self.frame.statuses)
            found = view.headline
            return (height(found), order.index(found.pk)) if found else None
        if sort == "said":
            return view.last_said
        plain = {"number": row.address, "title": row.title.lower()}
        return plain.get(sort, (row.place, row.sub_place))

    # --- Filters on the item itself --------------------------------------------------------------

    def filter_text(self, issues: QuerySet[Issue], _name: str, typed: str) -> QuerySet[Issue]:
        return issues.filter(holding(typed.strip()))

    def filter_raised_by(self, issues: QuerySet[Issue], _name: str, code: str) -> QuerySet[Issue]:
        return issues.filter(raised_by__in=self._party(code))

    def filter_round(self, issues: QuerySet[Issue], _name: str, place: str) -> QuerySet[Issue]:
        viewer = self.frame.viewer
        round_ = next(r.pk for r in self.frame.rounds if r.place == int(place))
        entries = Entry.objects.visible_to(viewer.user, viewer.scope).filter(round=round_)
        if self.frame.clock.known:
            entries = entries.filter(recorded_at__lte=self.frame.clock.known_moment)
        if self.frame.clock.as_of:
            entries = entries.filter(counts_from__lte=self.frame.clock.as_of)
        touched = AgendaLine.objects.in_scope(viewer.scope).filter(
            round=round_, outcome="discussed"
        )
        told, discussed = (rows.order_by().values("issue") for rows in (entries, touched))
        return issues.filter(Q(pk__in=told) | Q(pk__in=discussed))

    def filter_moved(self, issues: QuerySet[Issue], _name: str, way: str) -> QuerySet[Issue]:
        if self.moved_ids is None:
            return issues
        return issues.filter(pk__in=list(self.moved_ids(way)))

    def filter_sort(self, issues: QuerySet[Issue], _name: str, _value: str) -> QuerySet[Issue]:
        return issues  # applied last, in _sorted

    # --- Filters on where it stands: noted here, applied in `found` ------------------------------

    def _note(self, test: Callable[[StandingView], bool], **columns: Any) -> None:
        self.conditions.append(Condition(columns, test))

    def note_status(self, issues: QuerySet[Issue], _name: str, label: str) -> QuerySet[Issue]:
        pks = [s.pk for s in self.frame.statuses.values() if s.label == label]
        self._note(lambda v: v.headline is not None and v.headline.pk in pks, headline__in=pks)
        return issues

    def note_category(self, issues: QuerySet[Issue], _name: str, value: str) -> QuerySet[Issue]:
        if value == NONE:
            self._note(lambda v: v.headline is None, headline=None)
        else:
            wanted = categories_of(value)
            self._note(lambda v: v.category in wanted, category__in=wanted)
        return issues

    def note_says(self, issues: QuerySet[Issue], _name: str, value: str) -> QuerySet[Issue]:
        badges = BADGES[value]
        self._note(lambda v: v.badge in badges, badge__in=badges)
        return issues

    def note_said_by(self, issues: QuerySet[Issue], _name: str, code: str) -> QuerySet[Issue]:
        (pk,) = self._party(code)
        self._note(
            lambda v: pk in v.own_statuses,
            party_rows__party=pk,
            party_rows__status__isnull=False,
        )
        return issues

    def note_waits(self, issues: QuerySet[Issue], _name: str, value: str) -> QuerySet[Issue]:
        wanted = Q(waits_for=value)
        if value not in ("both", "outside"):
            wanted = Q(waits_for="party", waits_party__in=self._party(value))
        seen = Entry.objects.in_scope(self.frame.viewer.scope)
        waiting = seen.filter(wanted, issue__negotiation=self.frame.negotiation)
        pks = waiting.order_by().values_list("pk", flat=True)
        self._note(lambda v: v.waits_entry in set(pks), waits_entry__in=pks)
        return issues

    def _party(self, code: str) -> list[int]:
        return [party.pk for party in self.frame.parties.values() if party.code == code]
