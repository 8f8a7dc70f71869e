"""Which playlists can be crawled in this stage, asked before anything is queued: a refusal says what to do about it."""

import difflib
import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from earshot.errors import InvalidPlaylist
from earshot.folders import Folders
from earshot.playlists import PlaylistRef, parse_playlist
from earshot.sources import SOURCES
from earshot.web import Downloader


@dataclass(frozen=True, slots=True)
class Admission:
    """What a stage may crawl.

    `providers`: names of the sources that are on. `folders`: those that may be read. `web`: knows the hosts that lists
    are fetched from; it fetches nothing here. `servers`: names of those media servers of which the address is set.
    """

    stage: str
    providers: Collection[str]
    folders: Folders
    web: Downloader
    servers: Collection[str] = tuple(name for name, source in SOURCES.items() if source.is_server)

    def is_on(self, name: str) -> bool:
        """Whether something can be had from this source here."""
        return name in self.providers and (not SOURCES[name].is_server or name in self.servers)

    def understand(self, text: str) -> PlaylistRef:
        """The playlist that `text` names, which can be crawled here. On one machine ``~`` is the home of who runs it.

        Raises:
            InvalidPlaylist: it names none, or one that cannot be crawled in this stage.
            ForbiddenUrl: it is a list on a host that is not asked.
        """
        text = text.strip()
        bare = text.strip("'\"")
        if self.stage == "local" and (bare == "~" or bare.startswith("~/")):
            text = str(Path(bare).expanduser())
        ref = parse_playlist(text)
        self.check(ref)
        return ref

    def check(self, ref: PlaylistRef) -> None:
        """Nothing, if the playlist can be crawled here.

        Raises:
            InvalidPlaylist, ForbiddenUrl: see `understand`.
        """
        if not self.is_on(ref.source):
            raise source_is_off(ref, self.stage, self.providers)
        if ref.id.startswith("https://"):
            self.web.check(ref.id)
        elif ref.id.startswith("/"):
            self._check_place(Path(ref.id))

    def _check_place(self, path: Path) -> None:
        try:
            self.folders.allowed(path)
        except InvalidPlaylist:
            if self.stage == "local":
                raise
            raise InvalidPlaylist(
                f"{path}: functions in the cloud see no folder of yours",
                hint="Crawl it on your machine (make up; make crawl PLAYLIST=…), then carry the catalogue over: make "
                f"export, and make import STAGE={self.stage}. A list may also be given as an https URL.",
            ) from None
        if self.stage != "local" or os.path.lexists(path):  # elsewhere, who crawls has another disk
            return
        there = next(folder for folder in path.parents if folder.is_dir())
        missing = path.relative_to(there).parts[0]
        try:
            close = difflib.get_close_matches(missing, [entry.name for entry in there.iterdir()], 1, 0.6)
        except OSError:
            close = []
        meant = f"Did you mean {there / close[0]}? " if close else ""
        raise InvalidPlaylist(
            f"{path} does not exist: {there} holds no {missing!r}", hint=f"{meant}Is its disk mounted?"
        )


def source_is_off(ref: PlaylistRef, stage: str, providers: Collection[str]) -> InvalidPlaylist:
    """What to say of a playlist whose source is switched off."""
    return InvalidPlaylist(
        f"{ref} needs the source {ref.source!r}, which is switched off",
        hint=how_to_switch_on(ref.source, stage, providers),
    )


def how_to_switch_on(name: str, stage: str, providers: Collection[str]) -> str:
    """What to do in this stage, whose `providers` are on, to have the source of this name, too."""
    source = SOURCES[name]
    if source.is_server and name in providers:
        place = "Write that into config/media_servers.env, and start again: make up."
        return f"{source.wants} {place}" if stage == "local" else source.wants
    setting = f"EARSHOT_PROVIDERS={','.join((*providers, name))}"
    return " ".join(
        (
            f"Read the terms of {source.label} in docs/sources.md, then",
            f"put {setting} into config/crawler.env and start again: make up."
            if stage == "local"
            else f"deploy with it: {setting} make deploy STAGE={stage}.",
            *((source.wants,) if source.wants else ()),
        )
    )
