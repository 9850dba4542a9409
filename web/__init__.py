"""HTTP in, one call, HTML or JSON out."""
