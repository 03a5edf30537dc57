"""Notes on an item for the own side. They are no entries, carry no status and count for nothing."""

from __future__ import annotations

from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from simple_history.models import HistoricalRecords

from negotiations.access import Viewer
from negotiations.models import Party, User
from negotiations.scopes import DELEGATION, MEMBERS, NAMED, PUBLIC

from .items import Issue


class NoteQuerySet(models.QuerySet["Note"]):
    def visible_to(self, viewer: Viewer) -> NoteQuerySet:
        """Those on items of the viewer's negotiation that are for the viewer."""
        shown = Issue.objects.visible_to(viewer)
        return self.filter(issue__in=shown.order_by()).in_sight_of(viewer)

    def in_sight_of(self, viewer: Viewer) -> NoteQuerySet:
        """For members, for the viewer's own delegation, or with the viewer among those named.

        Named is who was a member when named: somebody let in anew is not, nor is anybody who
        went over to another delegation than the author's. A superuser is named nowhere.
        """
        if viewer.scope.key == PUBLIC:
            return self.none()
        membership = viewer.membership.pk if viewer.membership else None
        return self.in_sight(viewer.scope.party_id, membership)

    def in_sight(self, side: int | None, membership: int | None) -> NoteQuerySet:
        """The same by ids, for prepared queries."""
        seen = Q(audience=MEMBERS)
        own = Q(audience_party=None)
        if side is not None:
            seen |= Q(audience=DELEGATION, audience_party=side)
            own |= Q(audience_party=side)
        if membership is not None:
            named = NotePerson.objects.filter(note=OuterRef("pk"), membership=membership)
            seen |= Q(Exists(named), own, audience=NAMED)
        return self.filter(seen)


class Note(models.Model):
    """What somebody noted on an item, in Markdown, with its audience from the first."""

    class Audience(models.TextChoices):
        MEMBERS = MEMBERS, "All members"
        DELEGATION = DELEGATION, "My delegation"
        NAMED = NAMED, "Only people I name"

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    issue = models.ForeignKey(Issue, models.PROTECT, related_name="notes")
    audience = models.CharField(max_length=10, choices=Audience.choices)
    # The author's delegation, also of what is for named people alone; none for who has none. It
    # holds nothing in place: a refusal to remove a party would tell of a note.
    audience_party = models.ForeignKey(
        Party,
        models.DO_NOTHING,
        null=True,
        blank=True,
        db_constraint=False,
        related_name="+",
    )
    text = models.TextField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    written_at = models.DateTimeField(default=timezone.now, editable=False)
    removed = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    history = HistoricalRecords(excluded_fields=["version"])

    objects = models.Manager.from_queryset(NoteQuerySet)()

    class Meta:
        ordering = ["-written_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(audience__in=["members", "delegation", "named"]),
                name="note_audience_is_known",
            ),
            models.CheckConstraint(
                condition=Q(audience="members", audience_party=None)
                | Q(audience="delegation", audience_party__isnull=False)
                | Q(audience="named"),
                name="note_party_of_a_delegation",
            ),
        ]

    def __str__(self) -> str:
        return f"Note of {self.author}"

    def get_absolute_url(self) -> str:
        issue = self.issue
        return reverse("issues:note", args=[issue.negotiation.slug, issue.address, self.uuid])

    @property
    def named(self) -> list[User]:
        """Who was named, by name; prefetch `people__user` for many notes."""
        return sorted((row.user for row in self.people.all()), key=str)


class NotePerson(models.Model):
    """One of those a note is for. It is for a membership: it ends with it and does not return."""

    note = models.ForeignKey(Note, models.PROTECT, related_name="people")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    membership = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint("note", "user", name="note_person_once")]

    def __str__(self) -> str:
        return str(self.user)
