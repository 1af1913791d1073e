"""A person's settings: their name and the keys of their programs; and the links by which people bring others."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from django.conf import settings as site
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import access
from accounts.forms import ApiKeyForm, ProfileForm
from accounts.models import User
from accounts.services import api_keys, profile, referrals


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: HttpRequest) -> HttpResponse:
    user = cast(User, request.user)
    form = ProfileForm(request.POST or None, instance=user)
    if request.method == "POST" and form.is_valid():
        profile.rename(user=user, display_name=form.cleaned_data["display_name"])
        messages.success(request, "Your name is saved.")
        return redirect("accounts:settings")
    return _page(request, form=form)


@login_required
@require_POST
@never_cache
def api_key_create(request: HttpRequest) -> HttpResponse:
    """Answers with the page itself: the new key is in this one answer and is kept nowhere."""
    user = cast(User, request.user)
    form = ApiKeyForm(request.POST)
    if not form.is_valid():
        return _page(request, key_form=form, status=400)
    _row, key = api_keys.create(user=user, name=form.cleaned_data["name"])
    return _page(request, new_key=key)


@login_required
@require_POST
def api_key_revoke(request: HttpRequest, uuid: UUID) -> HttpResponse:
    api_keys.revoke(api_key=access.api_key_for(cast(User, request.user), uuid))
    messages.success(request, "The key is revoked.")
    return redirect("accounts:settings")


@require_safe
@never_cache
def join(request: HttpRequest, code: str) -> HttpResponse:
    """The link of somebody who brings others. Who has an account goes on; everybody else is asked to make one."""
    referrer = referrals.owner_of(code)
    if referrer is None:
        raise Http404
    if request.user.is_authenticated:
        return redirect(site.LOGIN_REDIRECT_URL)
    who = referrer.display_name or "A listener here"
    messages.info(request, f"{who} asks you to judge mixes by ear. Make an account, and begin with a battle.")
    response = redirect("account_signup")
    referrals.remember(response, referrer)
    return response


def _page(
    request: HttpRequest,
    *,
    form: ProfileForm | None = None,
    key_form: ApiKeyForm | None = None,
    new_key: str | None = None,
    status: int = 200,
) -> HttpResponse:
    user = cast(User, request.user)
    context = {
        "form": form or ProfileForm(instance=user),
        "key_form": key_form or ApiKeyForm(),
        "api_keys": access.api_keys_of(user),
        "new_key": new_key,
    }
    return render(request, "accounts/settings.html", context, status=status)
