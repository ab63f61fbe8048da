"""``python -m synthem`` is the command ``synthem``."""

import sys

from synthem.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
