"""Chinese texts of the search."""

TEXTS: dict[str, str] = {
    "problem.SEARCH_TOO_SHORT": "请至少输入一个两个字以上的词",
    "problem.SEARCH_FOR_PERSON": "不能按电话、证件或银行卡号码搜索，以保护个人信息；如为上报件编号，请核对后重新输入",
}
