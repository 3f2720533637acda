"""The report as one HTML file: no library, no network, no text of a capture that could run."""
