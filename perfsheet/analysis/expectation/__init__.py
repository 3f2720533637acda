"""What a fix can be expected to save, and the ground for that: a sibling, the best seen, or the rule's record."""
