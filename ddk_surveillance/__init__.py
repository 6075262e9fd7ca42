"""Child-injury surveillance for a district: files in, incidents counted once, rates per 1000 out."""

__version__ = "0.1.0"
