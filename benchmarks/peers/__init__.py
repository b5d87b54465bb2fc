"""The systems that `benchmarks.speed` compares, each in a process and an environment of its own."""
