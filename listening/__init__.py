"""Keeps what is played, and learns from it: who plays this plays that, too.

Plays come by the queue `plays`, whoever took them in; they end in the lake (`earshot.stores.plays_lake`), which is the
truth, and in each listener's recent plays (`earshot.stores.listeners_table`).
"""
