"""Task-agnostic distillation: a small encoder learns a teacher's attention from raw text."""
