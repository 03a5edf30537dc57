from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import DEFAULT_DB_ALIAS
from django.db.models.signals import post_migrate, pre_migrate


def _drop_triggers(using: str, **_kwargs: Any) -> None:
    from . import triggers

    triggers.drop(using)


def _brought(plan: Sequence[Any]) -> set[str]:
    """The migrations of this app that this `migrate` carried out."""
    return {one.name for one, back in plan if one.app_label == "issues" and not back}


def _install_triggers(using: str, plan: Sequence[Any] = (), **_kwargs: Any) -> None:
    from negotiations.models import Negotiation

    from . import fulltext, services, triggers

    triggers.install(using)
    fulltext.install(using)
    if using == DEFAULT_DB_ALIAS and fulltext.is_behind(using):
        services.rebuild_searches()  # an upgrade brings the first index
    # Only then: whatever else comes without a link did not come through the services.
    follow = {"0008_chains": services.chain_negotiation, "0017_standing_counts": services.recount}
    for name in sorted(follow.keys() & _brought(plan)):
        for negotiation in Negotiation.objects.using(using):
            follow[name](negotiation)


def check_triggers(*, databases: Sequence[str] | None = None, **_kwargs: Any) -> list[CheckMessage]:
    """Reports missing triggers, for /readyz and `check --database default`.

    A warning, since an error would keep `migrate` from putting them back.
    """
    from . import fulltext, triggers

    return [
        Warning(
            f"The database “{using}” lacks the triggers that keep {what}.",
            hint="Run manage.py migrate.",
            id=name,
        )
        for using in databases or []
        for name, what, missing in (
            ("issues.W001", "history append-only", triggers.missing),
            ("issues.W002", "the search index in step", fulltext.missing),
        )
        if missing(using)
    ]


def _rebuild(negotiation: Any, **_kwargs: Any) -> None:
    from . import services

    services.rebuild_negotiation(negotiation)


def _follow_rounds(negotiation: Any, **_kwargs: Any) -> None:
    from . import services

    services.follow_rounds(negotiation)


def _forget_party(party: Any, **_kwargs: Any) -> None:
    from . import services

    services.forget_party(party)


def _let_round_go(round: Any, by: Any, **_kwargs: Any) -> None:
    from . import services

    services.let_round_go(round, by=by)


def _watch_jobs(**_kwargs: Any) -> None:
    from .exports import jobs

    jobs.watch()


def _rename_series(party: Any, was: str, **_kwargs: Any) -> None:
    from . import services

    services.rename_series(party, was)


class IssuesConfig(AppConfig):
    name = "issues"
    verbose_name = "Items and their history"

    def ready(self) -> None:
        from negotiations.signals import (
            frame_changed,
            party_leaves,
            party_renamed,
            round_leaves,
            rounds_changed,
            serving,
        )

        from . import indexing

        indexing.connect()
        pre_migrate.connect(_drop_triggers, sender=self)
        post_migrate.connect(_install_triggers, sender=self)
        frame_changed.connect(_rebuild, dispatch_uid="issues.rebuild")
        rounds_changed.connect(_follow_rounds, dispatch_uid="issues.follow_rounds")
        party_leaves.connect(_forget_party, dispatch_uid="issues.forget_party")
        round_leaves.connect(_let_round_go, dispatch_uid="issues.let_round_go")
        serving.connect(_watch_jobs, dispatch_uid="issues.watch_jobs")
        party_renamed.connect(_rename_series, dispatch_uid="issues.rename_series")
        register(check_triggers, Tags.database)
