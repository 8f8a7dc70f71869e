"""What everyone means by a track: ids, playlists, sources, networks, recipes, messages, errors, clock, telemetry."""
