"""Stand-ins of BNR's and the ECB's files of rates of exchange, as a real HTTP server."""
