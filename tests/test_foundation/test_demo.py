import pytest
from django.contrib.auth.hashers import make_password
from django.core.management import CommandError

from negotiations.management.commands.demo import load_demo
from negotiations.models import Membership, Negotiation, User

pytestmark = pytest.mark.django_db


def test_demo_people_have_the_places_the_first_screen_promises():
    load_demo("parley-demo")
    roles = {
        member.user.username: (member.role, member.party.code if member.party else "")
        for member in Membership.objects.select_related("user", "party")
    }
    assert roles == {
        "head": ("head", ""),
        "recorder": ("recorder", ""),
        "viewer": ("viewer", ""),
        "ru": ("recorder", "RU"),
        "us": ("recorder", "US"),
    }
    assert set(User.objects.values_list("username", flat=True)) == {*roles, "admin", "stranger"}
    assert list(User.objects.filter(is_superuser=True).values_list("username")) == [("admin",)]
    assert not User.objects.filter(is_demo=False).exists()


@pytest.mark.case
class TestWithTheCaseInPlace:
    def test_second_start_keeps_the_data(self):
        load_demo("parley-demo")
        Negotiation.objects.update(title="Ours now")
        Membership.objects.filter(user__username="viewer").delete()
        load_demo("parley-demo")
        assert Negotiation.objects.get().title == "Ours now"
        assert not Membership.objects.filter(user__username="viewer").exists()

    def test_printed_password_always_works(self):
        load_demo("parley-demo")
        User.objects.filter(username="viewer").update(password=make_password("changed"))
        for password in ("parley-demo", "another-one"):
            load_demo(password)
            assert all(user.check_password(password) for user in User.objects.all())


def test_demo_stays_out_of_a_database_in_use():
    User.objects.create(username="real")
    with pytest.raises(CommandError, match="in use"):
        load_demo("parley-demo")
    assert User.objects.count() == 1
