"""Audio: decoding, resampling and the packed store of mono clips."""
