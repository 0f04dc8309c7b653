"""A stateful stand-in of Stripe, in the shapes of the API version that the SDK pins; state in memory, one lock."""
