"""Chinese texts of places: doubts about what a client sent as a position."""

TEXTS: dict[str, str] = {
    "place_hint.maybe": "如果这其实是{datum}，位置就在网格之内，请核对坐标系。",
    "place_hint.camera": "照片记录的拍摄位置与按{datum}理解的位置相符，请核对坐标系。",
    "place_hint.swapped": "经度和纬度可能填反了，交换后就在本市范围内。",
}
