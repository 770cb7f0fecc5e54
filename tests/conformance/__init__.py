"""Every kind of student, on every kind of task, in every runtime."""
