from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from django import forms

from negotiations.access import Viewer, can_manage
from negotiations.models import Membership, Party, User

from .fields import PartyField


class MemberForm(forms.Form):
    """What a person may do here and which delegation they belong to, as far as `viewer` decides."""

    role = forms.ChoiceField(choices=Membership.Role.choices)
    party = PartyField(label="Delegation", nobody="None")

    def __init__(
        self,
        *args: Any,
        viewer: Viewer,
        parties: Iterable[Party],
        user: User | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.viewer, self.user = viewer, user
        self.fields["party"].offer(parties)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        party = self.cleaned_data.get("party")
        allowed, reason = can_manage(self.viewer, self.user, party)
        if not allowed:
            self.add_error("party", reason)
        return self.cleaned_data

    @staticmethod
    def typed_from(membership: Membership) -> dict[str, Any]:
        """What stands now, as it would be chosen."""
        return {
            "role": membership.role,
            "party": membership.party.code if membership.party else "",
        }


class NewMemberForm(MemberForm):
    """Somebody with an account, by the exact user name: there is no list to pick from."""

    username = forms.CharField(label="User name", max_length=150)
    field_order = ("username", "role", "party")

    def clean_username(self) -> str:
        typed: str = self.cleaned_data["username"]
        self.user = User.objects.filter(username__iexact=typed, is_active=True).first()
        if self.user is None:
            raise forms.ValidationError(
                "Nobody has this user name. Somebody without an account is added below."
            )
        return typed

    @property
    def account(self) -> User:
        """Whose user name was typed, in a valid form."""
        return cast("User", self.user)


class PersonForm(MemberForm):
    """Somebody new: an account without a password."""

    full_name = forms.CharField(max_length=150)
    username = forms.CharField(
        label="User name", max_length=150, help_text="What this person will sign in with."
    )
    field_order = ("full_name", "username", "role", "party")
