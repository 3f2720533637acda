"""What can be known of this machine without opening a device: nodes, boards, processes, checkouts."""
