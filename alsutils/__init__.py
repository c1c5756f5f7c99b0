"""Trial statistics for an open book on a phase 2 ALS trial, and for anyone's own trial."""
