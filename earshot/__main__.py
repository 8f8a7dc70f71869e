"""`python -m earshot`: see `earshot.cli`."""

import sys

from earshot.cli import main

sys.exit(main(sys.argv[1:]))
