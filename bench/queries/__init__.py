"""Queries by sound: how soon they are answered while a crawl runs, and whether what a microphone hears finds its track."""
