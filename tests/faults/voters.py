"""Listeners as programs: each listens to battle after battle and votes, over connections that may break at any time."""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tests.faults import fast_clock

LISTENED_S = 6.0
"""Of each side, on the arena's clock; five are needed."""
CHOICES = ("a", "b", "tie", "both_bad", "cant_tell")
WEIGHTS = (40, 30, 20, 5, 5)
DOUBLE_CLICK_EVERY = 8
TOO_SOON_EVERY = 16
COOKIE_OF_FORMS = "x" * 32
PAUSE_S = 0.2


@dataclass
class Journal:
    """What one voter was told: the choice by battle, of votes that were acknowledged and of those said to be known."""

    acknowledged: dict[str, str] = field(default_factory=dict)
    known_already: dict[str, str] = field(default_factory=dict)
    refusals: list[tuple[int, Any]] = field(default_factory=list)
    broken: list[tuple[int, Any]] = field(default_factory=list)
    lost_answers: int = 0
    answers: Counter[int] = field(default_factory=Counter)

    @property
    def votes(self) -> dict[str, str]:
        return self.known_already | self.acknowledged


class Line:
    """One connection with a session, opened again whenever it breaks."""

    def __init__(self, url: str, session: str, journal: Journal, give_up_at: float) -> None:
        parts = urlsplit(url)
        self.connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        self.headers = {
            "Content-Type": "application/json",
            "Cookie": f"sessionid={session}; csrftoken={COOKIE_OF_FORMS}",
            "X-CSRFToken": COOKIE_OF_FORMS,
        }
        self.journal = journal
        self.give_up_at = give_up_at

    def post(self, path: str, body: object) -> tuple[int, Any, bool]:
        """The answer, and whether an earlier try may have arrived without one: sent until the site answers."""
        unsure = False
        while True:
            assert time.monotonic() < self.give_up_at, f"{path} was not answered in time"
            try:
                self.connection.request("POST", path, json.dumps(body), self.headers)
                response = self.connection.getresponse()
                raw = response.read()
            except ConnectionRefusedError:
                self.connection.close()
            except (OSError, http.client.HTTPException):
                self.connection.close()
                self.journal.lost_answers += 1
                unsure = True
            else:
                self.journal.answers[response.status] += 1
                answer = json.loads(raw) if raw[:1] in (b"{", b"[") else raw.decode(errors="replace")[:500]
                if response.status < 500 and response.status != http.client.TOO_MANY_REQUESTS:
                    return response.status, answer, unsure
                self.journal.broken.append((response.status, answer))
                unsure = True
            time.sleep(PAUSE_S * random.uniform(0.5, 1.5))


class Voter(threading.Thread):
    """Judges battles one after another; what went wrong besides is kept in ``failure``."""

    def __init__(
        self, *, number: int, url: str, session: str, battles: list[str], done: threading.Semaphore, give_up_at: float
    ) -> None:
        super().__init__(daemon=True)
        self.journal = Journal()
        self.lines = [Line(url, session, self.journal, give_up_at) for _ in range(2)]
        self.random = random.Random(number)
        self.battles = self.random.sample(battles, len(battles))
        self.done = done
        self.failure: Exception | AssertionError | None = None

    def run(self) -> None:
        try:
            for turn, battle in enumerate(self.battles):
                self._judge(f"/api/v1/battles/{battle}", battle, turn)
                self.done.release()
        except (Exception, AssertionError) as error:
            self.failure = error

    def _judge(self, door: str, battle: str, turn: int) -> None:
        token = self._asked(f"{door}/ballot/", {})["token"]
        vote = {"token": token, "choice": self.random.choices(CHOICES, WEIGHTS)[0]}
        if turn % TOO_SOON_EVERY == 1:
            status, answer, _ = self.lines[0].post(f"{door}/vote/", vote)
            assert (status, answer["code"]) == (400, "listen_more"), (status, answer)
            self.journal.refusals.append((status, answer))
        self._listen(door, token)
        self._vote(f"{door}/vote/", battle, vote, twice=turn % DOUBLE_CLICK_EVERY == 3)

    def _listen(self, door: str, token: str) -> None:
        """Both sides, reported as a player does; a report whose answer was lost is followed by another one."""
        heard = {"token": token, "a": [[0.0, LISTENED_S]], "b": [[0.0, LISTENED_S]], "switches": 1}
        missing: object = True
        while missing:
            time.sleep(fast_clock.real_s(2 * LISTENED_S))
            missing = self._asked(f"{door}/heard/", heard)["missing"]

    def _vote(self, path: str, battle: str, vote: dict[str, str], *, twice: bool) -> None:
        told = [self._told(self.lines[0], path, vote)] if not twice else self._told_twice(path, vote)
        told.append(self._told(self.lines[0], path, vote) if self.random.random() < 0.1 else ("", False))
        codes = [code for code, _ in told if code]
        assert codes.count("voted") <= 1, f"{battle} was voted on twice: {codes}"
        assert "voted" in codes or any(unsure for _, unsure in told), f"{battle} was known before: {codes}"
        kept = self.journal.acknowledged if "voted" in codes else self.journal.known_already
        kept[battle] = vote["choice"]

    def _told_twice(self, path: str, vote: dict[str, str]) -> list[tuple[str, bool]]:
        """The same vote over two connections at once, as from two windows or a double click."""
        told: list[tuple[str, bool]] = []
        other = threading.Thread(target=lambda: told.append(self._told(self.lines[1], path, vote)))
        other.start()
        first = self._told(self.lines[0], path, vote)
        other.join()
        return [first, *told]

    def _told(self, line: Line, path: str, vote: dict[str, str]) -> tuple[str, bool]:
        status, answer, unsure = line.post(path, vote)
        if status == 201:
            return "voted", unsure
        self.journal.refusals.append((status, answer))
        assert status == 409, (status, answer)
        return str(answer["code"]), unsure

    def _asked(self, path: str, body: object) -> Any:
        status, answer, _ = self.lines[0].post(path, body)
        assert status == 200, f"{path}: {status} {answer!r}"
        return answer
