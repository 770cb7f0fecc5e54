"""From what people have to a task folder, its data card and its check; no TensorFlow here."""
