"""Chinese texts of the command line."""

TEXTS: dict[str, str] = {
    "cli.version": "显示版本号。",
    "cli.city": "城市数据：单位、区域、网格、分类、日历。",
    "cli.journal": "办理日志。",
    "cli.migrate": "把数据库升级到最新结构。",
    "cli.migrated": "数据库结构已是最新。",
    "cli.city_load": "载入默认城市（青岛）中尚缺的部分。",
    "cli.serve": "启动 HTTP 服务。",
    "cli.run": "升级数据库，需要时载入默认城市，然后启动服务和后台任务。",
    "cli.worker": "只运行后台任务：时限、清理。",
    "cli.journal_verify": "校验每件的日志链，找出被改动、缺失或调换的记录。",
    "cli.number": "只校验这一件。",
    "cli.verifying": "校验日志",
    "cli.verified": "已校验 {count} 件，日志完整。",
    "cli.openapi": "写出 openapi/openapi.json 和 openapi/problems.md。",
    "cli.openapi_check": "只检查，与程序不一致时失败。",
    "cli.openapi_stale": "已过期：{files}；请运行 make openapi。",
    "journal.altered": "{number} 第 {seq} 条记录被改动",
    "journal.missing": "{number} 第 {seq} 条记录缺失",
    "journal.reordered": "{number} 第 {seq} 条记录顺序不对",
    "journal.text_altered": "{number} 第 {seq} 条记录的文字被改动",
}
