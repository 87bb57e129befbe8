"""Chinese texts of analytics: what each figure means, and the refusals. docs/metrics.md carries the same words."""

_DURATIONS: dict[str, tuple[str, str, str, str]] = {
    "report_to_accept": ("上报至受理", "上报", "首次受理", "不予受理的件没有受理时间，不计入。"),
    "report_to_dispatch": ("上报至派遣", "上报", "首次派遣", "退回后再次派遣不改变首次派遣的时间。"),
    "report_to_feedback": (
        "上报至反馈",
        "上报",
        "处置单位首次反馈处置结果，市民即时可见",
        "不予受理、作废、撤回不算反馈；之后被返工的，数值不变，另计“反馈后返工”。",
    ),
    "report_to_close": ("上报至结案", "上报", "最后一次结案", "强制结案另列；重新办理后以最后一次结案为准。"),
    "handle": (
        "处置用时",
        "首次派遣到处置单位",
        "最后一次未被退回返工的反馈",
        "退回、挂账、缓办和督察核查期间不计；返工期间计入。",
    ),
    "stage_accept": ("受理阶段", "进入待受理", "离开待受理", "多次进入的相加；含不予受理的件。"),
    "stage_verify": ("核实阶段", "要求核实", "报告核实结果", "多次进入的相加；未经核实的件不计入。"),
    "stage_file": ("立案阶段", "受理", "立案", "多次进入的相加；核实期间不计。"),
    "stage_dispatch": ("派遣阶段", "立案，或处置单位退回", "派遣", "多次进入的相加；退回后的时间归派遣台。"),
    "stage_handle": ("处置阶段", "派遣", "反馈，或退回", "多次进入的相加；含挂账和缓办期间，从派遣而不是签收起算。"),
    "stage_review": ("督察阶段", "反馈", "督察通过，或返工", "多次进入的相加。"),
    "stage_check": ("核查阶段", "督察通过", "核查通过，或核查不通过", "多次进入的相加。"),
    "stage_close": ("结案阶段", "核查通过", "结案", "多次进入的相加。"),
    "held_by_unit": (
        "单位持有时长",
        "单位接到派遣",
        "单位交出：反馈、退回，或上报件终结",
        "以“件×单位”计数：一件先后经两个单位，各计各的；退回前的时间归退回的单位。含挂账和缓办期间。",
    ),
}

_FIGURES: dict[str, str] = {
    "reports": "所选时段和条件内的上报件数；按单位持有时长统计时，为涉及的上报件数",
    "n": "已完成、计入时长的件数；以下时长和比例都以它为准",
    "open": "起点已到、终点未到且仍可能到达的件数；尚未进入该阶段的件不在其中",
    "left_out": "不计入时长的件数，按原因分列；件数 = n + open + left_out（单位持有时长除外）",
    "min_s": "最短用时，秒；并给出该件编号，相同时取上报最早的一件；只与 n 和中位数一起看",
    "max_s": "最长用时，秒；并给出该件编号",
    "mean_s": "平均用时，秒",
    "quantiles": "分位数 p50、p75、p90、p95、p99：n 个用时从小到大排列，取第 ⌈q×n⌉ 个；是真实的一件，不插值",
    "with_open": "把未完成的件一并计入的中位数和 p90（Kaplan–Meier 估计）；没有未完成件时与普通分位数相同，"
    "未完成件太多、无从得知时为 null",
    "within": "n 件中用时不超过 1 小时、4 小时、24 小时的比例，恰好等于的算在内",
    "within_limit": "能判定的件中按期的比例：处置以最后一次未被返工的反馈对照处置期限，结案以最后一次结案对照结案期限",
    "judged": "能判定是否按期的件数；没有期限、或返工后仍在期限内办理的不判定",
    "overturned": "反馈后又被返工或核查不通过的件数，仅上报至反馈有此项",
    "longest_open": "未完成的件中已用时最长的秒数和编号",
    "rank": "按中位数从短到长的名次，并列同名次；n 小于 10 的不排名次",
    "zero": "分母为零时为 null，既不是 0 也不是 1",
}

TEXTS: dict[str, str] = {
    "problem.PERIOD_TOO_LONG": "统计时段为 {days} 天，最长 {max_days} 天，请缩短时段",
    "problem.PERIOD_INVERTED": "开始日期 {first_day} 晚于结束日期 {last_day}",
    "problem.FILTER_VALUE_UNKNOWN": "条件 {parameter} 没有这个值：{value}",
    "basis.reported": "按上报时间落在哪一天（北京时间）归入时段",
    "basis.closed": "按最后一次结案时间落在哪一天归入时段；已重新办理或作废的不在其中",
    "basis.due": "按现行期限（含延期）落在哪一天归入时段：上报至结案、督察、核查、结案阶段用结案期限，其余用处置期限；"
    "尚无期限的件不在其中",
    "clock_note.natural": "每一秒都算，含夜间和节假日",
    "clock_note.working": "只算工作日的工作时段（默认 8:00–12:00、14:00–18:00），按全市工作日历，含调休",
    "left_out.merged": "已并案",
    "left_out.withdrawn": "已撤回",
    "left_out.voided": "已作废",
    "left_out.rejected": "不予受理",
    "left_out.force_closed": "强制结案，单列",
    "left_out.not_passed": "尚未进入或未经过该阶段",
    "row.total": "合计",
    "row.unassigned": "未派遣",
    "row.unclassified": "未分类",
    "row.week": "{year}年第{week}周",
    "row.month": "{year}年{month}月",
    "row.hour": "{hour}时",
    "source.citizen": "市民上报",
    "source.inspector": "核查员上报",
    "source.service": "接入系统",
    "weekday.1": "周一",
    "weekday.2": "周二",
    "weekday.3": "周三",
    "weekday.4": "周四",
    "weekday.5": "周五",
    "weekday.6": "周六",
    "weekday.7": "周日",
}

for _key, (_name, _starts, _ends, _note) in _DURATIONS.items():
    TEXTS |= {
        f"duration.{_key}": _name,
        f"duration_starts.{_key}": _starts,
        f"duration_ends.{_key}": _ends,
        f"duration_note.{_key}": _note,
    }
TEXTS |= {f"figure.{_key}": _meaning for _key, _meaning in _FIGURES.items()}
