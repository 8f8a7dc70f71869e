"""How soon a folder has been looked through in which nothing has changed."""
