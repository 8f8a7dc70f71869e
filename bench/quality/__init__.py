"""How good the answers are, by recipe and by what sources encode with (`make bench-quality`)."""
