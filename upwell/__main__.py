"""python -m upwell is the upwell command."""

import sys

from upwell.cli import main

sys.exit(main())
