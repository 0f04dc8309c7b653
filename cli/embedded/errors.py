"""What can go wrong with the embedded services, in words that name the way out."""


class EmbeddedError(Exception):
    """An embedded service cannot run here. No money is touched: nothing of Bursar has started yet."""
