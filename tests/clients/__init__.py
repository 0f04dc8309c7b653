"""The client, against its own fake and against real doors."""
