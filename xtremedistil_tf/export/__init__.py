"""A student in the formats of production: SavedModel, ONNX, TFLite."""
