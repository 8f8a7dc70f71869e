"""The laboratory: judges recipes on music held out, tells what is better from what is noise, and names the champion."""
