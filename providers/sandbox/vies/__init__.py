"""A stand-in of VIES: a real HTTP server that answers as the EU's does, its test service's numbers included."""
