"""Exports of a mix: the list, asking for one, fetching it, deleting it."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from aimixer_site.ops.errors import DomainError
from mixing import access, pages
from mixing.models import Mix
from mixing.services import exports as service
from mixing.views.doors import SignedInRequest, signed_in, wants_json
from mixing.views.media import sound


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def exports(request: SignedInRequest, uuid: UUID) -> HttpResponseBase:
    """The list as a piece of the mix's page; a POST asks for one more."""
    mix = access.mix_for(request.user, uuid)
    if request.method != "POST":
        return render(request, "partials/_exports.html", pages.exports_of(mix))
    try:
        service.create(mix=mix, owner=request.user, kind=request.POST.get("kind", ""))
    except DomainError as error:
        if wants_json(request):
            raise
        context = pages.mix_page(mix) | {"error": error.as_dict()}
        return render(request, "mixing/mix.html", context, status=error.status)
    return _done(request, mix)


@require_safe
@signed_in
def download(request: SignedInRequest, uuid: UUID) -> HttpResponseBase:
    export = access.export_for(request.user, uuid)
    content_type = service.FORMS[export.kind].content_type
    return sound(request, export.path, content_type, service.download_name(export))


@require_POST
@signed_in
def delete(request: SignedInRequest, uuid: UUID) -> HttpResponseBase:
    export = access.export_for(request.user, uuid)
    service.delete(export=export)
    return _done(request, export.mix)


def _done(request: SignedInRequest, mix: Mix) -> HttpResponseBase:
    if wants_json(request):
        return HttpResponse(status=204)
    return redirect(f"{reverse('mixing:mix', args=[mix.uuid])}#exports")
