"""With a DSN, what breaks is reported, without what people would mind."""

import sentry_sdk
from sentry_sdk.transport import Transport

from aimixer_site.ops import error_reports


class Kept(Transport):
    envelopes: list = []

    def capture_envelope(self, envelope: object) -> None:
        self.envelopes.append(envelope)


def test_an_exception_is_reported_without_personal_data(monkeypatch) -> None:
    started = {}
    init = sentry_sdk.init

    def init_with_our_transport(**options: object) -> None:
        started.update(options)
        init(transport=Kept, **options)

    monkeypatch.setattr(sentry_sdk, "init", init_with_our_transport)
    try:
        error_reports.start(dsn="https://key@example.invalid/1", environment="test")
        try:
            raise LookupError("the stem went missing")
        except LookupError as error:
            sentry_sdk.capture_exception(error)
    finally:
        init(dsn=None)
    assert started["send_default_pii"] is False
    event = Kept.envelopes[-1].get_event()
    assert event["environment"] == "test"
    assert event["exception"]["values"][0]["value"] == "the stem went missing"
