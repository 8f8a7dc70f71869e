"""Asks others what is known of tracks: a module for each of `earshot.enrichers`, and `learning`, which asks them."""
