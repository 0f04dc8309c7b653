"""Central banks' rates of exchange: BNR's and the ECB's files, read once a working day. No login, no keys, nothing is sent."""
