"""A transformer encoder block in TT-NN, the same block in numpy, and the pytest target that compares them."""
