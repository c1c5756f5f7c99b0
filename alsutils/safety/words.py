"""What several sections say alike."""

NOTHING = "This study has no adverse events, so this section is empty."
