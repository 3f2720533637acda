"""Examples of perfsheet: a TT-NN block to profile, and captures of it that a generator wrote."""
