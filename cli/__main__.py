"""`python -m cli`: the command `earshot`."""

import sys

from cli import main

sys.exit(main(sys.argv[1:]))
