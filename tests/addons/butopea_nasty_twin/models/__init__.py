from . import nasty_twin
