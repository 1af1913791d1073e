"""Whether anything that a client can get hold of before the vote tells who stands where: asked of a classifier.

The sound itself is left out, since it is what is judged; all around it is taken: pages, JSON, addresses, headers,
sizes, times, the heads of the files, and how loud they are.
"""

import json
import math
import random
import re
import shutil
import zlib
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile as sf
from django.conf import settings
from django.utils.http import parse_http_date

from mixing.engine.audio.loudness import LoudnessMeter
from mixing.models import Job, Mixer
from mixing.services import storage
from tests.tournament import factories
from tournament import jobs
from tournament.models import Battle
from tournament.services import battles, clip_files, preparation, queue
from tournament.services.battles import PublishedSide

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(1800)]

BATTLES, TRIALS, PLANTED = 1_000, 120, 240
REALLY = 4
"""Of one pair on these sides so many are truly prepared; the others are published with copies of their files."""
BUCKETS = 2**12
SECONDS = 1.5
_NEW_EACH_TIME = re.compile(r'name="(?:csrfmiddlewaretoken" value|csrf-token" content)="[^"]*"')
_WORD = re.compile(r"[A-Za-z0-9_.%-]+")


# ---- battles, each prepared by the worker's own code -----------------------------------------------------------------


@pytest.fixture
def workshop(media, monkeypatch):
    """A house song, three quick mixers, and a worker that renders each console once."""
    factories.mixers()
    keep = ("faders-up", "equal-loudness", "rough-mix")
    Mixer.objects.exclude(key__in=keep).update(is_active=False)
    assert Mixer.objects.filter(is_active=True).count() == len(keep)
    kept = Path(settings.MEDIA_ROOT).parent / "kept"
    kept.mkdir()
    monkeypatch.setattr(preparation, "render", rendered_once(kept, preparation.render))
    monkeypatch.setattr("mixing.events.announce", lambda uuid: None)
    return factories.sounding_song(seconds=SECONDS)


def rendered_once(kept, really):
    def render(stems, console, *, output, **rest):
        name = kept / f"{zlib.crc32(json.dumps(console.to_dict(), sort_keys=True).encode()):08x}.wav"
        if not name.exists():
            really(stems, console, output=output, **rest)
            shutil.copy(output, name)
        else:
            shutil.copy(name, output)

    return render


def prepared(battle):
    jobs.prepare(job_uuid=str(battle.job.uuid), attempt=1, request_id="r")
    ready = Battle.objects.select_related("job", "song", "mixer_a", "mixer_b").get(pk=battle.pk)
    assert ready.job.state == Job.State.DONE, ready.job.error_message
    return ready


def made_ready(battle, models):
    """Prepared by a worker, or published as a worker does with the files and the figures of one like it."""
    alike = models.setdefault((battle.purpose, battle.mixer_a_id, battle.mixer_b_id), [])
    if len(alike) < REALLY:
        alike.append(prepared(battle))
        return alike[-1]
    model = random.choice(alike)
    folder = clip_files.attempt_folder(battle, 1)
    for side in ("a.wav", "b.wav", "peaks"):
        shutil.copyfile(clip_files.clip_path(model, "a").with_name(side), folder / side)
    preparation._look_as_old(battle, model, [folder / side for side in ("a.wav", "b.wav", "peaks")])
    sides = [
        PublishedSide(version=version, parameters=console, clip_path=storage.relative(folder / name))
        for version, console, name in (
            (model.version_a, model.parameters_a, "a.wav"),
            (model.version_b, model.parameters_b, "b.wav"),
        )
    ]
    figures = SimpleNamespace(
        start_s=model.clip_start_s,
        duration_s=model.clip_duration_s,
        loudness_lufs=model.clip_lufs,
        loudness_gap_lu=model.loudness_gap_lu,
        sound_a=model.sound_a,
        sound_b=model.sound_b,
    )
    battles.publish_clips(battle=battle, side_a=sides[0], side_b=sides[1], clips=figures)
    ended = {"state": Job.State.DONE, "percent": 100.0, "sequence": model.job.sequence}
    Job.objects.filter(pk=battle.job_id).update(**ended)
    return Battle.objects.select_related("job", "song", "mixer_a", "mixer_b").get(pk=battle.pk)


def regular_battles(count, rng):
    """Drawn and tossed as the arena draws them."""
    songs, contenders = queue._songs(queue.timezone.now()), queue._entered()
    need = queue.Need(purpose=Battle.Purpose.REGULAR)
    models = {}
    return [made_ready(queue._make(need, songs, contenders, rng, queue.timezone.now()), models) for _ in range(count)]


def trials_among_battles(earlier, voter, rng):
    """One mixer twice, and repeats, and as many regular battles, all made in a mixed order.

    An anchor is left out: whoever listens is meant to hear it.
    """
    songs, contenders = queue._songs(queue.timezone.now()), queue._entered()
    needs = [queue.Need(purpose=purpose) for purpose in ("same", "regular", "regular") for _ in range(TRIALS // 2)]
    needs += [
        queue.Need(purpose=Battle.Purpose.REPEAT, voter=voter, earlier=battle)
        for battle in rng.sample(earlier, TRIALS // 2)
    ]
    rng.shuffle(needs)
    models, made = {}, []
    for need in needs:
        row = queue._make(need, songs, contenders, rng, queue.timezone.now())
        made.append(prepared(row) if row.repeats else made_ready(row, models))
    regular = [battle for battle in made if battle.purpose == Battle.Purpose.REGULAR]
    return [battle for battle in made if battle not in regular], regular


# ---- what a client sees ----------------------------------------------------------------------------------------------


def seen(client, battle):
    """Words and numbers of everything that is handed out before the vote."""
    page = client.get(f"/battles/{battle.uuid}/")
    told = client.get(f"/api/v1/battles/{battle.uuid}/").json()
    media = f"/media/battles/{battle.uuid}"
    heads = {name: client.head(f"{media}/{name}") for name in ("a.wav", "b.wav")}
    starts = {side: clip_files.clip_path(battle, side).read_bytes()[:44] for side in "ab"}
    data = json.loads(re.search(r'<script id="page"[^>]*>(.*?)</script>', page.content.decode(), re.S).group(1))
    words = Counter(_WORD.findall(_NEW_EACH_TIME.sub("", page.content.decode())))
    words.update(f"api:{word}" for word in _WORD.findall(json.dumps(told)))
    for name, head in heads.items():
        words.update(f"{name}:{field}:{value}" for field, value in head.items() if field not in _TIMED)
    words.update(f"{side}:{start.hex()}" for side, start in starts.items())
    words.update(f"{name}:{value}" for name, value in _header_words(page))
    return set(words), [
        *_sizes(heads),
        *_times(heads, told),
        *_numbers(data),
        len(page.content),
        page.content.count(b"<"),
    ]


_TIMED = ("ETag", "Last-Modified", "X-Request-ID", "Date", "Expires")


def _header_words(page):
    return ((name, value) for name, value in page.items() if name not in _TIMED)


def _sizes(heads):
    a, b = (int(heads[name]["Content-Length"]) for name in ("a.wav", "b.wav"))
    return [a, b, a - b]


def _times(heads, told):
    a, b = (parse_http_date(heads[name]["Last-Modified"]) for name in ("a.wav", "b.wav"))
    tags = [heads[name]["ETag"] for name in ("a.wav", "b.wav")]
    made = queue.datetime.fromisoformat(told["created_at"]).timestamp()
    return [a - b, float(tags[0] == tags[1]), a - made]


def _numbers(data):
    """Every number in the page's JSON, in order of its path."""
    found = []

    def walk(value):
        if isinstance(value, dict):
            for name in sorted(value):
                walk(value[name])
        elif isinstance(value, list):
            for entry in value:
                walk(entry)
        elif isinstance(value, int | float):
            found.append(float(value))

    walk(data)
    return found


def table(sights):
    """One row for each battle: hashed words, and numbers as they are."""
    hashed = np.zeros((len(sights), BUCKETS))
    for row, (words, _) in enumerate(sights):
        hashed[row, [zlib.crc32(word.encode()) % BUCKETS for word in words]] = 1.0
    return np.hstack([hashed, np.array([numbers for _, numbers in sights], dtype=float)])


# ---- the classifier --------------------------------------------------------------------------------------------------


def accuracy(features, labels, seed=0):
    """Of a logistic regression with a ridge, on the third of the battles that it did not learn from; and how many."""
    order = np.random.default_rng(seed).permutation(len(labels))
    learned, held_out = order[len(order) // 3 :], order[: len(order) // 3]
    spread = features[learned].std(axis=0)
    varying = features[:, spread > 1e-9]
    scaled = (varying - varying[learned].mean(axis=0)) / varying[learned].std(axis=0)
    scaled = np.clip(scaled, -5.0, 5.0)
    weights, bias = np.zeros(scaled.shape[1]), 0.0
    truth = labels[learned]
    rate = 1.0 / max(1.0, scaled.shape[1] / 8)
    for _ in range(300):
        error = 1.0 / (1.0 + np.exp(-(scaled[learned] @ weights + bias))) - truth
        weights -= rate * (scaled[learned].T @ error / len(truth) + 0.01 * weights)
        bias -= rate * error.mean()
    return float(((scaled[held_out] @ weights + bias > 0) == labels[held_out]).mean()), len(held_out)


def is_chance(share, count):
    """Whether it lies within the 95 % of a fair coin."""
    return abs(share - 0.5) <= 1.96 * math.sqrt(0.25 / count)


def told_apart(features, fought):
    """How often it is told whether a mixer stands on A, over a classifier for each mixer; and of how many battles."""
    right = asked = 0.0
    for key in sorted({battle.mixer_a.key for battle in fought}):
        rows = [row for row, battle in enumerate(fought) if key in (battle.mixer_a.key, battle.mixer_b.key)]
        on_a = np.array([fought[row].mixer_a.key == key for row in rows], dtype=float)
        share, count = accuracy(features[rows], on_a)
        right, asked = right + share * count, asked + count
    # Each battle is asked of its two mixers, which is one coin and not two.
    return right / asked, round(asked / 2)


def loudness(path):
    samples, rate = sf.read(path, dtype="float32", always_2d=True)
    meter = LoudnessMeter(rate, 2)
    meter.push(np.ascontiguousarray(samples.T))
    return meter.integrated_lufs()


def test_nothing_tells_who_stands_where_nor_a_trial_from_a_battle(client, workshop):
    carol = factories.person("carol")
    client.force_login(carol)
    rng = random.Random()
    # One time in twenty chance itself lies outside of its 95 %; a leak does so again.
    for _ in range(2):
        fought = regular_battles(BATTLES - TRIALS, rng)
        trials, beside = trials_among_battles(fought, carol, rng)
        fought += beside
        sights = table([seen(client, battle) for battle in fought])
        by_side, of_sides = told_apart(sights, fought)
        mixed = np.vstack([sights[-len(beside) :], table([seen(client, trial) for trial in trials])])
        is_trial = np.repeat([0.0, 1.0], [len(beside), len(trials)])
        by_kind, of_kinds = accuracy(mixed, is_trial)
        print(f"sides {by_side:.3f} of {of_sides}, trials {by_kind:.3f} of {of_kinds}")  # noqa: T201
        if is_chance(by_side, of_sides) and is_chance(by_kind, of_kinds):
            break
    else:
        pytest.fail(f"sides {by_side:.3f} of {of_sides}, trials {by_kind:.3f} of {of_kinds}")
    for battle in [*fought[:12], *trials[:4], *trials[-4:]]:
        a, b = (loudness(clip_files.clip_path(battle, side)) for side in "ab")
        assert abs(a - b) <= 0.1


def _longer_clip(battle):
    """Two bytes more on one mixer's side, as a tag would add."""
    for side, mixer in (("a", battle.mixer_a), ("b", battle.mixer_b)):
        if mixer.key == "rough-mix":
            with clip_files.clip_path(battle, side).open("ab") as clip:
                clip.write(b"\0\0")


def _mixed_later(battle):
    """The clip of one mixer is written three seconds after the other."""
    for side, mixer in (("a", battle.mixer_a), ("b", battle.mixer_b)):
        if mixer.key == "faders-up":
            path = clip_files.clip_path(battle, side)
            later_s = path.stat().st_mtime + 3
            preparation.os.utime(path, (later_s, later_s))


def _loudness_of_one(battle):
    """A digit of the loudness that both were brought to depends on who is A."""
    digit = 0.1 if battle.mixer_a.key < battle.mixer_b.key else 0.0
    Battle.objects.filter(pk=battle.pk).update(clip_lufs=-14.0 - digit)


@pytest.mark.parametrize("plant", [_longer_clip, _mixed_later, _loudness_of_one])
def test_a_planted_leak_is_found(client, workshop, plant):
    client.force_login(factories.person("carol"))
    fought = regular_battles(PLANTED, random.Random())
    for battle in fought:
        plant(battle)
    share, count = told_apart(table([seen(client, battle) for battle in fought]), fought)
    assert share > 0.6
    assert not is_chance(share, count)
