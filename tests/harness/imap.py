"""A small real IMAP server for tests: one mailbox of messages, as much of the protocol as our reader speaks."""

from __future__ import annotations

import re
import socketserver
import threading
from dataclasses import dataclass, field


@dataclass
class ImapServer:
    """Use it as `with ImapServer([raw, ...]) as server`; `messages` are what is left, by uid."""

    raws: list[bytes] = field(default_factory=list)
    user: str = "bounces"
    password: str = "the-password"

    def __enter__(self) -> ImapServer:
        self.messages = dict(enumerate(self.raws, start=101))
        self._server = _Listener(("127.0.0.1", 0), _Session)
        self._server.mailbox = self
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def url(self, folder: str = "INBOX", password: str = "") -> str:
        """As BURSAR_MAIL_REPORTS_URL wants it."""
        return f"imap://{self.user}:{password or self.password}@127.0.0.1:{int(self._server.server_address[1])}/{folder}"


class _Listener(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    mailbox: ImapServer


class _Session(socketserver.StreamRequestHandler):
    server: _Listener

    def handle(self) -> None:
        """One client."""
        doomed: set[int] = set()
        box = self.server.mailbox
        self._say("* OK ready")
        while line := self.rfile.readline().decode().strip():
            tag, command, rest = [*line.split(" ", 2), ""][:3]
            ok = True
            if command == "CAPABILITY":
                self._say("* CAPABILITY IMAP4rev1")
            elif command == "LOGIN":
                ok = rest.replace('"', "") == f"{box.user} {box.password}"
            elif command == "SELECT":
                ok = rest == '"INBOX"'
                self._say(f"* {len(box.messages)} EXISTS")
            elif rest.startswith("SEARCH"):
                self._say("* SEARCH " + " ".join(str(uid) for uid in box.messages))
            elif rest.startswith("FETCH"):
                self._fetch(int(rest.split()[1]))
            elif rest.startswith("STORE"):
                doomed |= {int(uid) for uid in re.findall(r"[0-9]+", rest.split()[1])}
            elif command == "EXPUNGE":
                for uid in doomed:
                    box.messages.pop(uid, None)
            self._say(f"{tag} {'OK done' if ok else 'NO refused'}")

    def _fetch(self, uid: int) -> None:
        raw = self.server.mailbox.messages[uid]
        self.wfile.write(f"* 1 FETCH (UID {uid} BODY[]<0> {{{len(raw)}}}\r\n".encode() + raw + b")\r\n")

    def _say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")
