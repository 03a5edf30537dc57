"""What stands at the head and the foot of papers, and the picture that is uploaded for it."""

import io

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from negotiations import pictures, services
from negotiations.exceptions import Conflict
from negotiations.models import Letterhead
from negotiations.pictures import logo_png
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def address(talks):
    return reverse("negotiations:letterhead", args=[talks.slug])


@pytest.fixture
def logo_address(talks):
    return reverse("negotiations:letterhead_logo", args=[talks.slug])


def sign_in(user):
    client = Client()
    client.force_login(user)
    return client


def typed(**fields):
    return {
        "heading": "Union of Pilots",
        "footer": "Hall 2",
        "paper": "a4",
        "version": "0",
    } | fields


def upload(data, name="logo.png"):
    return SimpleUploadedFile(name, data)


class TestPictures:
    @pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
    def test_every_common_kind_becomes_a_small_png(self, kind):
        made = Image.open(io.BytesIO(logo_png(factories.picture(kind, (3000, 600)))))
        assert (made.format, made.size) == ("PNG", (960, 192))

    @pytest.mark.parametrize(
        "data", [b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\x89PNG\r\n\x1a\nbroken"]
    )
    def test_what_is_no_picture_is_refused(self, data):
        with pytest.raises(ValueError, match="no picture"):
            logo_png(data)

    def test_kinds_that_nobody_needs_are_not_even_read(self):
        with pytest.raises(ValueError, match="no picture"):
            logo_png(factories.picture("TIFF"))

    def test_what_unfolds_too_far_is_refused_unopened(self, monkeypatch):
        monkeypatch.setattr(pictures, "MOST_PIXELS", 1000)
        with pytest.raises(ValueError, match="dots"):
            logo_png(factories.picture(size=(100, 100)))

    def test_a_large_file_is_refused(self, monkeypatch):
        monkeypatch.setattr(pictures, "MOST_BYTES", 10)
        with pytest.raises(ValueError, match="2 MB"):
            logo_png(factories.picture())

    def test_nothing_but_dots_is_kept(self):
        found = io.BytesIO()
        exif = Image.Exif()
        exif[0x010E] = "secret place"
        Image.new("RGB", (9, 9)).save(found, "JPEG", exif=exif, comment=b"secret note")
        assert b"secret" in found.getvalue()
        assert b"secret" not in logo_png(found.getvalue())


class TestService:
    def test_the_second_of_two_first_editors_gets_a_conflict(self, talks):
        factories.set_letterhead(talks.negotiation)
        with pytest.raises(Conflict):
            factories.set_letterhead(talks.negotiation)

    def test_a_logo_stays_until_it_is_replaced_or_taken_off(
        self, talks, django_capture_on_commit_callbacks
    ):
        def save(version, **fields):
            with django_capture_on_commit_callbacks(execute=True):
                return services.update_letterhead(
                    talks.negotiation, version=version, by=talks.head, **fields
                ).logo.name

        first = save(0, logo=logo_png(factories.picture()))
        assert save(1, heading="New") == first
        second = save(2, logo=logo_png(factories.picture(colour="blue")))
        assert second != first
        assert not default_storage.exists(first)
        assert save(3, remove_logo=True) == ""
        assert not default_storage.exists(second)

    def test_who_set_it_is_kept(self, talks):
        services.update_letterhead(talks.negotiation, version=0, by=talks.head, heading="A")
        services.update_letterhead(talks.negotiation, version=1, by=talks.head, heading="B")
        history = talks.negotiation.letterhead.history
        assert [row.heading for row in history.all()] == ["B", "A"]
        assert {row.history_user for row in history.all()} == {talks.head}


class TestPage:
    def test_the_head_sets_it(self, talks, address, logo_address):
        client = sign_in(talks.head)
        answer = client.post(address, typed(logo=upload(factories.picture()), paper="letter"))
        assert answer.status_code == 302
        found = Letterhead.objects.get()
        assert (found.heading, found.footer, found.paper) == ("Union of Pilots", "Hall 2", "letter")
        page = client.get(address).content.decode()
        assert "Union of Pilots" in page
        assert logo_address in page

    def test_no_picture_is_said_beside_its_field_and_nothing_typed_is_lost(self, talks, address):
        answer = sign_in(talks.head).post(address, typed(logo=upload(b"no picture", "logo.png")))
        assert answer.status_code == 422
        assert "no picture" in answer.context["form"].errors["logo"][0]
        assert "Union of Pilots" in answer.content.decode()
        assert not Letterhead.objects.exists()

    def test_unknown_paper_is_refused(self, talks, address):
        answer = sign_in(talks.head).post(address, typed(paper="a3"))
        assert answer.status_code == 422

    def test_a_second_editor_sees_what_the_first_saved(self, talks, address):
        factories.set_letterhead(talks.negotiation, heading="Theirs")
        answer = sign_in(talks.head).post(address, typed(logo=upload(factories.picture())))
        page = answer.content.decode()
        assert answer.status_code == 409
        assert "Theirs" in page
        assert "Union of Pilots" in page
        assert 'name="version" value="1"' in page

    def test_who_may(self, talks, address):
        assert sign_in(talks.reader).get(address).status_code == 403
        assert sign_in(talks.recorder).post(address, typed()).status_code == 403
        assert sign_in(talks.stranger).get(address).status_code == 404
        assert Client().get(address).status_code == 302


class TestLogo:
    def test_members_get_the_picture_as_nothing_but_a_picture(self, talks, logo_address):
        factories.set_letterhead(talks.negotiation)
        answer = sign_in(talks.reader).get(logo_address)
        assert answer["Content-Type"] == "image/png"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert Image.open(io.BytesIO(answer.content)).format == "PNG"

    def test_a_stranger_and_a_missing_one_are_alike(self, talks, logo_address):
        assert sign_in(talks.reader).get(logo_address).status_code == 404
        factories.set_letterhead(talks.negotiation)
        assert sign_in(talks.stranger).get(logo_address).status_code == 404

    def test_a_lost_file_is_missing_and_no_fault(self, talks, logo_address):
        default_storage.delete(factories.set_letterhead(talks.negotiation).logo.name)
        assert sign_in(talks.reader).get(logo_address).status_code == 404
