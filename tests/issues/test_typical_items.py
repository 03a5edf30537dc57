"""A negotiation begins with the typical items of its kind, with a table, or with a pasted list."""

import json

import pytest
from django.conf import settings
from django.urls import reverse

from issues.pasting import read_items
from issues.typical import typical_items
from negotiations.models import Negotiation
from tests import factories

SCHEMES = json.loads((settings.BASE_DIR / "fixtures" / "schemes.json").read_text())
SLUGS = [row["fields"]["slug"] for row in SCHEMES if row["model"].endswith("statusscheme")]


def test_every_scheme_has_its_list():
    assert list(typical_items()) == SLUGS


@pytest.mark.parametrize("slug", SLUGS)
def test_a_list_can_be_pasted_as_it_is(slug):
    pasted = read_items(typical_items()[slug])
    assert pasted.errors == []
    assert len(pasted.items) > 5


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("begin", "page"),
    [
        ("typical", "issues/paste/?typical=eu-accession"),
        ("paste", "issues/paste/"),
        ("", "issues/paste/"),
        ("table", "import/"),
    ],
)
def test_a_new_negotiation_leads_to_its_beginning(client, begin, page):
    factories.make_scheme("eu-accession")
    client.force_login(factories.make_user())
    parties = {"code_1": "NO", "name_1": "Norway", "code_2": "EU", "name_2": "European Union"}
    words = {"rule": "parties", "round_word": "Round", "item_word": "Item", "freshness_months": "6"}
    typed = {"title": "Fish", "scheme": "eu-accession", "begin": begin} | parties | words
    answer = client.post(reverse("negotiations:negotiation_new"), typed)
    slug = Negotiation.objects.get().slug
    assert answer["Location"] == f"/negotiations/{slug}/{page}"


@pytest.mark.django_db
def test_the_list_stands_ready_to_be_edited(client):
    factories.make_scheme("eu-accession")
    talks = factories.make_talks()
    client.force_login(talks.head)
    paste = reverse("issues:issue_paste", args=[talks.slug])
    form = client.get(paste, {"typical": "eu-accession"}).context["form"]
    assert form["lines"].value().startswith("Ch. 1 Free movement of goods")
    client.post(paste, {"lines": form["lines"].value(), "heading": ""})
    assert talks.negotiation.issues.count() == 35
    assert talks.negotiation.issues.first().reference == "Ch. 1"


@pytest.mark.django_db
def test_an_unknown_kind_leaves_the_page_empty(client):
    talks = factories.make_talks()
    client.force_login(talks.head)
    page = client.get(reverse("issues:issue_paste", args=[talks.slug]), {"typical": "nonsense"})
    assert page.context["form"]["lines"].value() == ""
