"""Lists of tracks as people have them: playlists of players, tables of services, lines of text. Read and written here.

`read_list` takes the bytes of any of them; `write_list` writes the forms that players and other services take.
"""

from earshot.lists.reading import FORMS, MAX_LIST_BYTES, SUFFIXES, read_list
from earshot.lists.tracks import ListedTrack, TrackList
from earshot.lists.writing import MEDIA_TYPES, write_list

__all__ = ["FORMS", "MAX_LIST_BYTES", "MEDIA_TYPES", "SUFFIXES", "ListedTrack", "TrackList", "read_list", "write_list"]
