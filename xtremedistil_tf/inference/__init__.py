"""Students in use: taggers, classifiers and answerers over any runtime."""
