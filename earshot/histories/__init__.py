"""What people have played before: the histories that ListenBrainz, Last.fm and Spotify give them, and tables.

`History` reads a file, a zip archive or a folder of these, of any size, and says of each record which play it is, or
why it is none.
"""

from earshot.histories.files import History
from earshot.histories.left_out import LeftOut, Wanted

__all__ = ["History", "LeftOut", "Wanted"]
