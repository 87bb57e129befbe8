"""Chinese texts of city."""

TEXTS: dict[str, str] = {
    "problem.REPORT_OUT_OF_AREA": "这个位置不在青岛市的网格范围内，请在地图上重新选点。{hint}",
    "problem.CATEGORY_NOT_FOUND": "没有这个问题类别，请重新选择。",
    "problem.CONDITION_NOT_FOUND": "没有这个立案条件。",
    "city.service_name": "随手拍",
    "city.default.source": "默认城市（非官方）",
    "city.default.note": "街道边界由中心点和面积推算，单元网格为约 1 公里的方格；非官方边界，请导入正式网格替换。",
    "city.default.community": "{street}第 {number} 片区",
    "city.default.calendar_source": "国务院办公厅节假日安排（holidays 软件包）",
    "city.progress.units": "责任单位",
    "city.progress.areas": "区市与街道",
    "city.progress.cells": "单元网格",
    "city.progress.catalogue": "分类与立案条件",
    "city.progress.calendar": "工作日历",
    "unit_level.municipal": "市级",
    "unit_level.district": "区市级",
    "unit_level.street": "镇街级",
    "unit_level.enterprise": "企业",
}
