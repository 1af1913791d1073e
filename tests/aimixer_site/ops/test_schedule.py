"""Periodic work comes round, also after it failed."""

from threading import Event

from aimixer_site.ops import schedule
from aimixer_site.ops.schedule import Task


def test_each_task_runs_at_its_own_pace_until_told_to_stop() -> None:
    stop, calls = Event(), []

    def often() -> None:
        calls.append("often")
        if calls.count("often") == 5:
            stop.set()

    schedule.run([Task("often", often, 0.01), Task("rarely", lambda: calls.append("rarely"), 3600)], stop)
    assert calls.count("often") == 5
    assert calls.count("rarely") == 1


def test_a_task_that_fails_comes_round_again() -> None:
    stop, calls = Event(), []

    def fail() -> None:
        calls.append(1)
        if len(calls) == 3:
            stop.set()
        raise RuntimeError("Redis is away")

    schedule.run([Task("fail", fail, 0.01)], stop)
    assert len(calls) == 3


def test_the_site_reaps_every_few_seconds_publishes_boards_each_minute_and_sweeps_every_hour() -> None:
    planned = {task.name: task.every_s for task in schedule.tasks()}
    assert planned["mixing.services.jobs.reap"] == 5
    assert planned["mixing.services.uploads.sweep"] == 3600
    assert planned["tournament.services.ratings.recompute"] == 60
    assert planned["tournament.services.integrity.judge"] == 3600
