"""Mail with a code or a link to sign in, confirm or get a new password with, and mail that only resembles it."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from mailpoll.message import parse
from mailpoll.model import Message
from mailpoll.policy.verification import is_verification

LINK = "https://auth.example.com/t/3fK9"


def mail(sender: str, subject: str, text: str, *fields: str) -> Message:
    header = "\r\n".join([f"From: {sender}", f"Subject: {subject}", "Content-Type: text/plain; charset=utf-8", *fields])
    return parse(f"{header}\r\n\r\n{text}\r\n".encode())


def judged(sender: str, subject: str, text: str, *fields: str) -> bool:
    found = mail(sender, subject, text, *fields)
    return is_verification(found, found.text)


# (sender, subject, text): what services of each kind write, in words of our own.
CODES = [
    ("no-reply@code-host.example", "[CodeHost] Please verify your device",
     "A sign in attempt needs one more step.\n\nDevice: Firefox on Linux\nVerification code: 482913\n\n"
     "Thanks"),
    ("noreply@code-host.example", "Your launch code",
     "Welcome! Here is the launch code for your account:\n\n40917263\n"),
    ("feedback@team-chat.example", "TeamChat confirmation code: KQ7-3MX",
     "Confirm your address\n\nYour confirmation code is below - enter it where you started.\n\nKQ7-3MX\n"),
    ("no-reply@accounts.search.example", "Search verification code",
     "We got a request to use bot@example.com as a recovery address.\nUse this code to finish:\n\n773014\n"
     "\nIt expires in 24 hours."),
    ("verify@search.example", "G-481022 is your verification code", "Do not share it."),
    ("account-security-noreply@accountprotection.office.example", "Office account security code",
     "Security code\n\nPlease use the following security code for the account bo**t@example.com.\n\n"
     "Security code: 3918\n"),
    ("appleid@id.phone.example", "Your ID is being used to sign in",
     "Enter your verification code to continue: 118 204\n"),
    ("no-reply@videocalls.example", "Code for signing in",
     "Your one-time passcode is 930184. It is valid for 10 minutes."),
    ("noreply@gamechat.example", "Your verification key", "Your one time verification code: 7F3K9Q\n"),
    ("noreply@shop.example", "shop.example: Sign-in attempt",
     "Someone who knows your password is trying to sign in.\nYour verification code is:\n\n902 417\n"),
    ("account-update@shop.example", "Verify your new account",
     "To verify your email address, please use the following One Time Password (OTP):\n\n561209\n"),
    ("security@mail.photos.example", "Verify your account",
     "Hi bot,\nsomeone tried to log in. If this was you, use this code to confirm:\n\n440812\n"),
    ("registration@friends.example", "FB-91734 is your confirmation code",
     "One more step to create your account."),
    ("security-noreply@work-network.example", "Here's your verification code 218834",
     "Enter this code to complete signing in."),
    ("info@x-network.example", "Your confirmation code is q8d2kz7m",
     "Please enter this confirmation code: 882716\n"),
    ("service@pay.example", "Your security code", "Your 6-digit security code: 104 882. It expires in 5 minutes."),
    ("noreply@bank.example", "Ihre mobile TAN", "Ihr Einmalpasswort lautet 774411.\n"),
    ("noreply@games.example", "Your account: Access from new computer",
     "Here is the access code you need to login to account bot:\n\nV7K2P\n"),
    ("no-reply@drive.example", "Your security code",
     "Someone signs in from a new browser. Security code:\n\n228190\n"),
    ("hello@notes.example", "Your temporary login code", "Copy and paste this temporary login code:\n\n552901\n"),
    ("team@design.example", "Log in to Design", "Your login code is 4471-0921.\n"),
    ("noreply@cloud.example", "[Cloud] 2FA code", "Your 2FA code: 0 1 8 2 7 3\n"),
    ("support@helpdesk.example", "Verify your login", "Enter 918273 as your verification code.\n"),
    ("donotreply@airline.example", "Airline one-time PIN", "Your one-time PIN is 8842."),
    ("otp@government.example", "Anmeldung am Portal", "Ihr Bestätigungscode: 558 231\nEr ist 15 Minuten gültig."),
    ("noreply@sozial.example", "Dein Anmeldecode", "Hallo,\n\n**662910** ist dein Anmeldecode.\n"),
    ("ne-pas-repondre@banque.example", "Votre code de vérification",
     "Votre code de vérification est le 339 201. Il est valable 10 minutes.\n"),
    ("noreply@reseau.example", "Code de sécurité", "Voici votre code à usage unique :\n\n772310\n"),
    ("no-responder@tienda.example", "Tu código de verificación", "Tu código de verificación es 660183.\n"),
    ("noreply@banco.example", "Inicio de sesión",
     "Introduce este código para iniciar sesión: 7719\nCaduca en 10 minutos.\n"),
    ("naoresponda@loja.example", "Código de acesso", "Seu código de acesso: 201938\n"),
    ("noreply@negozio.example", "Il tuo codice", "Ecco il codice di verifica: 554 198\n"),
    ("noreply@winkel.example", "Je verificatiecode", "Gebruik verificatiecode 882014 om in te loggen.\n"),
    ("noreply@butik.example", "Din engångskod", "Din engångskod är 119283.\n"),
    ("noreply@butikk.example", "Engangskode", "Engangskode: 449102\n"),
    ("noreply@kauppa.example", "Kirjautuminen", "Vahvistuskoodi on 661029.\n"),
    ("noreply@sklep.example", "Kod weryfikacyjny", "Twój kod weryfikacyjny to 338102.\n"),
    ("noreply@obchod.example", "Ověření", "Váš ověřovací kód je 771820.\n"),
    ("noreply@magazin.example", "Вход в аккаунт", "Ваш код подтверждения: 448210. Никому его не сообщайте.\n"),
    ("noreply@kramnytsia.example", "Вхід", "Код підтвердження: 559301\n"),
    ("noreply@magaza.example", "Doğrulama", "Doğrulama kodunuz: 229184. Giriş kodu 10 dakika geçerli.\n"),
    ("noreply@magazi.example", "Σύνδεση", "Ο κωδικός επαλήθευσης είναι 339182\n"),
    ("noreply@mise.example", "ログイン", "認証コード:382910\n有効期限は10分です。\n"),
    ("noreply@mise.example", "メールの確認", "確認コードは「４８２９１０」です。\n"),
    ("noreply@shangdian.example", "登录验证", "您的验证码是772819,请勿告诉他人。\n"),
    ("noreply@shangdian.example", "驗證", "您的驗證碼為 119203\n"),
    ("noreply@gage.example", "로그인", "인증번호는 558201입니다.\n"),
    ("noreply@matjar.example", "تسجيل الدخول", "رمز التحقق الخاص بك هو 448271\n"),
    ("noreply@hanut.example", "כניסה", "קוד האימות שלך: 339182\n"),
    ("noreply@toko.example", "Masuk", "Kode verifikasi Anda: 771829\n"),
    ("noreply@cuahang.example", "Đăng nhập", "Mã xác minh của bạn là 229183\n"),
]  # fmt: skip

LINKS = [
    ("no-reply@code-host.example", "[CodeHost] Please verify your email address",
     f"Almost done! Click the link to verify your email address:\n\n{LINK}\n"),
    ("noreply@tickets.example", "Please confirm your email",
     f"Hi,\nplease confirm your email address by following this link:\n{LINK}\n"),
    ("confirm@team-chat.example", "Sign in to TeamChat",
     f"Tap the button below to sign in to TeamChat.\n\n[Sign in]({LINK})\n"),
    ("login@notes.example", "Your magic link", f"Here is your magic link:\n{LINK}\n"),
    ("team@blog.example", "Sign in to Blog", f"Click here to sign in: {LINK}\nThe link expires in 15 minutes."),
    ("noreply@social.example", "Reset your password",
     f"Somebody asked for a new password. Use this link:\n{LINK}\nIf you did not request a password reset, "
     "ignore this."),
    ("support@saas.example", "Password reset", f"You requested a password reset for your account.\n\n{LINK}\n"),
    ("root@auth.example", "Verify your account",
     f"Thank you for signing up. Confirm your account here to go on: {LINK}\n"),
    ("accounts@forum.example", "[Forum] Confirm your new account",
     f"Welcome to Forum!\n\nClick the following link to confirm and activate your account:\n{LINK}\n"),
    ("wordpress@blog.example", "[Blog] Login details",
     f"To set your password, visit the following address:\n\n{LINK}\n"),
    ("dev-confirm@lists.example", "confirm 6d2a",
     f"Your confirmation is required to join the dev mailing list.\nVisit {LINK}\n"),
    ("newsletter@shop.example", "Please confirm your subscription", f"Yes, subscribe me: {LINK}\n"),
    ("no-reply@workspace.example", "Finish signing up", f"Finish signing up for Workspace.\n\n{LINK}\n"),
    ("no-reply@cloud.example", "Activate your account",
     f"Your account was created.\nPlease activate your\naccount with {LINK}\n"),
    ("noreply@vpn.example", "New device sign-in", f"Use the link below to confirm your device:\n{LINK}\n"),
    ("noreply@laden.example", "Bitte bestätige deine E-Mail-Adresse", f"Klicke hier: {LINK}\n"),
    ("noreply@laden.example", "Ihr Kundenkonto",
     f"Über diesen Link können Sie Ihr Kennwort zurücksetzen:\n{LINK}\n"),
    ("noreply@boutique.example", "Réinitialisation de votre mot de passe", f"Suivez ce lien : {LINK}\n"),
    ("noreply@boutique.example", "Bienvenue", f"Confirmez votre adresse e-mail en cliquant ici : {LINK}\n"),
    ("noreply@tienda.example", "Restablecer tu contraseña",
     f"Se ha solicitado restablecer tu contraseña: {LINK}\n"),
    ("noreply@tienda.example", "Bienvenido", f"Verifica tu correo electrónico: {LINK}\n"),
    ("noreply@loja.example", "Redefinição de senha", f"Clique para redefinir sua senha: {LINK}\n"),
    ("noreply@negozio.example", "Reimposta la password", f"Per reimpostare la password vai a {LINK}\n"),
    ("noreply@winkel.example", "Bevestig je e-mailadres", f"Klik hier: {LINK}\n"),
    ("noreply@butik.example", "Återställ ditt lösenord", f"Klicka här: {LINK}\n"),
    ("noreply@sklep.example", "Aktywacja konta", f"Aktywuj konto: {LINK}\n"),
    ("noreply@magazin.example", "Подтверждение регистрации", f"Подтвердите адрес электронной почты: {LINK}\n"),
    ("noreply@magaza.example", "Şifre sıfırlama", f"Şifrenizi sıfırlamak için: {LINK}\n"),
    ("noreply@mise.example", "メールアドレスの確認", f"次のリンクを開いてください。\n{LINK}\n"),
    ("noreply@shangdian.example", "重置密码", f"请点击链接:{LINK}\n"),
    ("noreply@gage.example", "이메일 인증", f"아래 링크를 눌러 주세요.\n{LINK}\n"),
    ("noreply@matjar.example", "إعادة تعيين كلمة المرور", f"{LINK}\n"),
    ("noreply@hanut.example", "איפוס סיסמה", f"{LINK}\n"),
]  # fmt: skip


@pytest.mark.parametrize(("sender", "subject", "text"), CODES + LINKS, ids=range(len(CODES + LINKS)))
def test_mail_to_sign_in_or_confirm_with(sender: str, subject: str, text: str) -> None:
    assert judged(sender, subject, text)


ORDINARY = [
    ("grafana@mon.example", "[FIRING:1] HighLogin verification code errors",
     f"**Firing**\n\nValue: A=482913\nLabels:\n - alertname = verification code failures\n{LINK}"),
    ("alertmanager@mon.example", "[FIRING:2] PasswordResetQueue",
     f"Alerts Firing:\n - reset your password queue = 10241\nSource: {LINK}"),
    ("nagios@mon.example", "** PROBLEM Service Alert: web/otp is CRITICAL **",
     "Service: otp\nState: CRITICAL\nInfo: otp: 4821 connections refused"),
    ("zabbix@mon.example", "Problem: Free disk space is less than 10%", f"Event ID: 4829104\nHost: db1\n{LINK}"),
    ("root@db1.example", "Cron <root@db1> /usr/bin/backup", "backup 20261120 done, 482913 files, exit code 0"),
    ("logwatch@db1.example", "Logwatch for db1",
     " Failed logins from:\n    192.0.2.7: 4829 times\n password for root: 1204 times"),
    ("root@fail2ban.example", "[Fail2Ban] sshd: banned 192.0.2.7",
     "The IP 192.0.2.7 has just been banned after 5 attempts (482913)"),
    ("ci@build.example", "Build #48213 failed",
     f"Pipeline 482913 failed at step verify.\nExit code: 4821\n{LINK}"),
    ("jenkins@build.example", "Build failed in Jenkins: auth-service #4821",
     f"Tests of login code: 1204 passed, 3 failed\n{LINK}"),
    ("gitlab@build.example", "auth | Failed pipeline for main | 48a1c2d9", f"Job otp-test (48291) failed: {LINK}"),
    ("noreply@sentry.example", "AUTH-4821: ValueError in verify()",
     f"ValueError: invalid literal '482913'\n{LINK}"),
    ("noreply@pager.example", "[Triggered] #48213 High error rate", f"Incident 48213 is triggered.\n{LINK}"),
    ("alert@uptime.example", "Monitor is DOWN: login", f"The monitor login is currently DOWN (503). {LINK}"),
    ("noreply@uptime.example", "Monthly report", "Uptime 99.98 %, 4821 checks, login page 482 ms"),
    ("billing@hosting.example", "Invoice 48213",
     f"Your invoice 482913 over € 48,21 is due on 2026-12-01. Sign in to your account: {LINK}"),
    ("noreply@hosting.example", "Your order 4829-1302", f"Order number 4829-1302. See it in your account: {LINK}"),
    ("service@pay.example", "You sent a payment of $48.21", "Transaction ID: 7F3K9QXX2\nCard ending in 4821"),
    ("noreply@shop.example", "Your card expires soon",
     "The card ending in 4821 will expire in 12/26. Have its security code on the card (CVV) at hand, not "
     "4821."),
    ("noreply@shop.example", "20 % off",
     f"Use code 20251 at checkout. Sign in to your account to see more: {LINK}"),
    ("news@shop.example", "Our voucher for you", f"Code: 48291 - log in and enter the voucher. {LINK}"),
    ("tracking@parcel.example", "Your parcel is on its way", f"Tracking number 482913027731. {LINK}"),
    ("noreply@parcel.example", "Ready for pickup", "Your pickup code is 8421. Bring your identity card."),
    ("noreply@paket.example", "Deine Sendung ist da", "Abholcode 8421, gültig bis Freitag."),
    ("calendar-notification@cal.example", "Invitation: Review @ Fri 20 Nov 2026",
     f"When: Fri 20 Nov 2026 12:30\nMeeting ID: 482 913 027\nPasscode for the room is on the board.\n{LINK}"),
    ("noreply@videocalls.example", "Weekly meeting", f"Join: {LINK}\nDial in: +1 555 482 9130"),
    ("info@airline.example", "Your booking 7F3K9Q",
     f"Booking code: 7F3K9Q. Online check-in opens 24 h before. Log in: {LINK}"),
    ("noreply@hotel.example", "Reservation 482913", "Reservation code 482913, check-in from 15:00."),
    ("noreply@forum.example", "[Forum] Summary",
     f"12 new topics, 4821 posts. Popular: how to reset a router. {LINK}"),
    ("noreply@qa.example", "New answer to your question", f"Use a sorted list instead of line 4821. {LINK}"),
    ("notifications@tracker.example", "[PROJ-4821] Wrong colour on the start page",
     f"jane commented: fixed in 4.8.21, see build 48213.\n{LINK}"),
    ("noreply@storage.example", "Storage is 90 % full", f"You use 13.5 GB of 15 GB. {LINK}"),
    ("noreply@cloud.example", "Your bill for November", "Total: $482.13. Account 4829-1302-7731."),
    ("no-reply@sns.cloud.example", "ALARM: cpu-high",
     f"Threshold crossed: 4821 > 4000.\nAlarmArn: arn:x:482913027731\n{LINK}"),
    ("expiry@ca.example", "Certificate expiration notice",
     f"The certificate for login.example expires in 7 days.\n{LINK}"),
    ("noreply@ca.example", "Certificate issued", "Serial 4829 1302 7731"),
    ("noreply@social.example", "New sign-in to your account",
     f"Firefox on Linux, 192.0.2.7. If this wasn't you, reset your password: {LINK}"),
    ("noreply@social.example", "Your password was changed",
     "Your password was changed on 20 Nov 2026 at 12:30. If you did not do this, reset your password at "
     f"{LINK}"),
    ("security@mail.photos.example", "We noticed a new login",
     f"Was this you? Not you? Reset your password: {LINK}"),
    ("noreply@laden.example", "Neue Anmeldung",
     f"Am 20.11.2026 um 12:30. Falls Sie das nicht waren, können Sie hier Ihr Kennwort zurücksetzen: {LINK}"),
    ("noreply@boutique.example", "Votre commande 482913", f"Numéro de suivi 4829130277. {LINK}"),
    ("noreply@tienda.example", "Tu pedido 482913", f"Número de pedido 482913. {LINK}"),
    ("noreply@loja.example", "Nota fiscal 482913", "Valor: R$ 482,13"),
    ("noreply@mise.example", "ご注文の確認", f"注文番号 482913\n{LINK}"),
    ("noreply@shangdian.example", "订单 482913 已发货", f"运单号 4829130277\n{LINK}"),
    ("noreply@magazin.example", "Заказ 482913", f"Номер заказа 482913. {LINK}"),
    ("stripe@pay.example", "Payout of € 4,821.30", f"Your payout is on its way. {LINK}"),
    ("noreply@registrar.example", "Domain renewal",
     f"example.org renews on 2026-12-01. Log in to your account: {LINK}"),
    ("noreply@code-host.example", "[org/app] Release 4.8.21",
     f"Release notes: faster login, tests verify code 48213a. {LINK}"),
    ("noreply@code-host.example", "[org/app] Run failed: CI - main (48a1c2d)",
     f"verify: failed in 4 minutes and 8 seconds. {LINK}"),
    ("dependabot@code-host.example", "Security alert digest", f"CVE-2026-48213 in otp-lib 4.8.2. {LINK}"),
    ("noreply@code-host.example", "A new public key was added to your account",
     f"Fingerprint SHA256:7F3K9QXX. {LINK}"),
    ("noreply@newspaper.example", "Morning briefing",
     f"Ministers confirm budget of 4821 million. Sign up for more. {LINK}"),
    ("noreply@alerts.search.example", "Alert - passwords",
     f"Why you should reset a password every year no more | {LINK}"),
    ("support@saas.example", "Your ticket 48213 was updated",
     f"Jane wrote: we look into it.\nTicket 48213: {LINK}"),
    ("noreply@survey.example", "Tell us how we did", f"Your opinion on order 48213: {LINK}"),
    ("root@pve.example", "vzdump backup status (pve): backup successful",
     "VMID  NAME  STATUS  TIME  SIZE\n482   login  ok   00:04:21   48.21 GB"),
    ("nas@home.example", "Disk 4 on NAS has reconnected", "Disk serial 7F3K9QXX2, 4821 hours"),
    ("mdadm@db1.example", "Fail event on /dev/md0",
     "md0 : active raid1 sdb1[1](F) sda1[0]\n 48829130 blocks [2/1] [U_]"),
    ("smartd@db1.example", "SMART error (CurrentPendingSector)", "Device: /dev/sda, 8 sectors, serial 7F3K9Q"),
    ("noreply@school.example", "Room code for Friday", "The room is 4821."),
    ("noreply@weather.example", "Storm in zip code 48213", "Winds of 4821 m"),
    ("hello@letters.example", "Verb. Target. Outcome.",
     "Read it over again: email me, tell a friend.\n\nThe Letters · 20445 Some Ave · Sometown, CA 95070 · USA"),
    ("info@spin.example", "Spin class", "Over 4821 people sign up to spin. Codec 4829 is best."),
    ("noreply@gym.example", "Welcome", "Nothing to do. See you!"),
]  # fmt: skip


@pytest.mark.parametrize(("sender", "subject", "text"), ORDINARY, ids=range(len(ORDINARY)))
def test_ordinary_mail_of_programs(sender: str, subject: str, text: str) -> None:
    assert not judged(sender, subject, text)


CODE = ("Your code", "Your verification code is 482913.\n")


@pytest.mark.parametrize(
    ("sender", "fields"),
    [
        # a person who speaks of such a mail
        ("Jane Doe <jane.doe@example.com>", []),
        ("bob@example.com", []),
        # what somebody wrote on a list, in an issue, or in an answer
        ("notifications@code-host.example", ["List-Id: org/app <app.org.code-host.example>"]),
        ("noreply@code-host.example", ["In-Reply-To: <1@code-host.example>"]),
        ("support@saas.example", ["References: <1@saas.example>"]),
    ],
)
def test_what_people_say_of_codes(sender: str, fields: list[str]) -> None:
    assert not judged(sender, *CODE, *fields)
    assert not judged(sender, "Reset your password", f"Reset your password: {LINK}", *fields)


@pytest.mark.parametrize(
    ("sender", "fields"),
    [
        ("jane@example.com", ["Auto-Submitted: auto-generated"]),
        ("jane@example.com", ["Precedence: bulk"]),
        ("jane@example.com", ["Return-Path: <>"]),
        ("jane@example.com", ["List-Unsubscribe: <https://x.example/>"]),
        ("Service <NoReply@Example.com>", []),
        ("service-noreply+x7@example.com", []),
        ("accounts@example.com", []),
    ],
)
def test_who_is_a_program(sender: str, fields: list[str]) -> None:
    assert judged(sender, *CODE, *fields)
    assert judged(sender, "Welcome", f"Please verify your email address: {LINK}", *fields)


@pytest.mark.parametrize("name", ["Firing", "[Alert] Jane", "Invoice 7", "Build failed", "If so", "Not you",
                                  "If you did not request this"])  # fmt: skip
def test_whoever_signs_up_under_the_name_of_something_else_gets_no_code(name: str) -> None:
    """Services greet by the name that was typed when signing up, in subjects, too."""
    assert judged("no-reply@service.example", f"{name}, please verify your email", f"Hi {name},\n\nhere: {LINK}")
    assert judged("no-reply@service.example", "Welcome", f"Hi {name}, please verify your email address: {LINK}")
    assert judged("no-reply@service.example", f"Welcome {name}", "Your verification code is 482913")


def test_a_link_is_needed_beside_the_words_and_html_may_hold_it() -> None:
    found = mail("noreply@example.com", "Reset your password", "Press the button.")
    assert not is_verification(found, found.text)
    assert is_verification(replace(found, html=f'<a href="{LINK}">Reset</a>'), found.text)


def test_only_the_first_part_is_read() -> None:
    assert not judged("noreply@example.com", "Long", "x " * 2000 + CODE[1])
    assert judged("noreply@example.com", "Long", "x " * 1000 + CODE[1])


@given(st.text(max_size=300), st.text(max_size=300))
def test_whatever_is_written_it_is_judged(subject: str, text: str) -> None:
    found = replace(mail("noreply@example.com", "x", "x"), subject=subject, text=text)
    assert isinstance(is_verification(found, text), bool)


@pytest.mark.parametrize(
    "piece", ["1 ", "AB1-", "verification code ", "if ", ".", "\n", "é", "reset your password http://"]
)
def test_long_text_costs_no_more_than_its_first_part(piece: str) -> None:
    grown: Callable[[int], Message] = lambda size: replace(  # noqa: E731
        mail("noreply@example.com", "x", "x"), text=piece * (size // len(piece)), html=piece * (size // len(piece))
    )

    def seconds(size: int) -> float:
        found = grown(size)
        best = 1e9
        for _ in range(3):
            began = time.process_time()
            is_verification(found, found.text)
            best = min(best, time.process_time() - began)
        return best

    assert seconds(1_000_000) <= 2.5 * seconds(500_000) + 0.02
    assert seconds(1_000_000) < 0.5
