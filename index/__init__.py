"""Articles in, passages out: reading, parsing, cutting, embedding and storing. Never imports `qa`."""
