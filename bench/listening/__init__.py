"""What listening costs, and what it finds: `make bench-listening`. One module per question."""
