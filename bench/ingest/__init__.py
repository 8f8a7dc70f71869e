"""How fast music comes in: from a request, or a playlist, to what can be searched."""
