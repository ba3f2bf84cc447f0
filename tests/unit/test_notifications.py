"""What programs send all day: alerts, logs, reports. Nothing that matters may get lost on the way into a chat.

The mails are written after those of the programs that the cases are named after: their fields, and the shape of
their text.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest

from mailpoll.compose import posts
from mailpoll.message import parse
from mailpoll.model import Options, Route, Target

PROGRAM = "Auto-Submitted: auto-generated"
THREAD = "In-Reply-To: <thread-1@example.com>\nReferences: <thread-1@example.com>"


class Plain(NamedTuple):
    """A plain-text mail of a program: fields beside From and Subject, the whole text, and what `automatic` is."""

    sender: str
    subject: str
    fields: str
    text: str
    automatic: str
    footer: str = ""  # cut, as from mail of people: no field says that a program sent it


def body_of(sender: str, subject: str, fields: str, text: str, type_: str = "text/plain") -> tuple[str, str]:
    """(body of the post, automatic) of a mail."""
    head = [f"From: {sender}", "To: bot+ops@example.org", f"Subject: {subject}", "Message-ID: <m@example.com>"]
    raw = "\n".join([*head, *filter(None, fields.split("\n")), f"Content-Type: {type_}; charset=utf-8", "", text])
    [post] = posts(parse(raw.encode()), [Route("ops", (Target("store"),), options=Options())])
    return post.body, post.automatic


CRON_LOG = """\
/usr/local/bin/sync-mirror: starting
> rsync -a --delete upstream::mirror /srv/mirror
--\x20
sent 482 bytes  received 9,120,331 bytes
>f+++++++++ pool/main/a/app_1.2_amd64.deb
>f..t...... dists/stable/Release
On Fri, Nov 20, 2026 at 4:02 AM root wrote:
> this line is from a log, not from a quote
--
2 files changed
Sent from my cron
"""

PLAIN: dict[str, Plain] = {
    "cron": Plain("root@db1.example.com (Cron Daemon)", "Cron <root@db1> /usr/local/bin/sync-mirror", PROGRAM
                  + "\nX-Cron-Env: <SHELL=/bin/sh>", CRON_LOG, "auto-generated"),
    "cron without Auto-Submitted": Plain("root@db1.example.com (Cron Daemon)", "Cron <root@db1> backup",
                                         "X-Cron-Env: <LOGNAME=root>", CRON_LOG, "auto-generated"),
    "a log by mail(1)": Plain("root <root@db1.example.com>", "Nightly", "", CRON_LOG, ""),
    "a log in a thread": Plain("ci@example.com", "Re: nightly", f"{PROGRAM}\n{THREAD}", CRON_LOG, "auto-generated"),
    "a log from the null sender": Plain("root@db1.example.com", "log", "Return-Path: <>", CRON_LOG, "auto-generated"),
    "a log as bulk mail": Plain("root@db1.example.com", "log", "Precedence: bulk", CRON_LOG, "bulk"),
    "Grafana": Plain("Grafana <grafana@mon.example.com>", "[FIRING:1] High load (db1 prod)",
                     f"{PROGRAM}\nX-Auto-Response-Suppress: All", """\
**Firing**

Value: A=9.31, C=1
Labels:
 - alertname = High load
 - instance = db1:9100
Annotations:
 - summary = Load over 8 for 10 minutes
Source: https://mon.example.com/alerting/grafana/abc/view
Silence: https://mon.example.com/alerting/silence/new?matcher=alertname%3DHigh+load

--
Sent by Grafana v11.2.0
""", "auto-generated"),
    "Nagios by mail(1)": Plain("nagios@mon.example.com", "** PROBLEM Service Alert: db1/Disk is CRITICAL **", "", """\
***** Nagios *****

Notification Type: PROBLEM

Service: Disk
Host: db1
Address: 192.0.2.7
State: CRITICAL

Date/Time: Fri Nov 20 04:02:11 UTC 2026

Additional Info:

DISK CRITICAL - free space: / 312 MB (2% inode=71%):
""", ""),
    "Icinga": Plain("icinga@mon.example.com", "[PROBLEM] ping4 on db1 is CRITICAL!", PROGRAM, """\
***** Service Monitoring on mon *****

ping4 on db1 is CRITICAL!

Info:    PING CRITICAL - Packet loss = 100%

When:    2026-11-20 04:02:11 +0000
Service: ping4
Host:    db1
IPv4:    192.0.2.7

Comment by oncall:
  looking into it
""", "auto-generated"),
    "Zabbix": Plain("zabbix@mon.example.com", "Problem: /: Disk space is low (used > 80%)", PROGRAM, """\
Problem started at 04:02:11 on 2026.11.20
Problem name: /: Disk space is low (used > 80%)
Host: db1
Severity: Average
Operational data: Space used: 41.2 GB of 50 GB (82.4 %)
Original problem ID: 4829130
""", "auto-generated"),
    "logwatch": Plain("logwatch@db1.example.com", "Logwatch for db1 (Linux)", f"Precedence: bulk\n{PROGRAM}", """\
 ################### Logwatch 7.5.6 (07/23/21) ####################
        Processing Initiated: Fri Nov 20 06:25:02 2026
        Date Range Processed: yesterday
  ##################################################################

 --------------------- SSHD Begin ------------------------

 Failed logins from:
    192.0.2.7: 4 times
       root/password: 4 times

 ---------------------- SSHD End -------------------------

 --------------------- Disk Space Begin ------------------------

 Filesystem      Size  Used Avail Use% Mounted on
 /dev/sda1        50G   41G  6.4G  87% /

 ---------------------- Disk Space End -------------------------

 ###################### Logwatch End #########################
""", "auto-generated"),
    "fail2ban": Plain("Fail2Ban <fail2ban@db1.example.com>", "[Fail2Ban] sshd: banned 192.0.2.7 from db1", "", """\
Hi,

The IP 192.0.2.7 has just been banned by Fail2Ban after
5 attempts against sshd.

Here is more information about 192.0.2.7 :

% This is a query service
inetnum:        192.0.2.0 - 192.0.2.255
netname:        TEST-NET-1

Lines containing failures of 192.0.2.7 (max 1000)
Nov 20 04:02:11 db1 sshd[4829]: Failed password for root from 192.0.2.7 port 51022 ssh2
Nov 20 04:02:14 db1 sshd[4829]: Failed password for root from 192.0.2.7 port 51022 ssh2

Regards,

Fail2Ban
""", ""),
    "unattended-upgrades": Plain("root@db1.example.com", "unattended-upgrades result for db1", PROGRAM, """\
Unattended upgrade result: All upgrades installed

Packages that were upgraded:
 libssl3 openssl

Package installation log:
Log started: 2026-11-20  06:10:02
(Reading database ... 48291 files and directories currently installed.)
Preparing to unpack .../openssl_3.0.15-1_amd64.deb ...
> dpkg: warning: unable to delete old directory '/etc/ssl/old'
Log ended: 2026-11-20  06:10:09

Unattended-upgrades log:
Starting unattended upgrades script
""", "auto-generated"),
    "smartd": Plain("root@db1.example.com", "SMART error (CurrentPendingSector) detected on host: db1", "", """\
This message was generated by the smartd daemon running on:

   host name:  db1
   DNS domain: example.com

The following warning/error was logged by the smartd daemon:

Device: /dev/sda [SAT], 8 Currently unreadable (pending) sectors

Device info:
WDC WD40EFRX-68N32N0, S/N:WD-000000000000, FW:82.00A82, 4.00 TB

For details see host's SYSLOG.

You can also use the smartctl utility for further investigation.
No additional messages about this problem will be sent.
""", ""),
    "mdadm": Plain("mdadm monitoring <root@db1.example.com>", "DegradedArray event on /dev/md0:db1", "", """\
This is an automatically generated mail message from mdadm
running on db1

A DegradedArray event had been detected on md device /dev/md0.

Faithfully yours, etc.

P.S. The /proc/mdstat file currently contains the following:

Personalities : [raid1]
md0 : active raid1 sdb1[1](F) sda1[0]
      48829130 blocks super 1.2 [2/1] [U_]

unused devices: <none>
""", ""),
    "GitHub, a run that failed": Plain("Jane Doe <notifications@github.example>", "[org/app] Run failed: CI - main",
        "List-ID: org/app <app.org.github.example>\nPrecedence: list\nX-GitHub-Reason: ci_activity", """\
[org/app] CI workflow run

Repository: org/app
Workflow: CI
Duration: 4 minutes and 8 seconds

View results: https://github.example/org/app/actions/runs/4829130

Jobs:
  * lint succeeded (0 annotations)
  * test (3.12) failed (2 annotations)
""", "list"),
    "GitLab, a pipeline that failed": Plain("GitLab <gitlab@build.example.com>", "app | Failed pipeline for main",
        f"{PROGRAM}\nX-Auto-Response-Suppress: All\nList-Id: org/app <17.app.org.build.example.com>", """\
Pipeline #48213 has failed!

Project: app ( https://build.example.com/org/app )
Branch: main ( https://build.example.com/org/app/-/commits/main )

Commit: 48a1c2d9 ( https://build.example.com/org/app/-/commit/48a1c2d9 )
Commit Message: Retry when the server is away

Job #91021 ( https://build.example.com/org/app/-/jobs/91021/raw )

Stage: test
Name: unit
Trace: E       assert 3 == 4
> tests/test_retry.py:17: AssertionError
-- Docs: https://docs.pytest.example/en/stable/how-to/failures.html
1 failed, 182 passed

--
You're receiving this email because of your account on build.example.com.
""", "auto-generated"),
    "Jenkins": Plain("jenkins@build.example.com", "Build failed in Jenkins: app #482",
        f"Precedence: bulk\nX-Jenkins-Job: app\n{PROGRAM}\n{THREAD}", """\
See <https://build.example.com/job/app/482/display/redirect>

Changes:

[jane] Retry when the server is away

------------------------------------------
[...truncated 4.82 KB...]
+ make test
> gcc -c retry.c
retry.c:17: error: 'n' undeclared
make: *** [Makefile:9: test] Error 2
Build step 'Execute shell' marked build as failure
""", "auto-generated"),
    "Sentry in a thread": Plain("Sentry <noreply@md.sentry.example>", "APP-482 - ValueError: invalid literal",
        f"{PROGRAM}\n{THREAD}\nX-Sentry-Project: app", """\
New issue from app

ValueError: invalid literal for int() with base 10: 'x'

  File "app/views.py", line 17, in show
    n = int(text)
> 17 n = int(text)

Tags
----
* level = error
* release = 4.8.21
--
Unsubscribe: https://sentry.example/unsubscribe/482
""", "auto-generated"),
    "PagerDuty": Plain("PagerDuty <no-reply@pager.example>", "[Triggered] #48213 High error rate", "", """\
[Incident #48213] High error rate
Status: Triggered
Urgency: High
Service: app
Assigned to: Jane Doe

Acknowledge or resolve: https://org.pager.example/incidents/Q1
""", ""),
    "Prometheus Alertmanager in a thread": Plain("alertmanager@mon.example.com", "[RESOLVED] DiskFull (db1)",
        f"{PROGRAM}\n{THREAD}", """\
Alerts Resolved:
Labels:
 - alertname = DiskFull
 - device = /dev/sda1
Annotations:
 - description = > 95 % used
Source: http://mon.example.com/graph?g0.expr=disk_used+%3E+95
""", "auto-generated"),
    "UptimeRobot": Plain("Uptime <alert@uptime.example>", "Monitor is DOWN: shop",
        "List-Unsubscribe: <https://uptime.example/leave>", """\
Hi,

The monitor shop (https://shop.example) is currently DOWN (HTTP 503 - Service Unavailable).

Event timestamp: 2026-11-20 04:02:11 UTC+0

All the best,
The team
https://uptime.example
""", "bulk"),
    "Proxmox": Plain("vzdump backup tool <root@pve.example.com>", "vzdump backup status (pve)", PROGRAM, """\
VMID    NAME    STATUS    TIME      SIZE       FILENAME
100     web     ok        00:04:21  48.21 GB   vzdump-qemu-100.vma.zst
101     db      FAILED    00:00:02  backup of VM 101 failed: disk is busy

Detailed backup logs:

100: 2026-11-20 02:00:03 INFO: Starting Backup of VM 100 (qemu)
101: 2026-11-20 02:04:24 ERROR: Backup of VM 101 failed
""", "auto-generated"),
    "Synology": Plain("NAS <nas@home.example>", "[nas] Scheduled backup failed", "", """\
Dear user,

Backup task Nightly on nas has failed.

Backup Task: Nightly
Backup Destination: usbshare1 / nas.hbk
Start Time: Fri, Nov 20 2026 02:00:01
Duration: 4 Minute 21 Second

From nas
""", ""),
    "Let's Encrypt": Plain("expiry@ca.example", "Certificate expiration notice for domain db1.example.com",
        "List-Unsubscribe: <https://ca.example/leave>", """\
Hello,

Your certificate (or certificates) for the names listed below will expire in
7 days (on 2026-11-27). Please make sure to renew.

db1.example.com
www.db1.example.com

For details about when we send these emails, please visit
https://ca.example/docs/expiration-emails/

Regards,
The CA
""", "bulk"),
    "AWS SNS and CloudWatch": Plain("AWS <no-reply@sns.cloud.example>", 'ALARM: "cpu-high" in EU', "", """\
You are receiving this email because your Alarm "cpu-high" in the EU region has entered the ALARM state.

Alarm Details:
- Name:                       cpu-high
- State Change:               OK -> ALARM
- Reason for State Change:    Threshold Crossed: 1 datapoint [93.1] was greater than the threshold (90.0).
- Timestamp:                  Friday 20 November, 2026 04:02:11 UTC

Threshold:
- The alarm is in the ALARM state when the metric is GreaterThanThreshold 90.0 for 300 seconds.

""", "", """\
--
If you wish to stop receiving notifications, please click the link below:
https://sns.cloud.example/unsubscribe.html?SubscriptionArn=arn:x
"""),
    "Discourse digest": Plain("Forum <noreply@forum.example>", "[Forum] Summary",
        f"{PROGRAM}\nPrecedence: list\nList-Unsubscribe: <https://forum.example/leave>", """\
A brief summary of Forum since your last visit

### Popular Topics

How do I poll an inbox from cron
12 replies

> it works with flock

https://forum.example/t/482

--
This summary is sent when we haven't seen you in a while. Unsubscribe: https://forum.example/leave
""", "auto-generated"),
    "Google Alerts": Plain("Alerts <alerts-noreply@search.example>", "Alert - mail gateway",
        "List-Unsubscribe: <https://search.example/leave>", """\
=== Web - 2 new results for [mail gateway] ===

How to run a mail gateway
Blog
On Monday we wrote: a gateway needs no MX record ...
<https://blog.example/gateway>

Gateways compared
<https://news.example/compared>

- - - - - - - - - - - - - - - - - - - - -
Unsubscribe from this alert:
<https://search.example/leave>
""", "bulk"),
    "Stripe": Plain("Pay <notifications@pay.example>", "Your payout is on its way", "Feedback-Id: pay", """\
A payout of EUR 4,821.30 is on its way to your bank account.

Payout ID: po_482913
Estimated arrival: 24 Nov 2026

View it: https://dashboard.pay.example/payouts/po_482913
""", ""),
    "calendar reminder": Plain("Calendar <calendar-notification@cal.example>",
        "Notification: Review @ Fri 20 Nov 2026 12:30 - 13:30 (UTC)", PROGRAM, """\
Review
Friday 20 Nov 2026 - 12:30 - 13:30
Room 4
https://cal.example/event?eid=482

Jane Doe - organizer

Invitation from Cal: https://cal.example/
""", "auto-generated"),
}  # fmt: skip


@pytest.mark.parametrize("name", PLAIN)
def test_every_line_of_a_notification_is_posted(name: str) -> None:
    case = PLAIN[name]
    body, automatic = body_of(case.sender, case.subject, case.fields, case.text + case.footer)
    assert automatic == case.automatic
    shown = [line.rstrip() for line in body.split("\n") if line.strip()]
    assert shown == [line.rstrip() for line in case.text.split("\n") if line.strip()]


HTML: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "Grafana": (PROGRAM, """<html><body><table><tr><td><h2>[FIRING:1] High load</h2></td></tr>
<tr><td><b>Firing:</b> 1 alert</td></tr><tr><td>instance</td><td>db1:9100</td></tr><tr><td>Value</td>
<td>9.31</td></tr>
<tr><td><a href="https://mon.example.com/alerting/abc">View alert</a></td></tr>
<tr><td><hr>Sent by Grafana v11.2.0</td></tr></table></body></html>""",
        ("[FIRING:1] High load", "1 alert", "db1:9100", "9.31",
         "https://mon.example.com/alerting/abc", "v11.2.0")),
    "Prometheus Alertmanager in a thread": (f"{PROGRAM}\n{THREAD}", """<table><tr><td>1 alert for alertname=DiskFull
</td></tr><tr><td><strong>[1] Resolved</strong></td></tr>
<tr><td>device = /dev/sda1<br>description = &gt; 95 % used</td></tr>
<tr><td><blockquote>runbook: free some space</blockquote></td></tr><tr><td><a href="http://mon.example.com">Source</a>
</td></tr></table>""", ("alertname=DiskFull", "Resolved", "/dev/sda1", "95 % used", "free some space")),
    "Sentry": (f"{PROGRAM}\n{THREAD}", """<h3>New issue from app</h3><pre>ValueError: invalid literal
  File "app/views.py", line 17, in show
&gt; 17 n = int(text)</pre><table><tr><td>release</td><td>4.8.21</td></tr></table>""",
        ("New issue from app", "ValueError: invalid literal", 'line 17, in show', "17 n = int(text)", "4.8.21")),
    "Stripe receipt": ("List-Unsubscribe: <https://pay.example/leave>", """<table><tr><td>Amount paid</td>
<td>€48.21</td></tr><tr><td>Date paid</td><td>Nov 20, 2026</td></tr></table><p>Receipt #4829-1302</p>
<p>You're receiving this email because
you made a purchase.</p>""", ("Amount paid", "€48.21", "Nov 20, 2026", "4829-1302", "made a purchase")),
    "Synology": (PROGRAM, """<p>Dear user,</p><p>Disk 4 on <b>nas</b> has reconnected.</p><p>---<br>Slot: 4
<br>Model: WD40<br>
---</p><p>From nas</p>""", ("Dear user", "Disk 4 on", "Slot: 4", "Model: WD40", "From nas")),
    "PagerDuty": ("Return-Path: <>", """<div><p>Incident #48213 triggered</p><ul><li>Service: app</li>
<li>Urgency: High</li>
</ul><div class="gmail_quote">On Fri, Nov 20, 2026 the check wrote:<br>&gt; 503</div></div>""",
        ("Incident #48213 triggered", "Service: app", "Urgency: High", "the check wrote", "503")),
    "AWS bill": ("Precedence: bulk", """<p>Total: <b>$482.13</b></p><table border="1"><tr><th>Service</th>
<th>Cost</th></tr>
<tr><td>Compute</td><td>$402.13</td></tr><tr><td>Storage</td><td>$80.00</td></tr></table>""",
        ("$482.13", "Compute", "$402.13", "Storage", "$80.00")),
}  # fmt: skip


@pytest.mark.parametrize("name", HTML)
def test_all_that_a_notification_in_html_says_is_posted(name: str) -> None:
    fields, html, pieces = HTML[name]
    body, automatic = body_of("noreply@example.com", name, fields, html, "text/html")
    assert automatic in ("auto-generated", "bulk")
    bare = body.replace("\\", "")
    assert [piece for piece in pieces if piece not in bare] == []


PEOPLE: dict[str, tuple[str, str, str, str]] = {
    "a post on a Mailman list": (
        "Precedence: list\nList-Id: Developers <dev.lists.example.com>\nX-Mailman-Version: 2.1.39\n" + THREAD,
        """\
On Thu, 19 Nov 2026 at 09:12, Bob Roe <bob@example.com> wrote:
> Shall we release on Friday?

Yes, after the backup.
_______________________________________________
Developers mailing list
dev@lists.example.com
https://lists.example.com/mailman/listinfo/dev
""", "list", "Yes, after the backup."),
    "a comment on GitHub, answered by mail": (
        "List-ID: org/app <app.org.github.example>\nPrecedence: list\nX-GitHub-Reason: mention\n" + THREAD,
        """\
I can reproduce it with 4.8.21.

> Does it happen with the last release?

Yes.

--\x20
Reply to this email directly or view it on GitHub:
https://github.example/org/app/issues/482#issuecomment-91021
You are receiving this because you were mentioned.

Message ID: <org/app/issues/482/91021@github.example>""", "list",
        "I can reproduce it with 4.8.21.\n\n> Does it happen with the last release?\n\nYes."),
    "a review on GitHub": (
        "List-ID: org/app <app.org.github.example>\nPrecedence: list\nX-GitHub-Reason: review_requested\n" + THREAD,
        """\
@jane requested changes on this pull request.

Please add a test.

> +    retry(3)

Why three?

--\x20
Reply to this email directly or view it on GitHub:
https://github.example/org/app/pull/17#pullrequestreview-2
You are receiving this because your review was requested.

Message ID: <org/app/pull/17/review/2@github.example>""", "list",
        "@jane requested changes on this pull request.\n\nPlease add a test.\n\n> +    retry(3)\n\nWhy three?"),
    "an old list that says bulk": (
        "Precedence: bulk\n" + THREAD,
        """\
Fine with me.

On Thu, 19 Nov 2026 at 09:12, Bob Roe <bob@example.com> wrote:
> Shall we release on Friday?
""", "bulk", "Fine with me."),
    "out of office, with the mail it answers": (
        "Auto-Submitted: auto-replied\n" + THREAD,
        """\
I am away until Monday.

On Thu, 19 Nov 2026 at 09:12, Bob Roe <bob@example.com> wrote:
> Shall we release on Friday?
""", "auto-replied", "I am away until Monday."),
}  # fmt: skip


@pytest.mark.parametrize("name", PEOPLE)
def test_of_what_people_write_by_such_ways_only_the_new_text_is_posted(name: str) -> None:
    fields, text, kind, new = PEOPLE[name]
    assert body_of("Jane Doe <jane@example.com>", "Re: Release", fields, text) == (new, kind)
