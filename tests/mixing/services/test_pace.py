from __future__ import annotations

from mixing.services.pace import HEARTBEAT_EVERY_S, News, Pace


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def walk(pace: Pace, clock: Clock, *, seconds: float, steps: int, stage: str = "Rendering") -> list[tuple[float, News]]:
    heard = []
    for step in range(1, steps + 1):
        clock.now_s = 100.0 + seconds * step / steps
        news = pace.news(step / steps, stage)
        if news is not None:
            heard.append((clock.now_s, news))
    return heard


def test_watchers_hear_of_it_at_most_four_times_in_any_second() -> None:
    clock = Clock()
    pace = Pace(clock)
    heard = [at for at, _ in walk(pace, clock, seconds=5.0, steps=1000)]

    assert max(sum(start <= at < start + 1.0 for at in heard) for start in heard) <= 4
    assert len(heard) >= 10, "a page that hears nothing looks dead"


def test_stages_that_race_past_are_held_back_to_four_a_second_as_well() -> None:
    clock = Clock()
    pace = Pace(clock)
    heard = []
    for step in range(40):
        clock.now_s = 100.0 + step / 40
        heard.append(pace.news(0.0, f"Stage {step}"))
    assert sum(news is not None for news in heard) == 4


def test_a_new_stage_is_told_at_once_and_the_last_word_is_never_lost() -> None:
    clock = Clock()
    pace = Pace(clock)
    assert pace.news(0.1, "Listening") is not None
    clock.now_s += 0.01
    assert pace.news(0.1001, "Listening") is None
    news = pace.news(0.1001, "Rendering")
    assert news is not None
    assert news.stage == "Rendering"


def test_the_percentage_never_falls() -> None:
    clock = Clock()
    pace = Pace(clock)
    pace.news(0.5, "Rendering")
    clock.now_s += 1.0
    assert pace.news(0.2, "Rendering") is None
    clock.now_s += 1.0
    news = pace.news(0.2, "Measuring")
    assert news is not None
    assert news.percent == 50.0


def test_the_time_to_go_is_unknown_at_the_start_and_then_what_elapsed_time_says() -> None:
    clock = Clock()
    pace = Pace(clock)
    first = pace.news(0.05, "Rendering")
    assert first is not None
    assert first.eta_s is None
    clock.now_s = 110.0
    # A quarter in ten seconds: thirty to go.
    later = pace.news(0.25, "Rendering")
    assert later is not None
    assert later.eta_s == 30.0
    clock.now_s = 120.0
    # Smoothed: 0.7 of (30 - 10) and 0.3 of 20.
    again = pace.news(0.5, "Rendering")
    assert again is not None
    assert again.eta_s is not None
    assert round(again.eta_s, 6) == 20.0


def test_the_heartbeat_is_due_also_when_nothing_changes() -> None:
    clock = Clock()
    pace = Pace(clock)
    pace.news(0.5, "Rendering")
    pace.wrote()
    clock.now_s += HEARTBEAT_EVERY_S - 0.1
    assert not pace.heartbeat_is_due()
    clock.now_s += 0.2
    assert pace.heartbeat_is_due()
