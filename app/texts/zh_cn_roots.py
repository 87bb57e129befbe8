"""Chinese texts: why the program refuses to start, and the pages of all problems."""

TEXTS: dict[str, str] = {
    "settings.unknown": "不认识的设置：{names}。请改正拼写或删除，全部设置见 docs/configuration.md。",
    "settings.invalid": "设置 {name} 的值不可用：{reason}。",
    "settings.secret_missing": (
        "缺少密钥：监听地址 {host} 不是本机回环地址，请设置 SUISHOUPAI_SECRET_KEY（至少 {length} 个字符），"
        "或把密钥写入文件 {path}。"
    ),
    "settings.secret_short": "密钥太短：{source} 至少需要 {length} 个字符。",
    "settings.development_login": (
        "开发登录只能用于本机回环地址，而监听地址是 {host}。请设置 SUISHOUPAI_LOGIN_PROVIDER=wechat。"
    ),
    "settings.wechat_missing": (
        "缺少微信小程序的凭据：请设置 SUISHOUPAI_WECHAT_APP_ID 和 SUISHOUPAI_WECHAT_SECRET，"
        "或在本机试用时设置 SUISHOUPAI_LOGIN_PROVIDER=development。"
    ),
    "settings.s3_missing": "设置了 SUISHOUPAI_S3_BUCKET，还缺少：{names}。",
    "problem_docs.title": "错误说明",
    "problem_docs.introduction": (
        "每个错误以 application/problem+json（RFC 9457）返回：`code` 长期不变，供程序判断；`message` 可直接显示给用户；"
        "花括号中的内容由返回体中的同名字段给出；`request_id` 用于查找日志；`retryable` 表示稍后重试可能成功。"
    ),
    "problem_docs.retryable": "可稍后重试。",
}
