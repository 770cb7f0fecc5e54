"""The jobs of the commands: distillation, fine-tuning, the teacher."""
