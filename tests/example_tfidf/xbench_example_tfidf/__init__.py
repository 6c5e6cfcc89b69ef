"""A plugin of a model that is no transformer, and of the method that takes it."""
