"""Where the files of a site stand that pages link to.

Sphinx loads these names with its extension, so nothing heavy is imported here.
"""

DOWNLOADS = "_downloads"
ALL = "results-and-tables.zip"
PDF = "book.pdf"
SLIDES = "slides"
CARD = "als-card.png"
CARD_SIZE = (1200, 630)  # pixels; what social networks show whole
NOT_FOUND = "404"
