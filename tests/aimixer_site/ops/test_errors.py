"""One shape for every error of the API, and a page for every error of a page."""

import json

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.test import RequestFactory
from rest_framework import exceptions, serializers
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from aimixer_site.ops.errors import DomainError
from aimixer_site.ops.middleware import DomainErrorMiddleware


def answer_to(error: Exception) -> Response:
    class View(APIView):
        authentication_classes = ()
        permission_classes = ()

        def get(self, request: HttpRequest) -> Response:
            raise error

    return View.as_view()(APIRequestFactory().get("/"))


@pytest.mark.parametrize(
    ("error", "status", "expected"),
    [
        (DomainError("too_loud", "It is too loud.", "gain_db", 422), 422, ("too_loud", "It is too loud.", "gain_db")),
        (Http404(), 404, ("not_found", "No Song matches the given query.", None)),
        (PermissionDenied(), 403, ("permission_denied", "You do not have permission to perform this action.", None)),
        (exceptions.NotAuthenticated(), 403, ("not_authenticated", None, None)),
        (exceptions.MethodNotAllowed("PUT"), 405, ("method_not_allowed", 'Method "PUT" not allowed.', None)),
        (exceptions.ParseError("Bad JSON."), 400, ("parse_error", "Bad JSON.", None)),
    ],
)
def test_every_error_has_a_code_a_message_and_a_field(
    error: Exception, status: int, expected: tuple[str, str | None, str | None]
) -> None:
    response = answer_to(error)
    assert response.status_code == status
    assert set(response.data) == {"code", "message", "field"}
    assert (response.data["code"], response.data["field"]) == (expected[0], expected[2])
    if expected[1] and not isinstance(error, Http404):
        assert response.data["message"] == expected[1]


def test_a_broken_input_names_its_field_however_deep() -> None:
    class Inner(serializers.Serializer):
        gain_db = serializers.FloatField(max_value=12)

    class Outer(serializers.Serializer):
        strips = Inner(many=True)

    asked = Outer(data={"strips": [{"gain_db": 0}, {"gain_db": 99}]})
    assert not asked.is_valid()
    response = answer_to(exceptions.ValidationError(asked.errors))
    assert response.data == {
        "code": "max_value",
        "message": "Ensure this value is less than or equal to 12.",
        "field": "strips.1.gain_db",
    }


def test_a_limit_says_when_to_come_back() -> None:
    response = answer_to(exceptions.Throttled(wait=7))
    assert response.status_code == 429
    assert response.data["code"] == "throttled"
    assert response["Retry-After"] == "7"


def test_a_script_of_a_page_gets_json() -> None:
    request = RequestFactory().post("/", headers={"Accept": "application/json"})
    error = DomainError("quota", "Your 20 GB are full.", "file", 413)
    response = DomainErrorMiddleware(lambda r: None).process_exception(request, error)
    assert response.status_code == 413
    assert json.loads(response.content) == {"code": "quota", "message": "Your 20 GB are full.", "field": "file"}


def test_other_exceptions_are_left_to_break() -> None:
    request = RequestFactory().get("/")
    assert DomainErrorMiddleware(lambda r: None).process_exception(request, ValueError()) is None
