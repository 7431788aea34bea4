"""The odd clips of TESS, which a slice of upstream and the twin have alike."""

import pandas as pd

REMARKS = {
    "OAF_bite_neutral": "named OA_bite_neutral instead of OAF_bite_neutral",
    "OAF_food_fear": "96000 Hz, not 24414",
    "YAF_germ_angry": "AIFF data under the name .wav",
    "YAF_neat_fear": "AIFF data under the name .wav",
}


def remarks(manifest: pd.DataFrame) -> dict[str, str]:
    """clip_id -> remark of the clips that have one."""
    odd = manifest[manifest["remark"] != ""]
    return dict(zip(odd["clip_id"], odd["remark"], strict=True))
