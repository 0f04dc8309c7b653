"""The operator's command line, the embedded services and the supervisor. May use every room."""

from cli.own_packages import claim

claim()
