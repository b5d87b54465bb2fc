"""Articles in, passages out: reading, parsing, cutting, embedding, storing. Never imports `qa`."""
