"""Pages that compose the other apps, and those about the site itself."""
