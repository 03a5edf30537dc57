"""Signing in through an OpenID Connect provider: whom it lets in, and above all whom not."""

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.socialaccount.models import SocialAccount, SocialApp
from cryptography.hazmat.primitives.asymmetric import rsa
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from negotiations.models import SecurityEvent, User
from negotiations.services import blank_person, vouch_for_address
from negotiations.single_sign_on import FAILED, NO_PASSWORD, UNKNOWN
from negotiations.startup import single_sign_on
from tests import factories
from tests.admin_pages import browser, change_url, make_superuser, send
from tests.fake_provider import CLIENT, SECRET, Provider

PASSWORD = "plum-orchard-7"


@pytest.fixture(scope="module")
def server():
    provider = Provider()
    yield provider
    provider.close()


@pytest.fixture
def provider(server, settings):
    kept = vars(server) | {"person": dict(server.person)}
    _origin, apps = single_sign_on(server.url, CLIENT, SECRET, name="Ministry", https=False)
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": apps}}
    settings.PARLEY_OIDC_NAME = "Ministry"
    server.asked.clear()
    yield server
    vars(server).update(kept)


@pytest.fixture
def ann(db):
    """Whose address the administrator gave."""
    ann = User.objects.create_user("ann", "Ann@example.org", PASSWORD)
    vouch_for_address(ann)
    return ann


def sign_on(client, provider, **typed):
    """To the provider and back; what Parley answers in the end."""
    begun = client.post("/sign-on/", typed)
    assert begun["Location"].startswith(f"{provider.url}/authorize?")
    return client.get("/sign-on/back/", provider.sign_in(begun["Location"]))


def is_signed_in(client):
    return "_auth_user_id" in client.session


def said(client, address="/login/"):
    return client.get(address).content.decode()


def connect(user):
    return SocialAccount.objects.create(user=user, provider="sso", uid="4711")


class TestWhoGetsIn:
    def test_whom_the_administrator_gave_the_address_and_where_they_were_going(
        self, client, provider, ann
    ):
        answer = sign_on(client, provider, next="/negotiations/talks/")
        assert answer["Location"] == "/negotiations/talks/"
        assert client.session["_auth_user_id"] == str(ann.pk)
        kinds = SecurityEvent.objects.values_list("kind", flat=True)
        assert set(kinds) == {"signed-in", "connected"}

    def test_from_then_on_by_the_connection_whatever_the_address(self, client, provider, ann):
        sign_on(client, provider)
        provider.person = {"sub": "4711"}
        other = Client()
        sign_on(other, provider)
        assert other.session["_auth_user_id"] == str(ann.pk)

    def test_the_password_works_as_before(self, client, provider, ann):
        sign_on(client, provider)
        other = Client()
        other.post("/login/", {"login": "ann", "password": PASSWORD})
        assert is_signed_in(other)

    def test_nothing_the_provider_tells_of_a_person_is_kept(self, client, provider, ann):
        provider.person |= {"name": "Ann Secretname", "picture": "https://x.example/p.png"}
        sign_on(client, provider)
        assert SocialAccount.objects.get().extra_data == {}
        ann.refresh_from_db()
        assert ann.get_full_name() == ""

    def test_leads_to_no_other_site(self, client, provider, ann):
        assert sign_on(client, provider, next="https://elsewhere.example/")["Location"] == "/"


class TestWhoDoesNot:
    def refused(self, client, provider, sentence=UNKNOWN):
        answer = sign_on(client, provider)
        assert answer["Location"] == "/login/"
        assert not is_signed_in(client)
        assert not SocialAccount.objects.exists()
        assert sentence in said(client)

    def test_nobody_gets_an_account(self, client, provider, db):
        self.refused(client, provider)
        assert not User.objects.exists()

    @pytest.mark.parametrize("word", [False, None, "true", "false", 1, "yes"])
    def test_an_address_the_provider_has_not_verified(self, client, provider, ann, word):
        provider.person |= {"email_verified": word}
        self.refused(client, provider)

    def test_an_address_the_provider_says_nothing_about(self, client, provider, ann):
        del provider.person["email_verified"]
        self.refused(client, provider)

    def test_an_address_that_only_an_invitation_named(self, client, provider, db):
        """Any head may make an account for any address, and knows its password."""
        User.objects.create_user("trap", "ann@example.org", PASSWORD)
        self.refused(client, provider)
        EmailAddress.objects.create(
            user=User.objects.get(), email="ann@example.org", verified=False, primary=True
        )
        self.refused(client, provider)

    def test_an_address_given_to_two(self, client, provider, ann):
        vouch_for_address(User.objects.create_user("bea", "ANN@example.org", PASSWORD))
        self.refused(client, provider)
        vouch_for_address(User.objects.create_user("cleo", "ann@example.org", PASSWORD))
        self.refused(client, provider)

    def test_one_that_looks_alike(self, client, provider, ann):
        provider.person |= {"email": "ａnn@example.org"}
        self.refused(client, provider)

    def test_who_has_not_set_a_password(self, client, provider, ann):
        ann.set_unusable_password()
        ann.save()
        self.refused(client, provider, NO_PASSWORD)

    def test_whose_account_is_closed(self, client, provider, ann):
        connect(ann)
        User.objects.update(is_active=False)
        assert sign_on(client, provider)["Location"] == "/inactive/"
        assert not is_signed_in(client)


class TestForgedAnswers:
    def refused(self, client, provider):
        assert sign_on(client, provider)["Location"] == "/login/"
        assert not is_signed_in(client)
        assert FAILED in said(client)

    def test_signed_by_another_key(self, client, provider, ann):
        provider.signing_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.refused(client, provider)

    @pytest.mark.parametrize(
        "claims", [{"aud": "another-site"}, {"iss": "https://x.example"}, {"exp": 1}, {"exp": None}]
    )
    def test_meant_for_another_site_from_another_or_too_old(self, client, provider, ann, claims):
        provider.claims = claims
        self.refused(client, provider)

    def test_about_two_persons(self, client, provider, ann):
        provider.told_otherwise = {"sub": "0815"}
        self.refused(client, provider)

    def test_without_anything_signed(self, client, provider, ann):
        provider.with_token = False
        self.refused(client, provider)

    def test_for_a_sign_in_that_began_in_another_browser(self, client, provider, ann):
        back = provider.sign_in(client.post("/sign-on/")["Location"])
        other = Client()
        assert other.get("/sign-on/back/", back)["Location"] == "/login/"
        assert not is_signed_in(other)

    def test_a_second_time(self, client, provider, ann):
        back = provider.sign_in(client.post("/sign-on/")["Location"])
        client.get("/sign-on/back/", back)
        client.logout()
        assert client.get("/sign-on/back/", back)["Location"] == "/login/"
        assert not is_signed_in(client)

    def test_with_a_code_of_somebody_elses(self, client, provider, ann):
        """Its verifier is with the browser that began."""
        back = provider.sign_in(client.post("/sign-on/")["Location"])
        victim = Client()
        theirs = provider.sign_in(victim.post("/sign-on/")["Location"])
        assert (
            client.get("/sign-on/back/", back | {"code": theirs["code"]})["Location"] == "/login/"
        )
        assert not is_signed_in(client)

    @pytest.mark.parametrize("query", ["", "error=access_denied", "state=x&error=y", "code=x"])
    def test_called_off_or_made_up(self, client, provider, db, query):
        assert client.get(f"/sign-on/back/?{query}")["Location"] == "/login/"

    def test_by_a_link_nobody_is_sent_there(self, client, provider, db):
        assert client.get("/sign-on/").status_code == 405

    def test_nobody_may_ask_without_end(self, client, provider, settings, db):
        settings.ACCOUNT_RATE_LIMITS = {"login": "2/m/ip"}
        cache.clear()
        told = [client.post("/sign-on/").status_code for _time in range(3)]
        assert told == [302, 302, 429]

    def test_a_provider_that_is_away_says_so(self, client, provider, settings, db):
        _origin, apps = single_sign_on("http://127.0.0.1:9", CLIENT, SECRET, name="x", https=False)
        settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": apps}}
        assert client.post("/sign-on/")["Location"] == "/login/"
        assert FAILED in said(client)

    def test_a_provider_in_the_database_counts_for_nothing(self, client, provider, settings, ann):
        settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": []}}
        SocialApp.objects.create(
            provider="openid_connect",
            provider_id="sso",
            client_id=CLIENT,
            secret=SECRET,
            settings={"server_url": provider.url},
        )
        assert client.post("/sign-on/").status_code == 404


class TestSecondFactor:
    def test_is_asked_for_after_the_provider(self, client, provider, ann):
        TOTP.activate(ann, generate_totp_secret())
        RecoveryCodes.activate(ann)
        assert sign_on(client, provider)["Location"] == "/account/code/"
        assert not is_signed_in(client)
        code = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()[0]
        client.post("/account/code/", {"code": code})
        assert is_signed_in(client)

    def test_a_negotiation_that_asks_for_one_stays_shut_without(self, client, provider, ann):
        talks = factories.make_talks()
        factories.add_member(talks.negotiation, user=ann)
        talks.negotiation.second_factor = True
        talks.negotiation.save()
        sign_on(client, provider)
        assert client.get(talks.negotiation.get_absolute_url())["Location"] == "/account/"


class TestConnecting:
    @pytest.fixture
    def bea(self, client, db):
        bea = User.objects.create_user("bea", password=PASSWORD)
        client.post("/login/", {"login": "bea", "password": PASSWORD})
        return bea

    def test_asks_for_the_password_again(self, client, provider, bea):
        assert sign_on(client, provider, process="connect")["Location"] == "/account/confirm/"
        assert not SocialAccount.objects.exists()
        assert client.post("/account/confirm/", {"password": PASSWORD})["Location"] == "/account/"
        assert SocialAccount.objects.get().user == bea
        assert "Connected" in said(client, "/account/")
        other = Client()
        sign_on(other, provider)
        assert other.session["_auth_user_id"] == str(bea.pk)

    def test_never_takes_what_is_connected_to_another(self, client, provider, bea, ann):
        connect(ann)
        client.post("/account/confirm/", {"password": PASSWORD})
        sign_on(client, provider, process="connect")
        assert SocialAccount.objects.get().user == ann
        assert client.session["_auth_user_id"] == str(bea.pk)

    def test_ends_with_the_password_and_then_opens_nothing(self, client, provider, bea):
        connect(bea)
        assert client.post("/account/sign-on/end/").status_code == 302
        assert SocialAccount.objects.exists()
        client.post("/account/confirm/", {"password": PASSWORD})
        client.post("/account/sign-on/end/")
        assert not SocialAccount.objects.exists()
        other = Client()
        sign_on(other, provider)
        assert not is_signed_in(other)
        assert SecurityEvent.objects.filter(kind="disconnected", by=bea).exists()

    def test_needs_somebody_signed_in(self, client, provider, db):
        sign_on(client, provider, process="connect")
        assert not SocialAccount.objects.exists()
        assert not is_signed_in(client)


class TestAddressOfAnAccount:
    def test_what_the_administrator_types_counts_and_what_they_take_back_does_not(self, db):
        ann, desk = User.objects.create_user("ann", password=PASSWORD), browser(make_superuser())
        send(desk, change_url(ann), email="Ann@Example.org")
        assert EmailAddress.objects.get(user=ann).email == "ann@example.org"
        assert EmailAddress.objects.get(user=ann).verified
        send(desk, change_url(ann), email="")
        assert not EmailAddress.objects.exists()

    def test_nothing_of_an_erased_person_is_left(self, ann):
        connect(ann)
        blank_person(ann, name="erased-1")
        assert not EmailAddress.objects.exists()
        assert not SocialAccount.objects.exists()


class TestWithoutAProvider:
    def test_there_is_no_button_no_address_and_no_call(self, client, ann, monkeypatch):
        monkeypatch.setattr("requests.Session.send", None)
        assert "/sign-on/" not in said(client)
        assert client.post("/sign-on/").status_code == 404
        assert client.get("/sign-on/back/").status_code == 404
        client.force_login(ann)
        assert "sign-on" not in said(client, "/account/")

    def test_with_one_there_is_a_button_and_still_no_call(self, client, provider, ann):
        assert "Sign in with Ministry" in said(client)
        client.force_login(ann)
        assert "Connect with Ministry" in said(client, "/account/")
        assert provider.asked == []


@pytest.mark.parametrize(
    ("url", "secret", "https"),
    [
        ("https://login.example.org", "", False),
        ("http://login.example.org", "s", True),
        ("login.example.org", "s", False),
        ("ftp://login.example.org", "s", False),
    ],
)
def test_half_a_provider_stops_the_start(url, secret, https):
    with pytest.raises(ImproperlyConfigured, match="PARLEY_OIDC"):
        single_sign_on(url, "parley", secret, name="x", https=https)


def test_forms_may_lead_to_the_provider_where_there_is_one():
    origin, _apps = single_sign_on(
        "https://login.example.org/realms/a", "c", "s", name="x", https=True
    )
    assert origin == "https://login.example.org"
    assert single_sign_on("", "c", "s", name="x", https=True) == ("", [])
