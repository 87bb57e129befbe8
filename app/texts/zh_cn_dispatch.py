"""Chinese texts of queues."""

TEXTS: dict[str, str] = {
    "queue.acceptance": "受理台",
    "queue.dispatch": "派遣台",
    "queue.inspection": "核查台",
    "queue.unit": "本单位",
    "problem.QUEUE_NOT_FOUND": "没有这个工作队列",
    "problem.QUEUE_NOT_YOURS": "这个工作队列不在您的职责范围内",
    "problem.NOT_LEASED": "您没有领取此件",
    "problem.BAD_VERSION": 'If-Match 应为版本号，例如 "3"',
}
