"""Chinese texts of identity: logging in, and the names people are shown under."""

TEXTS: dict[str, str] = {
    "identity.citizen_name": "热心市民",
    "identity.pseudonym": "市民-{tag}",
    "problem.TOKEN_EXPIRED": "登录已过期，请重新登录。",
    "problem.WRONG_CREDENTIALS": "用户名或密码不正确。",
    "problem.TOO_MANY_ATTEMPTS": "密码错误次数过多，请在 {retry_after_s} 秒后再试。",
    "problem.WECHAT_CODE_INVALID": "微信登录凭证无效或已过期，请重新登录。",
    "problem.WECHAT_BUSY": "微信登录服务繁忙，请稍后再试。",
    "problem.WECHAT_RATE_LIMITED": "登录过于频繁，请稍后再试。",
    "problem.WECHAT_REFUSED": "微信登录暂时不可用，请联系管理员。",
    "problem.WECHAT_USER_BLOCKED": "微信判定该账号存在风险，暂时无法登录。",
    "problem.ACCOUNT_INACTIVE": "该账号已停用，请联系管理员。",
    "problem.PERMISSION_MISSING": "您的账号没有进行此操作的权限。",
    "problem.LOGIN_NAME_TAKEN": "登录名 {login_name} 已被使用。",
    "problem.PASSWORD_TOO_SHORT": "密码至少需要 {min_length} 个字符。",
}
