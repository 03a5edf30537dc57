"""What Django says about saved rows, passed on to the search index.

Entries and new items come by way of their standings; this is for what is edited without one.
"""

from __future__ import annotations

from typing import Any

from django.db.models.signals import m2m_changed, post_delete, post_save

from negotiations.models import Delegate, Readout, Round, Source

from .models import Issue
from .services.search import index_items, index_rounds, index_sources


def connect() -> None:
    """Listens to everything that changes what a search finds, whoever saves it."""
    post_save.connect(_item, Issue, dispatch_uid="search.item")
    for signal in (post_save, post_delete):
        signal.connect(_round, Round, dispatch_uid="search.round")
        signal.connect(_source, Source, dispatch_uid="search.source")
        signal.connect(_delegate, Delegate, dispatch_uid="search.delegate")
        signal.connect(_readout, Readout, dispatch_uid="search.readout")
    m2m_changed.connect(_round_sources, Round.sources.through, dispatch_uid="search.round_sources")


def _item(instance: Issue, created: bool, raw: bool, **_rest: Any) -> None:
    # A new one gets a standing in a moment; a loaded one is indexed with all that was loaded.
    if not created and not raw:
        index_items([instance.pk])


def _round(instance: Round, raw: bool = False, **_rest: Any) -> None:
    if not raw:
        index_rounds([instance.pk])


def _source(instance: Source, raw: bool = False, **_rest: Any) -> None:
    if not raw:
        index_sources([instance.pk])


def _delegate(instance: Delegate, raw: bool = False, **_rest: Any) -> None:
    if not raw:
        index_rounds([instance.round_id])


def _readout(instance: Readout, raw: bool = False, **_rest: Any) -> None:
    if raw:
        return
    index_rounds([instance.round_id])
    # The source it names now, and those that it named before.
    before = Readout.history.filter(id=instance.pk).values_list("source", flat=True)
    index_sources({pk for pk in (instance.source_id, *before) if pk})


def _round_sources(
    instance: Any, action: str, reverse: bool, pk_set: set[int] | None, **_rest: Any
) -> None:
    """Sources that a round begins or ceases to name."""
    if action == "pre_clear" and not reverse:
        # Nothing is told of them once they are gone.
        instance.named_before = list(instance.sources.values_list("pk", flat=True))
    elif action == "post_clear":
        index_sources([instance.pk] if reverse else instance.named_before)
    elif action in ("post_add", "post_remove"):
        index_sources([instance.pk] if reverse else pk_set or set())
