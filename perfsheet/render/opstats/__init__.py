"""Op statistics as a folder of CSV files and plots."""
