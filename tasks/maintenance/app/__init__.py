"""The main app's commands about upkeep."""
