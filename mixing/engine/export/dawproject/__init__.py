"""DAWproject 1.0: a mix as a session that other workstations open. After the published schema of the format (MIT)."""

from mixing.engine.export.dawproject.reader import DawProject, read_dawproject
from mixing.engine.export.dawproject.writer import write_dawproject

__all__ = ["DawProject", "read_dawproject", "write_dawproject"]
