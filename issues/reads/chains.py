"""The heads of the chains that one scope reads: what a file or a paper says of its record."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from negotiations.access import Viewer
from negotiations.scopes import DELEGATION

from ..chaining import chains_in
from ..models import ChainHead, ChainLink

# On paper: 128 bits, in groups that can be read out.
SHORT, GROUP = 32, 8


class Head(NamedTuple):
    """`audience` is public, members or delegation; `name` says it on screen."""

    audience: str
    name: str
    hash: str

    @property
    def short(self) -> str:
        return " ".join(self.hash[n : n + GROUP] for n in range(0, SHORT, GROUP))


def heads_of(viewer: Viewer, moment: dt.datetime | None = None) -> list[Head]:
    """The end of each chain in the viewer's scope, now or as of a moment; none of an empty one.

    What others keep to themselves is in chains of their own, and changes none of these.
    """
    chains = chains_in(viewer.scope)
    found = _at(viewer, chains, moment) if moment else _now(viewer, chains)
    return [_head(viewer, chain, found[chain]) for chain in chains if found.get(chain)]


def heads_to_file(viewer: Viewer, moment: dt.datetime) -> list[Head]:
    """The same for a file that holds the whole negotiation.

    A history that came from such a file and to which nothing was added keeps the heads that its
    file named: it goes out as it came in.
    """
    chains = chains_in(viewer.scope)
    found = _at(viewer, chains, moment) | _as_brought(viewer, chains, moment)
    return [_head(viewer, chain, found[chain]) for chain in chains if found.get(chain)]


def _as_brought(viewer: Viewer, chains: list[str], moment: dt.datetime) -> dict[str, str]:
    links = ChainLink.objects.filter(negotiation=viewer.negotiation, recorded_at__lte=moment)
    brought = links.filter(chain__in=chains, kind=ChainLink.Kind.IMPORT)
    return {
        link.chain: link.note
        for link in brought
        if not links.filter(chain=link.chain, recorded_at__gt=link.recorded_at).exists()
    }


def _now(viewer: Viewer, chains: list[str]) -> dict[str, str]:
    rows = ChainHead.objects.filter(negotiation=viewer.negotiation, chain__in=chains)
    return dict(rows.values_list("chain", "hash"))


def _at(viewer: Viewer, chains: list[str], moment: dt.datetime) -> dict[str, str]:
    rows = ChainLink.objects.filter(negotiation=viewer.negotiation, recorded_at__lte=moment)
    last = {chain: rows.filter(chain=chain).order_by("-place") for chain in chains}
    return {
        chain: head
        for chain, links in last.items()
        if (head := links.values_list("hash", flat=True).first())
    }


def _head(viewer: Viewer, chain: str, found: str) -> Head:
    if viewer.party and chain == viewer.scope.key:
        return Head(DELEGATION, f"delegation of {viewer.party.code}", found)
    return Head(chain, chain, found)
