"""Chinese texts of media: why a photo is refused or not found."""

TEXTS: dict[str, str] = {
    "photo_kind.near": "近景",
    "photo_kind.far": "远景",
    "photo_kind.after": "处置后",
    "photo_kind.check": "核查",
    "photo_kind.other": "其他",
    "problem.PHOTO_TOO_LARGE": "照片文件超过 {max_mb} MB，请压缩后再上传。",
    "problem.PHOTO_FORMAT_UNSUPPORTED": "只支持 JPEG、PNG、WebP 和 HEIC 格式的照片。",
    "problem.PHOTO_UNREADABLE": "照片已损坏或不完整，请重新拍摄或重新选择。",
    "problem.PHOTO_TOO_MANY_PIXELS": "照片尺寸过大，请缩小到 {max_megapixels} 百万像素以内再上传。",
    "problem.PHOTO_POLYGLOT": "文件中除照片外还含有其他内容，请上传原始照片。",
    "problem.PHOTO_ONE_PER_REQUEST": "每次只能上传一张照片，请逐张上传。",
    "problem.PHOTO_SERVICE_BUSY": "正在处理的照片较多，请在 {retry_after_s} 秒后重试。",
    "problem.PHOTO_NOT_FOUND": "照片不存在或已过期，请重新上传。",
    "problem.PHOTO_TAKEN": "照片已经用于另一件上报，请重新拍摄或上传。",
    "problem.PHOTO_CLIENT_ID_REUSED": "同一个照片编号不能用于不同的照片。",
    "problem.PHOTO_LINK_INVALID": "照片链接无效或已过期，请刷新后重试。",
}
