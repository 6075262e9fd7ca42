"""Tell the operator that a night needs somebody: by a webhook, by a command, or both; ids, codes and counts only.

DDK_NOTICE_URL is sent a POST in the form that the group robots of 企业微信 and 钉钉 take, with the night's status beside
it for other receivers. DDK_NOTICE_COMMAND is run without a shell and reads the text; `mail -s DDK somebody` is one.
"""

import json
import shlex
import subprocess
import urllib.request
from http.client import HTTPException

from ddk_surveillance.errors import Text
from ddk_surveillance.settings import Settings
from ddk_surveillance.status import ENDS, PUBLISHED, Facts, warnings

PATIENCE_SECONDS = 20
AFTER_A_KILL = Text(
    "上一次运行被中断，本次已接着做完。", "The run before it was cut short; this one went on from there."
)


def news(facts: Facts, before: Facts | None) -> list[Text]:
    """What is worth a notice: a night that did not publish, files to mend, and alarms that the last look did not have."""
    night = facts["last_night"]
    said = []
    if night["status"] not in PUBLISHED:
        end = ENDS[night["status"]]
        said.append(Text(f"{end.zh}。{night['message_zh'] or ''}", f"{end.en}. {night['message_en'] or ''}"))
    if night["follows_a_killed_one"]:
        said.append(AFTER_A_KILL)
    if count := night["files_to_mend"]:
        said.append(Text(f"{count} 份文件被拒收、暂扣或不可读。", f"{count} files refused, held or unreadable."))
    known = set(warnings(before)) if before else set()
    return said + [warning for warning in warnings(facts) if warning not in known]


def send(settings: Settings, night_id: str, said: list[Text]) -> str | None:
    """Send it by every way that is configured; returns what went wrong, if anything. Never raises."""
    text = "\n".join([f"DDK {night_id}", *(line.said(settings.language) for line in said)])
    problems = []
    if settings.notice_url:
        problems.append(_post(settings.notice_url, night_id, text))
    if settings.notice_command:
        problems.append(_run(settings.notice_command, text))
    return "; ".join(filter(None, problems)) or None


def _post(url: str, night_id: str, text: str) -> str | None:
    body = json.dumps({"msgtype": "text", "text": {"content": text}, "night_id": night_id}).encode()
    try:
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"}, method="POST")
        urllib.request.urlopen(request, timeout=PATIENCE_SECONDS).close()
    except (OSError, ValueError, HTTPException) as problem:
        return f"DDK_NOTICE_URL ({getattr(problem, 'code', type(problem).__name__)})"
    return None


def _run(command: str, text: str) -> str | None:
    try:
        subprocess.run(shlex.split(command), input=text.encode(), check=True, timeout=PATIENCE_SECONDS,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    except (OSError, ValueError, subprocess.SubprocessError) as problem:
        return f"DDK_NOTICE_COMMAND ({type(problem).__name__})"
    return None
