"""Native charts: their points on a sheet of their own, where no sorting or filtering reaches them."""
