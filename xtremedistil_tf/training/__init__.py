"""Losses, schedules, stages and strategies, and the trainer that runs them."""
