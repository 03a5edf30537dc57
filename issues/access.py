"""Fetches one item for a person; the negotiation and the role come from `negotiations.access`."""

from __future__ import annotations

from django.http import Http404

from negotiations.access import Viewer

from .models import Issue


def issue_of(viewer: Viewer, number: int) -> Issue:
    """The item with this number as the viewer sees it. Raises Http404, marked ones included."""
    return _found(Issue.objects.visible_to(viewer).filter(number=number).first())


def issue_to_repair(viewer: Viewer, number: int) -> Issue:
    """The same, and items marked as entered in error as well. Raises Http404."""
    rows = Issue.objects.filter(negotiation=viewer.negotiation, number=number)
    return _found(rows.select_related("parent", "owner").first())


def _found(issue: Issue | None) -> Issue:
    if issue is None:
        raise Http404("No item at this address.")
    return issue
