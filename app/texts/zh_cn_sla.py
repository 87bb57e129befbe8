"""Chinese texts of limits and timers."""

TEXTS: dict[str, str] = {
    "timer_state.running": "计时中",
    "timer_state.paused": "已暂停",
    "timer_state.stopped": "已结束",
    "timer_state.cancelled": "已取消",
}
