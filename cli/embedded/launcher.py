"""Becomes another user, asks the kernel to be told when the parent dies, then becomes the program it was given.

A script of its own, run as `python -I -S launcher.py UID:GID SIGNAL PARENT PROGRAM ARG...`, because a program must do
this between fork and exec, where a Python process with threads may not run code of its own. Standard library only;
nothing of the project is imported. `-` for UID:GID stays the same user.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(argv: list[str]) -> None:
    """Never returns: ends as the program, or with the exit code 127 and a line that says why."""
    owner, signal_number, parent, program = argv[0], int(argv[1]), int(argv[2]), argv[3:]
    if owner != "-":
        uid, gid = (int(part) for part in owner.split(":"))
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])  # a parent that waits for signals has them blocked
    # After setuid, which clears it.
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(0)  # the parent died before we asked: nobody waits for this program any more
    try:
        os.execv(program[0], program)  # noqa: S606 - no shell is the point
    except OSError as error:
        sys.stderr.write(f"cannot start {program[0]}: {error.strerror}\n")
        sys.exit(127)


if __name__ == "__main__":
    main(sys.argv[1:])
