"""Chinese texts: who may call an endpoint, as the API's description says it."""

TEXTS: dict[str, str] = {
    "access.callers": "可调用：{callers}。",
    "access.anyone": "任何人，无需登录",
    "access.signed_in": "任何已登录的人",
    "access.with_rows": "{roles}（{rows}）",
    "rows.own": "本人上报的件",
    "rows.unit": "本单位负责的件",
    "rows.assisted": "本单位协办的件",
    "rows.area": "本辖区的件",
}
