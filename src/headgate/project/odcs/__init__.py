"""The Open Data Contract Standard 3.1: what an asset declares as such a contract, and back, without loss."""
