"""Measurements on shared development data; nothing here is imported by the project."""
