"""Chinese texts about reports of one problem: what is shown before sending twice, and joining (我也遇到)."""

TEXTS: dict[str, str] = {
    "problem.POSSIBLE_DUPLICATES": (
        "附近已有 {count} 件同类上报尚未办结，可能是同一问题。可选“我也遇到”一起关注；确认不是同一问题，可继续上报"
    ),
    "problem.JOIN_TOKEN_INVALID": "“我也遇到”的凭据无效或已过期，请重新提交上报后再选",
    "problem.JOIN_OWN_REPORT": "这是您自己上报的问题，您已在关注",
    "problem.JOIN_REPORT_OVER": "该上报件已办结或已终止；问题仍在的，请重新上报",
    "problem.FOLLOWED_NOT_FOUND": "您没有关注这件上报",
    "duplicate.near": "位置相近",
    "duplicate.same_photo": "照片几乎相同",
    "timeline.joined": "您也遇到的问题：{step}",
}
