"""Distillation: stage plans, losses, schedules, teacher targets and the trainer."""
