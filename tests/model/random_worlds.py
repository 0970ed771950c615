def world(seed, n): return ["W 0"]
