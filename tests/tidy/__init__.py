"""Our own rules as tests: what keeps a big system small is checked on each run, and each rule is itself tested."""
