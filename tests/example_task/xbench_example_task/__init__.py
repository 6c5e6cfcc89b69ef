"""A plugin of a task: what customers ask for."""
