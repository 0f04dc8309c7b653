"""Facts: what a provider said, typed and free of its shapes. One dataclass per kind of object; handlers get these, never raw JSON."""
