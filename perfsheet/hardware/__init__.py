"""What is known about Tenstorrent boards, each fact with its source."""
