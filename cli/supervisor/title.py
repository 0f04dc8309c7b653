"""What `ps -ef` shows for a forked process: it has its parent's command line until it writes its own over it.

Without a library and without a new program start, which would give up the memory that the children share: the kernel
reads the text from where it put the arguments, and that place is ours to write to.
"""

from __future__ import annotations

import ctypes
from pathlib import Path

_STAT, _CMDLINE = Path("/proc/self/stat"), Path("/proc/self/cmdline")
_ARG_START, _ARG_END = 45, 46
"""Fields 48 and 49 of proc(5), counted from the one after the name in brackets."""


def set_title(text: str) -> None:
    """Show `text` from now on, as much of it as the old command line has room for. Where that cannot be done, nothing."""
    fields = _STAT.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    start, end = int(fields[_ARG_START]), int(fields[_ARG_END])
    size = end - start
    # The kernel gives zeros to who may not know; and what is not the command line is not overwritten.
    if start == 0 or size < 1 or ctypes.string_at(start, size) != _CMDLINE.read_bytes():
        return
    ctypes.memmove(start, text.encode()[: size - 1].ljust(size, b"\0"), size)
