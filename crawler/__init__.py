"""Playlists become tracks, and tracks get their previews. Imports no numpy."""
