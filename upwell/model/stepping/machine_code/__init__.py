"""Programs and what runs them, in machine code by numba, which the modules of this folder need and no others."""
