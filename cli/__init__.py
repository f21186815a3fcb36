"""The front door: one click command a verb, one module a group of verbs."""
