"""The deployment checks: what would be silent, or fail only at run time, is found before a file is stored."""
