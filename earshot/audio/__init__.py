"""Foreign audio by FFmpeg, for confined processes: what is opened, where it begins, which part of it is heard."""
