"""What the main app may ask for, as dataclasses: its contracts (contracts/*.schema.json) are made from them."""
