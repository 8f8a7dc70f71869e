"""Queries by sound: how soon they are answered, and whether what a microphone hears finds its track."""
