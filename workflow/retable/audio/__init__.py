"""Audio: decoding, resampling and the packed store of clips."""
