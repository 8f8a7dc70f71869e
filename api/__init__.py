"""HTTP: similar tracks, tracks, search, crawls and the page."""
