"""What is said where something is not there."""

NO_BIOMARKERS = "This study has no biomarkers, so this section is empty."
NO_PAIR = (
    "This study names no pair of analytes to set against each other, so this section is empty."
)
NO_CHOICE = "This study has no two biomarkers to choose from, so this section is empty."
NO_WALL = (
    "There is no picture here, for in each arm some visits were kept by a few patients alone, of "
    "whom it would tell."
)
NOT_TOLD = "Cells that would tell of a few patients are empty."
NO_BATCH = "The data do not say on which plate or in which batch a sample was measured."
NO_COMPARISON = "No analyte has values enough above its limit to compare the arms."
