"""What every output says the same way: number formats and sentences."""
