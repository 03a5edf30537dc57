from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms

from negotiations.models import Membership, Party, User

from .fields import PartyField


class MemberForm(forms.Form):
    """What a person may do here and which delegation they belong to."""

    role = forms.ChoiceField(choices=Membership.Role.choices)
    party = PartyField(label="Delegation", nobody="None")

    def __init__(self, *args: Any, parties: Iterable[Party], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["party"].offer(parties)  # type: ignore[attr-defined]

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

    def clean_username(self) -> User:
        user = User.objects.filter(
            username__iexact=self.cleaned_data["username"], is_active=True
        ).first()
        if user is None:
            raise forms.ValidationError(
                "Nobody has this user name. Somebody without an account is added below."
            )
        return user


class PersonForm(MemberForm):
    """Somebody new: an account without a password."""

    full_name = forms.CharField(label="Full name", max_length=150)
    username = forms.CharField(
        label="User name", max_length=150, help_text="What this person will sign in with."
    )
    field_order = ("full_name", "username", "role", "party")
