"""Media servers in somebody's own house: how each is asked, and what it says of songs. One file per protocol."""
