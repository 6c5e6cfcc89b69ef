"""A plugin of a method that needs a library of its own: trees."""
