"""The same API on one machine: an ASGI door, and a person's own files played from disk."""
