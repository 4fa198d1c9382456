"""nbgrader starts ``alembic`` by name; this makes it found when the environment was not activated."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def put_scripts_on_path() -> None:
    """Add the folder of this environment's commands to PATH, once."""
    folder = str(Path(sys.executable).parent)
    if folder not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([folder, os.environ.get("PATH", "")])
