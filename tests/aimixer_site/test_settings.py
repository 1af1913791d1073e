"""Settings come from the environment; what is missing or nonsense stops the site at its start, in words."""

import os
import subprocess
import sys

import pytest

PRODUCTION = {
    "AIMIXER_PRODUCTION": "yes",
    "AIMIXER_SECRET_KEY": "k7" * 40 + "xyzw!?",
    "AIMIXER_HOSTS": "mixer.example",
}


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AIMIXER_") or "VAR" in name}
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, env={**clean, **environment}, check=False
    )


def test_djangos_deployment_check_finds_nothing_to_warn_of() -> None:
    done = run("manage.py", "check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


def read(name: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return run("-c", f"from aimixer_site import settings; print(settings.{name})", **environment)


def test_production_needs_a_secret_key_and_says_how_to_give_one() -> None:
    done = read("DEBUG", AIMIXER_PRODUCTION="yes")
    assert done.returncode != 0
    assert "Set AIMIXER_SECRET_KEY, or AIMIXER_SECRET_KEY_FILE." in done.stderr


def test_a_secret_may_come_from_a_file(tmp_path) -> None:
    (tmp_path / "key").write_text("from-a-file\n")
    done = read("SECRET_KEY", AIMIXER_PRODUCTION="yes", AIMIXER_SECRET_KEY_FILE=str(tmp_path / "key"))
    assert done.stdout.strip() == "from-a-file"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("AIMIXER_DEBUG", "maybe", "it takes yes or no"),
        ("AIMIXER_JOB_LEASE_S", "soon", "it takes a whole number"),
        ("AIMIXER_JOB_LEASE_S", "1", "it goes from 5 to 600"),
        ("AIMIXER_DATABASE_URL", "mysql://localhost/x", "it takes sqlite or postgres"),
    ],
)
def test_nonsense_stops_the_site_at_its_start(name: str, value: str, words: str) -> None:
    done = read("DEBUG", **{name: value})
    assert done.returncode != 0
    assert words in done.stderr


def test_the_address_of_a_caller_is_the_one_that_the_server_in_front_names() -> None:
    assert read("ALLAUTH_TRUSTED_PROXY_COUNT").stdout.strip() == "0"
    assert read("ALLAUTH_TRUSTED_PROXY_COUNT", **PRODUCTION).stdout.strip() == "1"
    assert read("ALLAUTH_TRUSTED_PROXY_COUNT", AIMIXER_PROXIES="2", **PRODUCTION).stdout.strip() == "2"


def test_a_database_url_is_taken_apart() -> None:
    url = "postgres://me:p%40ss@%2Frun%2Fpg:5433/songs"
    done = read("DATABASES['default']", AIMIXER_DATABASE_URL=url)
    for part in ("'USER': 'me'", "'PASSWORD': 'p@ss'", "'HOST': '/run/pg'", "'PORT': '5433'", "'NAME': 'songs'"):
        assert part in done.stdout
    assert "postgresql" in done.stdout


def test_a_desk_keeps_its_own_secret_between_starts() -> None:
    first, second = read("SECRET_KEY").stdout, read("SECRET_KEY").stdout
    assert first == second
    assert len(first) > 60
