"""What to do about each refusal over HTTP, by its code: one sentence (Chinese) for who reads a problem+json."""

_REASONS = "请按 reasons 中每一项的提示修改后再提交"
_LATER = "请稍后重试；仍有问题请把 trace_id 告知区金融办"
_SAVE_AGAIN = "请用表格软件打开，另存为新的 .xlsx 后再导入"

WHAT_TO_DO: dict[str, str] = {
    "already_done": "无须再办，任务已完成",
    "already_resolved": "无须再办，处理结果见该案件的时间线",
    "asked_of_a_bank": "请等待该银行以 reply.task 回复，或请其回复",
    "bank_unknown": "请核对银行代码，须为银行名录中已登记的银行",
    "body_too_large": "请缩小请求体；较多的需求请分几次提交",
    "body_too_slow": "请检查网络后重发同一请求",
    "client_reserved": "请换一个名称",
    "columns_duplicate": "请把 reasons 中的每一列只留一个，其余删除或改名后再导入",
    "columns_missing": "请按清单模板补上 reasons 中的每一列后再导入",
    "consent_period": "请把有效期改为今天起两年以内的日期",
    "database_unavailable": "请稍后重发同一请求",
    "file_corrupt": _SAVE_AGAIN,
    "file_empty": "请确认选对了文件，填写后再导入",
    "file_missing": "请用 multipart/form-data 上传，把清单放在名为 file 的字段中",
    "file_not_a_table": "请选择 .xlsx 或 CSV 清单；其他格式请先另存为 .xlsx",
    "file_password": "请在表格软件中取消密码，保存后再导入",
    "file_too_large": "请只留清单所在的工作表，仍过大的拆成几份清单后再导入",
    "file_xls": "请在表格软件中另存为 .xlsx 后再导入",
    "forbidden": "请联系区金融办为这个密钥开通所需的权限",
    "has_nul": "请去掉地址中的空字符 U+0000（%00）",
    "header_missing": "请把清单模板的表头放在最上面的行，列名与模板一致",
    "http_error": "请核对请求的地址、方法和请求头",
    "id_reused": "内容不同的请求请换一个新的标识；重发同一请求请保持内容不变",
    "idempotency_key_required": "请自拟一个标识（如业务编号），写在请求头 Idempotency-Key 中，批量提交的写在每条的 id 中；"
    "新请求用新的，重发同一请求用同一个",
    "idempotency_key_reused": "内容不同的是新请求，请换一个新的标识；如为重发，请恢复与第一次完全相同的内容",
    "internal": _LATER,
    "invalid": _REASONS,
    "invalid_request": "请按 detail 和 reasons 中的提示修改后再提交",
    "link_expired": "请联系报送单位或区金融办，重新获取链接",
    "link_invalid": "请从收到的消息中重新打开或完整复制链接；仍打不开请联系报送单位或区金融办",
    "list_changed": "请重新导入这份清单",
    "list_empty": "请在表头下逐行填写需求后再导入",
    "list_unknown": "请核对清单编号 list_id；正在导入的请等导入完毕",
    "method_not_allowed": "请换用这个地址支持的方法，见响应头 Allow",
    "need_unknown": "请核对链接；仍打不开请联系报送单位或区金融办",
    "not_an_object": '请求体请写成 JSON 对象，如 {"name": …}',
    "not_found": "请核对地址，以及其中的编号",
    "not_json": "请改为有效的 JSON（UTF-8，不带 BOM，键不重复），见 reasons",
    "nothing_reported": "无须处理；该银行报告此事之后才可确认或提出异议",
    "offer_unknown": "请刷新页面，只对页面上列出的银行作出答复",
    "parked": "请联系区金融办处理后再提交",
    "routing_unknown": "请把 routing 改为 detail 中的一个可选值",
    "stopping": "请过几秒重发同一请求",
    "too_large": "请缩小请求体",
    "too_many_columns": "请删除模板以外的列和空列后再导入",
    "too_many_rows": "请删除数据以外的行；数据仍过多的拆成几份清单后再导入",
    "unauthorized": "请在请求头 Authorization 中写 Bearer 和有效的密钥；没有密钥请联系区金融办",
}


def what_to_do(code: str) -> str:
    """What to do about a code; of one that is not listed, to try again and say the trace id."""
    return WHAT_TO_DO.get(code, _LATER)
