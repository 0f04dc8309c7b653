"""The version that inbox rows are stamped with, so that a failure can be tied to the code that produced it (INBOX-3)."""

VERSION = "0.1.0"
