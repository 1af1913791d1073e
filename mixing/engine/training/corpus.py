"""Songs to learn from: folders of stems, each with its licence and with what is known of its human balance."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, get_args

from mixing.engine.errors import MixFailed
from mixing.engine.roles import Role
from mixing.engine.session_folder import AUDIO_EXTENSIONS, SONG_FILE, read_session_folder
from mixing.engine.training.licences import UNKNOWN, allows_weights, forbids_weights

Kind = Literal["real", "generated"]
HumanBalance = Literal["sum", "file"]
_BALANCES: Final = get_args(HumanBalance)
_KINDS: Final = get_args(Kind)
_SONGS: Final = "songs"
_READ_AT_ONCE: Final = 1 << 20


class StemFile(NamedTuple):
    """One stem: where it lies and what it is."""

    path: Path
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class SongEntry:
    """A song of a corpus.

    Parameters
    ----------
    id : str
        Unique in its corpus: the name of its folder, unless ``song.json`` says otherwise.
    folder : Path
    title, artist : str
        An artist that nobody names is empty, and then every song counts as one of its own.
    licence : str
        As it was written down, or ``unknown``.
    genre, source : str
        Words; empty where unknown.
    kind : Kind
        ``real``, or ``generated`` by the project itself.
    weights_may_ship : bool
        Whether weights that were trained on it may be published.
    human_balance : HumanBalance | None
        ``sum``: the plain sum of the stems is a person's balance; ``file``: ``human_mix`` is one (where it is the
        stems' sum as well, the stems carry it too); None: raw tracks.
    stems : tuple[StemFile, ...]
        In the song's order.
    human_mix : Path | None
    """

    id: str
    folder: Path
    title: str
    artist: str
    licence: str
    genre: str = ""
    kind: Kind = "real"
    weights_may_ship: bool
    human_balance: HumanBalance | None
    stems: tuple[StemFile, ...]
    human_mix: Path | None = None
    source: str = ""

    def stem_names(self) -> tuple[str, ...]:
        """What the stems are called in a session: their paths inside of the song's folder, unique."""
        return tuple(_relative(stem.path, self.folder) for stem in self.stems)


def read_corpus(folder: Path) -> list[SongEntry]:
    """Every song of ``folder``, sorted by id: ``folder/<song>/<stem files>``, each perhaps with a ``song.json``.

    A folder that holds stems itself is a corpus of one song; in one that has a ``songs`` folder, that is read.
    ``song.json`` is described in docs/song-json.md; a song without one has an unknown licence, and takes part in what
    stays in the house only. Folders without any sound are passed over.

    Raises
    ------
    MixFailed
        ``no_folder``, ``no_songs``, ``duplicate_song``, and what
        :func:`mixing.engine.session_folder.read_session_folder` says about a song, with its folder's name.
    """
    if not folder.is_dir():
        raise MixFailed("no_folder", f"There is no folder called {folder}.", field=str(folder))
    if (folder / _SONGS).is_dir():
        folder = folder / _SONGS
    folders = [folder] if _is_song(folder) else sorted(path for path in folder.iterdir() if _is_song(path))
    entries = [_named_errors(path) for path in folders]
    if not entries:
        raise MixFailed(
            "no_songs", f"{folder} holds no songs: put one folder of stems for each song in it.", field=str(folder)
        )
    seen: dict[str, Path] = {}
    for entry in entries:
        if entry.id in seen:
            where = f"{seen[entry.id].name} and {entry.folder.name}"
            raise MixFailed(
                "duplicate_song", f"{where} have the same id, {entry.id}: give one of them another.", field=entry.id
            )
        seen[entry.id] = entry.folder
    return sorted(entries, key=lambda entry: entry.id)


def with_human_balance(entries: list[SongEntry]) -> list[SongEntry]:
    """The songs whose stems stand in a person's balance, so that there is something to restore."""
    return [entry for entry in entries if entry.human_balance is not None]


def read_song(folder: Path) -> SongEntry:
    """One song; see :func:`read_corpus`.

    Raises
    ------
    MixFailed
        See :func:`mixing.engine.session_folder.read_session_folder`, and ``invalid_song_file``.
    """
    session = read_session_folder(folder)
    song = _song_file(folder)
    licence = _text(song, "licence") or UNKNOWN
    stated = song.get("weights_may_ship")
    allowed = allows_weights(licence) if stated is None else bool(stated) and not forbids_weights(licence)
    balance, kind = song.get("human_balance"), song.get("kind", "real")
    if balance is not None and balance not in _BALANCES:
        raise _bad(f'human_balance is {balance!r}; it is "sum", "file" or null')
    if kind not in _KINDS:
        raise _bad(f'kind is {kind!r}; it is "real" or "generated"')
    return SongEntry(
        id=_text(song, "id") or folder.resolve().name,
        folder=folder,
        title=session.title,
        artist=_text(song, "artist"),
        licence=licence,
        genre=_text(song, "genre"),
        kind=kind,
        weights_may_ship=allowed,
        human_balance=balance,
        stems=tuple(StemFile(folder / stem.name, stem.role) for stem in session.stems),
        human_mix=_human_mix(folder, song, balance),
        source=_text(song, "source"),
    )


def content_hash(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_READ_AT_ONCE):
            digest.update(block)
    return digest.hexdigest()


def _is_song(path: Path) -> bool:
    if not path.is_dir() or path.name.startswith((".", "_")):
        return False
    return (path / SONG_FILE).exists() or any(
        file.suffix.lower() in AUDIO_EXTENSIONS and not file.name.startswith((".", "_")) for file in path.iterdir()
    )


def _named_errors(folder: Path) -> SongEntry:
    try:
        return read_song(folder)
    except MixFailed as error:
        raise MixFailed(error.code, f"{folder.name}: {error.message}", field=folder.name) from None


def _song_file(folder: Path) -> Mapping[str, Any]:
    path = folder / SONG_FILE
    return dict(json.loads(path.read_text(encoding="utf-8-sig"))) if path.exists() else {}


def _human_mix(folder: Path, song: Mapping[str, Any], balance: object) -> Path | None:
    name = song.get("human_mix")
    if name is None:
        if balance == "file":
            raise _bad('human_balance is "file", but human_mix names none')
        return None
    path = folder / str(name)
    if not path.is_file() or not path.resolve().is_relative_to(folder.resolve()):
        raise _bad(f"human_mix is {str(name)!r}, and no such file is in the folder")
    return path


def _text(song: Mapping[str, Any], key: str) -> str:
    value = song.get(key)
    return value.strip() if isinstance(value, str) else ""


def _relative(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name


def _bad(what: str) -> MixFailed:
    return MixFailed("invalid_song_file", f"{SONG_FILE} cannot be used: {what}.", field=SONG_FILE)
