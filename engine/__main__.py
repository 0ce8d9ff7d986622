"""The command line: `python -m engine COMMAND`."""

import sys

from engine.cli import main
from engine.cli.noise import keep_noise_out

if __name__ == "__main__":
    keep_noise_out()
    sys.exit(main(sys.argv[1:]))
