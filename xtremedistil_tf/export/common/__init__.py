"""Student weights as arrays, checks against Keras, and records of exports."""
