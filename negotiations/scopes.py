"""What one viewer can see, as a plain value: public; members; members and one delegation."""

from __future__ import annotations

from dataclasses import dataclass

PUBLIC, MEMBERS, DELEGATION = "public", "members", "delegation"
# For what is no part of any scope: only people who are listed see it.
NAMED = "named"
WIDTH = {DELEGATION: 0, MEMBERS: 1, PUBLIC: 2}


def is_within(audience: str, party_id: int | None, outer: str, outer_party_id: int | None) -> bool:
    """Whether everybody who sees the first audience sees the outer one as well."""
    if outer == DELEGATION:
        return audience == DELEGATION and party_id == outer_party_id
    return WIDTH[audience] <= WIDTH[outer]


@dataclass(frozen=True)
class Scope:
    key: str
    party_id: int | None = None

    @classmethod
    def of_party(cls, party_id: int) -> Scope:
        return cls(f"party-{party_id}", party_id)

    def sees(self, audience: str, party_id: int | None) -> bool:
        """Whether something with this audience is in the scope (design §1, Audience)."""
        if audience == PUBLIC:
            return True
        if self.key == PUBLIC:
            return False
        if audience == MEMBERS:
            return True
        return audience == DELEGATION and self.party_id is not None and party_id == self.party_id


PUBLIC_SCOPE = Scope(PUBLIC)
MEMBERS_SCOPE = Scope(MEMBERS)
