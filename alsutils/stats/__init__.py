"""Pure statistics on arrays and frames."""
