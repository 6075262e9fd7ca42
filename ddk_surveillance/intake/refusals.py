"""Every reason for which reading refuses a file: what happened and the next step, never the text of a cell."""

from collections.abc import Mapping

from ddk_surveillance.errors import FileRefused, Text

REFUSALS: Mapping[str, Text] = {
    "not_a_file": Text(
        "这是文件夹、快捷方式或设备，不是普通文件。请放入 Excel 或 CSV 文件本身。",
        "This is a folder, a link or a device, not an ordinary file. Send the Excel or CSV file itself.",
    ),
    "cannot_open": Text(
        "文件打不开（已被移走或没有读取权限）。请检查文件权限后重试。",
        "The file cannot be opened (moved away, or no permission). Check its permissions and try again.",
    ),
    "empty_file": Text(
        "文件是空的（没有任何内容）。请重新导出；本期确无事件时，请报送写明“本月无”的零报告。",
        "The file is empty. Export it again; if nothing happened in the period, send a report that says so (本月无).",
    ),
    "too_large": Text(
        "文件超过 {limit} MB 的上限。请按月拆分，或改存为 CSV 后重新报送。",
        "The file is larger than {limit} MB. Split it by month, or save it as CSV, and send it again.",
    ),
    "password_protected": Text(
        "文件设有打开密码。请在 Excel/WPS 中取消密码后重新报送。",
        "The file is protected by a password. Remove the password in Excel/WPS and send it again.",
    ),
    "truncated_or_damaged": Text(
        "文件不完整、已损坏，或是无法读取的变体。请用 Excel/WPS 打开核对，另存为 .xlsx 后重新报送。",
        "The file is truncated, damaged or of an odd variant. Open it in Excel/WPS, save it as .xlsx, send again.",
    ),
    "unknown_format": Text(
        "不支持这种文件格式。请另存为 .xlsx（也可 .xls、.ods、.csv、.json、.ndjson、.parquet）后重新报送。",
        "This format is not supported. Save it as .xlsx (or .xls, .ods, .csv, .json, .ndjson, .parquet), send again.",
    ),
    "web_page": Text(
        "这是网页（HTML/XML）而不是真正的表格文件，即使扩展名是 .xls。请用 Excel/WPS 打开，另存为 .xlsx 后重新报送。",
        "This is a web page (HTML/XML) even if named .xls. Open it in Excel/WPS, save it as .xlsx and send again.",
    ),
    "zip_bomb": Text(
        "文件解压后异常巨大，为安全起见未读取。请用 Excel/WPS 新建文件，只粘贴数据后重新报送。",
        "The file unpacks to an abnormal size and was not read. Paste only the data into a new workbook and send it.",
    ),
    "too_demanding": Text(
        "读取该文件所需的内存或时间超过上限。请删除空白行列或按月拆分，或改存为 CSV 后重新报送。",
        "Reading the file takes too much memory or time. Delete blank rows and columns, split by month, or send CSV.",
    ),
    "too_many_sheets": Text(
        "工作表超过 {limit} 个。请拆分后重新报送。",
        "The workbook has more than {limit} sheets. Split it and send it again.",
    ),
    "too_many_cells": Text(
        "单元格超过 {limit} 个或列数异常。请删除多余的空白行列，或按月拆分后重新报送。",
        "There are more than {limit} cells, or far too many columns. Delete blank rows and columns, or split the file.",
    ),
    "no_visible_sheet": Text(
        "工作簿中没有含数据的可见工作表（隐藏的工作表不作为数据读取）。请取消隐藏后重新报送。",
        "No visible sheet holds data (hidden sheets are not read). Unhide the sheet and send the file again.",
    ),
    "embedded_content": Text(
        "文件中含有图片或嵌入的文件，无法检查其中是否有个人信息。请删除图片和嵌入对象后重新报送。",
        "The file holds pictures or embedded files, which cannot be checked for personal data. Delete them, send again.",
    ),
    "encoding": Text(
        "文字编码混杂或已成乱码，无法可靠读取。请在 Excel/WPS 中核对原表，另存为 .xlsx 后重新报送。",
        "The text mixes encodings or is garbled and cannot be read safely. Save the original as .xlsx and send it.",
    ),
    "cell_too_long": Text(
        "第 {row} 行有单元格超过 {limit} 个字符，任何表格软件都放不下，可能是引号未闭合，或整篇文档贴进了一格。请改正后重新报送。",
        "Row {row} has a cell of more than {limit} characters, more than any spreadsheet holds: a quotation mark that is not "
        "closed, or a whole document in one cell. Mend it and send the file again.",
    ),
    "csv_quotes": Text(
        "CSV 第 {row} 行附近的英文引号没有成对，行列无法可靠划分。请改正引号，或另存为 .xlsx 后重新报送。",
        "Near row {row} of the CSV quotation marks do not pair, so rows cannot be told apart. Mend it or send .xlsx.",
    ),
    "json_malformed": Text(
        "JSON 第 {line} 行附近语法有误，或文件在此中断。请重新导出，报送完整的文件。",
        "The JSON is malformed near line {line}, or the file is cut off there. Export it again and send it whole.",
    ),
    "json_not_records": Text(
        "JSON 语法正确，但内容不是记录列表。请导出为对象数组，如 [{{列名: 值}}，…]。",
        "The JSON is valid but is not a list of records. Export an array of objects, like [{{column: value}}, …].",
    ),
    "json_nested": Text(
        "JSON 的单元格中嵌套着由对象或列表组成的列表。请展开为一行一例、一列一个值后重新报送。",
        "Cells of the JSON hold lists of lists or objects. Send one row per case and one value per column.",
    ),
    "json_duplicate_key": Text(
        "JSON 的同一条记录中有重复的列名，无法判断以哪个为准。请重新导出后报送。",
        "A record of the JSON names the same column twice, so its value is uncertain. Export it again and send it.",
    ),
    "parquet_type": Text(
        "Parquet 第 {column} 列是嵌套或二进制类型。请转为文本、数字或日期后重新报送。",
        "Column {column} of the Parquet file is nested or binary. Turn it into text, numbers or dates and send again.",
    ),
    "no_rows": Text(
        "文件没有数据行（至多只有表头）。请补上数据；本期确无事件时，请在表中写明“本月无”。",
        "The file has no rows, at most a header. Add them; if nothing happened in the period, write 本月无 in it.",
    ),
    "zero_report_without_month": Text(
        "这是零报告，但没有写明是哪一年哪一月，无法登记。请在文件中写上年月（如“2024年3月 本月无”）后重新报送。",
        "This is a report of nothing, but it does not say of which month, so it cannot be registered. Write year and month in "
        "the file (2024-03, say) and send it again.",
    ),
    "header_not_found": Text(
        "前 {rows} 行中找不到本来源的表头（必填列共 {required} 个，找到 {found} 个），可能是其他来源的文件。"
        "缺少：{missing}。请核对报送目录和模板。",
        "The first {rows} rows hold no header of this source ({found} of {required} required columns found); it may be "
        "a file of another source. Missing: {missing}. Check the folder and the template.",
    ),
    "header_too_low": Text(
        "表头在第 {row} 行，太靠下，没有读取。请删去上面的说明行，使表头位于前 {rows} 行之内，再重新报送。",
        "The header stands in row {row}, too far down, so nothing was read. Delete the lines above until it is within the first {rows} "
        "rows and send the file again.",
    ),
    "of_another_feed": Text(
        "从表头、标题或文件名看，这是“{feeds}”的文件，未读取。请放到该来源的目录；如确属本来源，请按本来源的模板改正表头、标题和文件名后重新报送。",
        "By its header, title or name this is a file of another feed, {feeds}, so it was not read. Put it in that feed's folder; "
        "if it is of this one, mend header, title and name by its template and send it again.",
    ),
    "required_column_missing": Text(
        "缺少必填列：{missing}。请补上这些列（列名用所列名称）后重新报送。",
        "Required columns are missing: {missing}. Add them under these names and send the file again.",
    ),
    "duplicate_header": Text(
        "列名重复且内容不同：{columns}。请只保留正确的一列后重新报送。",
        "Columns appear twice with different contents: {columns}. Keep the right one and send the file again.",
    ),
    "aggregated_table": Text(
        "这是汇总表（按单位或类别的人数），不是逐例名单。请报送一行一例的明细表。",
        "This is a table of counts, not a list of cases. Send the detailed list with one row per case.",
    ),
}


def refused(reason: str, **places: object) -> FileRefused:
    """The refusal with that reason, its named places filled; raise what it returns."""
    text = REFUSALS[reason].format(**places)
    return FileRefused(reason, text.zh, text.en)
