"""The parts of pre-trained encoders of different kinds."""
