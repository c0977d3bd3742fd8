"""Pictures in and out: decoding, orientation, modes, writing, fingerprints and hashes."""
