"""Using the admin as a browser does: open a page, change what stands in its form, send it."""

from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from negotiations.models import User

from . import factories


def browser(user):
    client = Client()
    client.force_login(user)
    return client


def make_superuser(**fields):
    return factories.make_user(is_staff=True, is_superuser=True, **fields)


def make_staff(negotiation=None, role="head", party=None):
    """Staff with every model permission but no superuser, in `negotiation` if given."""
    user = factories.make_user(is_staff=True)
    user.user_permissions.set(Permission.objects.all())
    if negotiation:
        factories.add_member(negotiation, role, party, user=user)
    return User.objects.get(pk=user.pk)


def url(model, view="changelist", *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{view}", args=args)


def change_url(row):
    return url(type(row), "change", row.pk)


def typed(response):
    """Everything the form on the page would send."""
    data = {}
    for form in _forms(response.context):
        for field in form:
            _put(data, field.html_name, field.value())
            if field.field.show_hidden_initial:
                _put(data, field.html_initial_name, field.value())
    return data


def _forms(context):
    if "adminform" in context:
        yield context["adminform"].form
    formsets = [inline.formset for inline in context.get("inline_admin_formsets", ())]
    if "cl" in context:
        formsets.append(context["cl"].formset)
    for formset in formsets:
        yield formset.management_form
        yield from formset.forms


def _put(data, name, value):
    if value is not None and value is not False:
        data[name] = [str(getattr(v, "pk", v)) for v in value] if isinstance(value, list) else value


def send(client, address, **changes):
    """Open the page, change these fields (None: leave out) and send its form."""
    page = client.get(address, follow=True)
    data = typed(page) | changes
    target = page.redirect_chain[-1][0] if page.redirect_chain else address
    target = page.request["PATH_INFO"] + target if target.startswith("?") else target
    return client.post(target, {name: v for name, v in data.items() if v is not None})


def send_list(client, address, **changes):
    """The same for the rows of a list: `changes` are like `name="…"` for the first row."""
    page = client.get(address)
    rows = {f"form-0-{name}": value for name, value in changes.items()}
    return client.post(address, typed(page) | rows | {"_save": "Save"})


def act(client, model, action, *rows, **data):
    """Tick these rows of a list and run an action on them."""
    ticked = [row.pk for row in rows]
    data = {"action": action, "_selected_action": ticked, "index": 0} | data
    return client.post(url(model), data, follow=True)


def told(response):
    """The messages on the page."""
    return " ".join(str(message) for message in response.context["messages"])


def complaints(response):
    """What the page says about its form, in one line."""
    forms = list(_forms(response.context))
    return " ".join(
        str(error) for form in forms for found in form.errors.values() for error in found
    )
