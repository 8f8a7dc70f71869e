"""Who may have a preview of a track: web APIs asked one after another, the source's own first."""
