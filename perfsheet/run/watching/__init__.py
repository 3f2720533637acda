"""What a run tells while it goes on: events of the target, its verdict, phases, and signs in the output."""
