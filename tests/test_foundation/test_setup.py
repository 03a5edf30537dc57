from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from negotiations.models import Negotiation, StatusScheme, User
from tests.databases import address_of

from .commands import REAL, last_line, manage

ADMINISTRATOR = {"PARLEY_ADMIN_USERNAME": "chief", "PARLEY_ADMIN_PASSWORD": "plum-orchard-7"}


@pytest.fixture
def administrator(monkeypatch):
    for name, value in ADMINISTRATOR.items():
        monkeypatch.setenv(name, value)


@pytest.mark.django_db
def test_setup_makes_the_administrator_and_loads_the_schemes_only(administrator):
    call_command("setup", stdout=StringIO())
    chief = User.objects.get()
    assert (chief.username, chief.is_superuser, chief.is_demo) == ("chief", True, False)
    assert chief.check_password("plum-orchard-7")
    assert StatusScheme.objects.filter(negotiation=None).count() == 5
    assert not Negotiation.objects.exists()


@pytest.mark.django_db
def test_second_setup_changes_nothing(administrator, monkeypatch):
    call_command("setup", stdout=StringIO())
    StatusScheme.objects.filter(slug="diplomatic-consultations").update(name="Ours")
    monkeypatch.setenv("PARLEY_ADMIN_USERNAME", "another")
    call_command("setup", stdout=StringIO())
    assert [user.username for user in User.objects.all()] == ["chief"]
    assert StatusScheme.objects.filter(name="Ours").exists()


@pytest.mark.django_db
@pytest.mark.parametrize("password", ["short", "12345678901", "password"])
def test_weak_password_makes_nobody(administrator, monkeypatch, password):
    monkeypatch.setenv("PARLEY_ADMIN_PASSWORD", password)
    with pytest.raises(CommandError):
        call_command("setup", stdout=StringIO())
    assert not User.objects.exists()


def test_without_a_terminal_it_says_what_to_set(databases, django_db_blocker):
    with django_db_blocker.unblock():
        new = address_of(databases.copy(databases.empty(), "setup"))
    process = manage("setup", DATABASE_URL=new, **REAL)
    assert process.returncode == 1
    assert "PARLEY_ADMIN_USERNAME" in last_line(process)
