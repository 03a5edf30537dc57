"""What moved in the Russia–US case, line by line, held against the collected facts.

The lines below were made by hand from the events of each item in the facts and the mapping's
written exceptions, never from what the program prints: the status each party had last given by
the end of the first round (27 Feb 2025), of the second (10 Apr 2025) and today, and the event
that gave it. Where a party gave none, the day of its last word on the item stands instead.
"""

from typing import NamedTuple

import time_machine
from django.urls import reverse

from negotiations.dates import date_text
from tests import factories

from .reading import row_of
from .test_fixture_case import CaseTest


class Moved(NamedTuple):
    """An item, from where to where, whose word it was before and after, and what did it."""

    item: str
    step: str
    before: str
    after: str
    did_it: str


NOBODY = "RU nothing; US nothing"

FIRST_TO_SECOND = [
    # The US account of 27 February has first steps, the Russian one agreed steps: they differ.
    Moved(
        "Banking and financing of the diplomatic missions",
        "Under discussion → Agreed ▲ now confirmed",
        "differ: RU Agreed in principle 27 Feb 2025; US Under discussion 27 Feb 2025",
        "separate: RU Agreed 10 Apr 2025; US Agreed 10 Apr 2025",
        "US 10 Apr 2025, The Global 24; RU 10 Apr 2025, Mangalorean (after Xinhua)",
    ),
    Moved(
        "Guarantees of financial transactions between the two capitals",
        "Agreed ▲ new",
        NOBODY,
        "only: RU Agreed 10 Apr 2025; US nothing",
        "RU 10 Apr 2025, Mangalorean (after Xinhua)",
    ),
    # The weaker press report of the same day stands beside Russia's word, not in it.
    Moved(
        "Russian contributions to the UN and other international organisations",
        "Agreed ▲ new",
        "RU spoke 5 Dec 2022; US nothing",
        "only: RU Agreed 10 Apr 2025; US nothing",
        "RU 10 Apr 2025, Mangalorean (after Xinhua)",
    ),
    Moved(
        "Visas for diplomatic personnel",
        "Agreed in principle ▲ new",
        NOBODY,
        "only: RU Agreed in principle 10 Apr 2025; US nothing",
        "RU 10 Apr 2025, TASS",
    ),
    Moved(
        "Visas for ordinary citizens",
        "Raised ▲ new",
        "RU nothing; US spoke 24 Oct 2021",
        "only: RU Raised 27 Mar 2025; US spoke 24 Oct 2021",
        "RU 27 Mar 2025, Sputnik",
    ),
    Moved(
        "Restrictions on diplomats' travel in the host country",
        "Agreed in principle ▲ new",
        "RU spoke Jun 2021; US nothing",
        "only: RU Agreed in principle 10 Apr 2025; US nothing",
        "RU 10 Apr 2025, TASS",
    ),
    Moved(
        "25-mile rule for Russian diplomats in the US",
        "Raised ▲ new",
        "RU spoke 2023; US spoke Dec 2022",
        "only: RU Raised 9 Apr 2025; US spoke Dec 2022",
        "RU 9 Apr 2025, Türkiye Scoop",
    ),
    Moved(
        "Russian ban on hiring local staff",
        "Raised ▲ new",
        "RU spoke 25 Jun 2021; US spoke 30 Jul 2021",
        "only: RU spoke 25 Jun 2021; US Raised 10 Apr 2025",
        "US 10 Apr 2025, Sputnik Chinese (via bole90)",
    ),
    # Agreed on 18 Feb by Lavrov; on 27 Feb the agrément; on 26 Mar the ambassador took up his post.
    Moved(
        "Appointment of ambassadors",
        "Agreed → Being implemented ▲",
        "only: RU Agreed 27 Feb 2025; US nothing",
        "only: RU Being implemented 26 Mar 2025; US nothing",
        "RU 26 Mar 2025, TASS",
    ),
    # The understanding is about the road map alone: the return stays under discussion.
    Moved(
        "Road map for the return of the six premises",
        "Agreed ▲ new",
        NOBODY,
        "only: RU Agreed 10 Apr 2025; US nothing",
        "RU 10 Apr 2025, Türkiye Today",
    ),
]

SECOND_TO_TODAY = [
    Moved(
        "Russian contributions to the UN and other international organisations",
        "Agreed → Being implemented ▲",
        "only: RU Agreed 10 Apr 2025; US nothing",
        "only: RU Being implemented 13 Feb 2026; US nothing",
        "RU 13 Feb 2026, RNTI (after RIA Novosti)",
    ),
    Moved(
        "Visas for diplomatic personnel",
        "Agreed in principle → Being implemented ▲",
        "only: RU Agreed in principle 10 Apr 2025; US nothing",
        "only: RU Being implemented 24 Dec 2025; US nothing",
        "RU 24 Dec 2025, TASS",
    ),
    Moved(
        "US visas for Russian UN diplomats and UN staff",
        "Raised ▲ new",
        NOBODY,
        "only: RU Raised 15 Apr 2025; US nothing",
        "RU 15 Apr 2025, Kommersant interview (via News-Pravda)",
    ),
    Moved(
        "Visas for ordinary citizens",
        "Raised → Under discussion ▲",
        "only: RU Raised 27 Mar 2025; US spoke 24 Oct 2021",
        "only: RU Under discussion 11 Jun 2025; US spoke 24 Oct 2021",
        "RU 11 Jun 2025, News-Pravda (after TASS)",
    ),
    Moved(
        "Restrictions on diplomats' travel in the host country",
        "Agreed in principle → Being implemented ▲",
        "only: RU Agreed in principle 10 Apr 2025; US nothing",
        "only: RU Being implemented 24 Dec 2025; US nothing",
        "RU 24 Dec 2025, TASS",
    ),
    Moved(
        "25-mile rule for Russian diplomats in the US",
        "Raised → Agreed ▲",
        "only: RU Raised 9 Apr 2025; US spoke Dec 2022",
        "only: RU Agreed 19 Nov 2025; US spoke Dec 2022",
        "RU 19 Nov 2025, RIA Novosti",
    ),
    Moved(
        "41-km zone for US diplomats in Russia",
        "Agreed ▲ new",
        "RU spoke 9 Apr 2025; US spoke Dec 2022",
        "only: RU Agreed 19 Nov 2025; US spoke Dec 2022",
        "RU 19 Nov 2025, RIA Novosti",
    ),
    Moved(
        "Notification or permission for trips beyond the zone",
        "Agreed ▲ new",
        "RU spoke 2023; US spoke Dec 2022",
        "only: RU Agreed 19 Nov 2025; US spoke Dec 2022",
        "RU 19 Nov 2025, RIA Novosti",
    ),
    Moved(
        "Limits on contacts with Russian diplomats",
        "Raised ▲ new",
        NOBODY,
        "only: RU Raised 11 Jun 2025; US nothing",
        "RU 11 Jun 2025, Russian MFA summary (via News-Pravda)",
    ),
    Moved(
        "Return of Russian diplomatic property in the US",
        "Under discussion → Blocked ▼",
        "only: RU Under discussion 10 Apr 2025; US spoke 29 Dec 2016",
        "only: RU Blocked 24 Jun 2026; US spoke 29 Dec 2016",
        "RU 24 Jun 2026, Izvestia interview, Russian MFA summary (via pravda-news.xyz)",
    ),
    Moved(
        "Road map for the return of the six premises",
        "Agreed → Blocked ▼",
        "only: RU Agreed 10 Apr 2025; US nothing",
        "only: RU Blocked 19 Nov 2025; US nothing",
        "RU 19 Nov 2025, TASS",
    ),
    # Never open before: Blocked is neither up nor down.
    Moved(
        "Access for inspection and damage assessment",
        "Blocked new",
        NOBODY,
        "only: RU Blocked 19 Nov 2025; US nothing",
        "RU 19 Nov 2025, TASS",
    ),
    # Rubio's remark of April 2025 is a word without a status.
    Moved(
        "Direct flights between Russia and the United States",
        "Raised → Blocked ▼",
        "only: RU Raised 10 Apr 2025; US spoke 2 Mar 2022",
        "only: RU Blocked 24 Jun 2026; US spoke Apr 2025",
        "RU 24 Jun 2026, International Affairs / Izvestia",
    ),
    # The joint word of 18 Feb 2025 is still the US's own status.
    Moved(
        "Format, level and venue of the consultations",
        "Agreed → Under discussion ▼ now disputed",
        "joint: RU Agreed 18 Feb 2025; US Agreed 18 Feb 2025",
        "differ: RU Under discussion 9 Feb 2026; US Agreed 18 Feb 2025",
        "RU 9 Feb 2026, TASS",
    ),
]


def step(row):
    """ "Under discussion → Agreed ▲ now confirmed", of what the page has of it."""
    ends = [view.headline.label for view in (row.before, row.after) if view.headline]
    notes = {"new": row.moved.kind == "new", "now confirmed": row.moved.now_confirmed}
    notes |= {"now disputed": row.moved.now_disputed}
    said = [words for words, holds in notes.items() if holds]
    return " ".join([" → ".join(dict.fromkeys(ends)), *filter(None, [row.arrow]), *said])


def told(view, parties):
    """ "only: RU Agreed 10 Apr 2025; US nothing": the badge and each party's own word."""
    words = {word.party.code: word for word in view.words}
    said = "; ".join(f"{code} {_word(words.get(code))}" for code in parties)
    return f"{view.badge}: {said}" if view.badge else said


def _word(word):
    if word and word.status:
        return f"{word.status} {date_text(word.said_first, word.said_precision)}"
    if word and word.spoke_first:
        return f"spoke {date_text(word.spoke_first, word.spoke_precision)}"
    return "nothing"


def did_it(row):
    return "; ".join(
        f"{' '.join(party.code for party in line.parties)} {line.when}, "
        + ", ".join(source.text for source in line.sources)
        for line in row.lines
    )


@time_machine.travel("2026-11-23 12:00Z")
class MovedTest(CaseTest):
    def changes(self, start, end):
        self.client.force_login(factories.make_user("root", is_superuser=True))
        address = reverse("issues:changes", args=["russia-us"])
        return self.client.get(address, {"from": start, "to": end})

    def assert_moved(self, answer, expected):
        found = [
            Moved(
                row.issue.title,
                step(row),
                told(row.before, ("RU", "US")),
                told(row.after, ("RU", "US")),
                did_it(row),
            )
            for row in answer.context["changes"].rows
        ]
        assert [one.item for one in found] == [one.item for one in expected]
        for one, line in zip(found, expected, strict=True):
            assert one == line
        html = answer.content.decode()
        for line in expected:
            shown = row_of(html, line.item.replace("'", "&#x27;"))
            assert line.step.split(" ▲")[0].split(" ▼")[0].removesuffix(" new") in shown
            assert line.did_it.split(", ", 1)[1].split(";")[0] in shown

    def test_first_round_to_second(self):
        answer = self.changes("round-2", "round-3")
        self.assert_moved(answer, FIRST_TO_SECOND)
        totals = answer.context["changes"].totals
        assert totals == {"forward": 10, "new": 8, "confirmed": 1}

    def test_second_round_to_today(self):
        answer = self.changes("round-3", "now")
        self.assert_moved(answer, SECOND_TO_TODAY)
        totals = answer.context["changes"].totals
        assert totals == {"forward": 9, "new": 4, "back": 4, "blocked": 4, "disputed": 1}

    def test_what_new_words_did_not_move(self):
        """Banking, transfers, staffing, the ambassadors: more was said, nothing changed."""
        quiet = {
            name.title for name, _count in self.changes("round-3", "now").context["changes"].quiet
        }
        assert {
            "Banking and financing of the diplomatic missions",
            "Guarantees of financial transactions between the two capitals",
            "Staffing levels of the US Embassy in Moscow",
            "Appointment of ambassadors",
        } <= quiet
