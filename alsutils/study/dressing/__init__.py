"""Tables of a simulated trial, dressed as CDISC ADaM: one module a dataset."""
