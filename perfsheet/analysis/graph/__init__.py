"""A graph report beside the times: the source, the memory and the accuracy of each op."""
