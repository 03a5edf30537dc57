"""Reading the security log: whose lines, filtered, in pages."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import BadRequest
from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet
from django.forms import DateInput
from django_filters import CharFilter, ChoiceFilter, DateFilter, FilterSet

from negotiations.access import Viewer
from negotiations.models import SecurityEvent, User

PAGE = 50


class SecurityFilter(FilterSet):
    kind = ChoiceFilter(label="What", choices=SecurityEvent.Kind.choices, empty_label="Everything")
    person = CharFilter(label="User name", method="of_person")
    since = DateFilter(
        label="From", field_name="at__date", lookup_expr="gte", widget=DateInput({"type": "date"})
    )
    until = DateFilter(
        label="To", field_name="at__date", lookup_expr="lte", widget=DateInput({"type": "date"})
    )

    class Meta:
        model = SecurityEvent
        fields = ("kind", "person", "since", "until")

    def of_person(self, rows: QuerySet[Any], _name: str, typed: str) -> QuerySet[Any]:
        """Who did it, or to whom it was done."""
        if "\0" in typed:
            return rows.none()
        return rows.filter(Q(by__username__iexact=typed) | Q(about__username__iexact=typed))


def log_of_negotiation(viewer: Viewer) -> QuerySet[SecurityEvent]:
    """What its head reads: nothing about sign-ins, which are each person's own.

    Of another side nothing that is for its heads alone, such as a change of who may see what that
    side keeps; of vaults only who of one's own side opened one, and they are opened with or without
    something in them.
    """
    rows = SecurityEvent.objects.filter(negotiation=viewer.negotiation)
    return rows.filter(Q(side=viewer.party) | Q(side=None) & ~Q(kind=SecurityEvent.Kind.VAULT))


def log_of(user: User) -> QuerySet[SecurityEvent]:
    """What happened to this person's account; for an administrator the whole site.

    But for what only a delegation may know that they are not tied to.
    """
    if user.is_superuser:
        own = Q(side=None) | Q(side__in=user.memberships.values("party"))
        return SecurityEvent.objects.filter(own | ~Q(kind=SecurityEvent.Kind.AUDIENCE))
    return SecurityEvent.objects.filter(Q(by=user) | Q(about=user), negotiation=None)


def read_log(
    query: Any, rows: QuerySet[SecurityEvent]
) -> tuple[SecurityFilter, Page[SecurityEvent]]:
    """The lines that fit the filters in the address, the newest first.

    With a filter that cannot be read there are none. Raises BadRequest for what is no page.
    """
    chosen = SecurityFilter(query, rows.select_related("by", "about", "negotiation"))
    found = chosen.qs if chosen.form.is_valid() else rows.none()
    pages = Paginator(found, PAGE)
    number = query.get("page") or "1"
    if not number.isdecimal() or not 1 <= int(number[:9]) <= pages.num_pages:
        raise BadRequest(f"There is no page “{number[:20]}”; there are {pages.num_pages}.")
    return chosen, pages.page(int(number[:9]))
