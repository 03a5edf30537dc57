"""Pages of the frame: setting a negotiation up and looking after it."""
