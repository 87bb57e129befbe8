"""Chinese texts of queues, saved filters and templates of reasons."""

TEXTS: dict[str, str] = {
    "queue.acceptance": "受理台",
    "queue.dispatch": "派遣台",
    "queue.inspection": "核查台",
    "queue.unit": "本单位",
    "problem.FILTER_NOT_FOUND": "没有这个筛选条件",
    "problem.FILTER_NAME_TAKEN": "您已有同名的筛选条件“{name}”，请换一个名称",
    "problem.TOO_MANY_FILTERS": "每人最多保存 {most} 个筛选条件，请先删除不用的",
    "problem.TEMPLATE_NOT_FOUND": "没有这条理由模板",
    "problem.TEMPLATE_EXISTS": "此操作已有相同内容的理由模板",
    "problem.TOO_MANY_TEMPLATES": "每种操作最多 {most} 条理由模板",
    "problem.ACTION_WITHOUT_REASON": "此操作不需要填写理由，不能设置理由模板",
    "problem.QUEUE_NOT_FOUND": "没有这个工作队列",
    "problem.QUEUE_NOT_YOURS": "这个工作队列不在您的职责范围内",
    "problem.NOT_LEASED": "您没有领取此件",
    "problem.BAD_VERSION": 'If-Match 应为版本号，例如 "3"',
}
