"""The models of the app as functions for `perfsheet bench`: each file is a model, run in the user's interpreter."""
