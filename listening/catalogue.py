"""The tracks that a co-listening table is for: those of the index, with what they say of themselves."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from earshot.index.arrays import Ids
from earshot.index.stored_rows import StoredRows
from earshot.index.transform import unit
from earshot.titles import artist_names, plain
from listening.models.cold import Features
from listening.models.interactions import Numbers

_UNKNOWN = -1


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue:
    """Tracks by id (n,), ascending, and their features."""

    ids: Ids
    features: Features

    @classmethod
    def of_index(cls, segments: StoredRows) -> Self:
        """Every living track: artist and album by name, sound by its vector."""
        ids: list[Ids] = []
        vectors: list[npt.NDArray[np.float32]] = []
        artists: list[str] = []
        albums: list[str] = []
        for segment, dead in segments:
            living = np.arange(segment.rows) if dead is None else np.flatnonzero(~dead)
            ids.append(segment.ids[living])
            vectors.append(unit(segment.vectors[living]))
            for row in living.tolist():
                track = segment.track(row)
                names = artist_names(track.artists)
                artists.append(names[0] if names else "")
                albums.append(f"{artists[-1]}\n{plain(track.album)}" if track.album else "")
        every = np.concatenate(ids) if ids else np.zeros(0, "S1")
        order = np.argsort(every)
        sound = np.concatenate(vectors)[order] if ids else None
        return cls(every[order], Features(_numbered(artists)[order], _numbered(albums)[order], sound))

    def with_tracks(self, ids: Ids) -> Self:
        """The same with the tracks `ids`, of which nothing is known where they are not in it."""
        every: Ids = np.union1d(self.ids, ids)
        at = np.searchsorted(every, self.ids)
        sound = self.features.sound
        if sound is not None:
            sound = np.zeros((len(every), sound.shape[1]), np.float32)
            sound[at] = self.features.sound
        artists, albums = np.full(len(every), _UNKNOWN), np.full(len(every), _UNKNOWN)
        artists[at], albums[at] = self.features.artists, self.features.albums
        return type(self)(every, Features(artists, albums, sound))


def _numbered(names: list[str]) -> Numbers:
    """A number for each name, the same for the same; -1 for none."""
    numbers = {name: number for number, name in enumerate(dict.fromkeys(filter(None, names)))}
    return np.array([numbers.get(name, _UNKNOWN) for name in names], np.intp)
