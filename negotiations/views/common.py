"""What the set-up pages share: answering a form, going back after an action, showing a conflict."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import wraps
from http import HTTPStatus
from typing import Any, TypeVar

from django import forms
from django.contrib import messages
from django.core.exceptions import BadRequest, ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme

from negotiations.exceptions import Conflict
from negotiations.forms import attempt
from negotiations.models import User

Made = TypeVar("Made")
Bound = TypeVar("Bound", bound=forms.BaseForm)
View = Callable[..., HttpResponse]


def sent_from(page: str) -> Callable[[View], View]:
    """For an action without a page of its own: a plain visit goes to `page`.

    Signing in again brings a person back to the address that was sent, which is such a visit.
    """

    def decorator(view: View) -> View:
        @wraps(view)
        def wrapper(request: HttpRequest, slug: str, **rest: Any) -> HttpResponse:
            if request.method != "POST":
                return redirect(page, slug)
            return view(request, slug, **rest)

        return wrapper

    return decorator


def sent(request: HttpRequest) -> QueryDict | None:
    """What a form is bound to: nothing on a visit, even an empty POST when it was sent."""
    return request.POST if request.method == "POST" else None


def step_from(request: HttpRequest) -> int:
    """Which way a row is to move. Raises BadRequest for anything but up and down."""
    try:
        return {"up": -1, "down": 1}[request.POST.get("step", "")]
    except KeyError as error:
        raise BadRequest("A row moves up or down.") from error


def page(
    request: HttpRequest, template: str, form: forms.BaseForm, context: Mapping[str, Any]
) -> HttpResponse:
    """The page with its form: 422 when something typed was refused, 409 beside a `conflict`."""
    status = HTTPStatus.OK
    if context.get("conflict"):
        status = HTTPStatus.CONFLICT
    elif form.is_bound and form.errors:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    return render(request, template, {**context, "form": form}, status=status)


def say_refusal(request: HttpRequest, write: Callable[[], object]) -> bool:
    """Run an action without fields; what the rules refuse becomes a message. Whether it ran."""
    try:
        write()
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
        return False
    return True


# --- A second editor ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Difference:
    """One field that reads differently in the two versions."""

    label: str
    theirs: str
    yours: str


@dataclass(frozen=True)
class ConflictView:
    """What somebody else saved meanwhile, beside what was typed."""

    by: User | None
    when: dt.datetime
    differences: list[Difference]


def attempt_guarded(
    form: Bound,
    write: Callable[[dict[str, Any]], Made],
    *,
    typed_from: Callable[[Any], Mapping[str, Any]],
    bind: Callable[[Mapping[str, Any]], Bound],
) -> tuple[Made | None, ConflictView | None]:
    """As `attempt`, for a form with a version: what was made, and the conflict if there is one.

    After a conflict the form carries the present version: sending it again applies it.
    """
    try:
        return attempt(form, write), None
    except Conflict as conflict:
        current: Any = conflict.current
        latest = current.history.select_related("history_user").first()
        form.data = form.data.copy()  # type: ignore[attr-defined]
        form.data["version"] = current.version  # type: ignore[index]
        theirs = bind(typed_from(current))
        return None, beside(form, theirs, by=latest.history_user, when=latest.history_date)


def beside(
    form: forms.BaseForm, theirs: forms.BaseForm, *, by: User | None, when: dt.datetime
) -> ConflictView:
    """What somebody saved, as the same form would hold it, beside the form that was sent."""
    theirs.full_clean()
    return ConflictView(by, when, list(_differences(theirs, form)))


def _differences(theirs: forms.BaseForm, yours: forms.BaseForm) -> Iterator[Difference]:
    for name, field in yours.fields.items():
        # Compared as understood, so that "2025-04-09" and "9 Apr 2025" are the same day.
        same = theirs.cleaned_data.get(name) == yours.cleaned_data.get(name)
        if name != "version" and not same:
            label = str(field.label or yours[name].label)
            yield Difference(label, _shown(theirs[name]), _shown(yours[name]))


def _shown(field: forms.BoundField) -> str:
    """What a field holds, in the words of its choices."""
    value = field.value()
    choices = getattr(field.field, "choices", None)
    if choices is None:
        return {True: "yes", False: "no"}.get(value, str(value or "")).strip() or "(empty)"
    values = value if isinstance(value, list) else [value]
    words = {str(key): str(label) for key, label in choices}
    return ", ".join(words.get(str(one), str(one)) for one in values if one) or "(none)"


def safe_path(request: HttpRequest, typed: str, otherwise: str) -> str:
    """`typed` if it is a path on this host, else `otherwise`."""
    ours = url_has_allowed_host_and_scheme(typed, {request.get_host()}, request.is_secure())
    return typed if typed.startswith("/") and ours else otherwise
