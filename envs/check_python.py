"""Ends with a clear message where this Python cannot run Retable; runs on any Python."""

import sys

NEEDED = (3, 11)

if sys.version_info < NEEDED:
    sys.exit(
        "Retable needs Python %d.%d or newer; %s is Python %d.%d.\n"
        "Install a newer one and name it: make results PYTHON=python3.12"
        % (NEEDED + (sys.executable,) + tuple(sys.version_info[:2]))
    )
try:
    import ensurepip  # noqa: F401
    import venv  # noqa: F401
except ImportError:
    sys.exit(
        "This Python (%s) cannot make a virtual environment.\n"
        "On Debian or Ubuntu: apt-get install python%d.%d-venv"
        % ((sys.executable,) + tuple(sys.version_info[:2]))
    )
