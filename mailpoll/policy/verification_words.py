"""The words of mail with a code or a link to sign in or confirm with, in the languages that services write it in.

All are compared without accents and in lower case, as plain() makes them.
"""

from __future__ import annotations

import unicodedata


def plain(text: str) -> str:
    """Text without accents and other marks, in compatibility form (NFKD): full-width digits become digits."""
    if text.isascii():
        return text
    marked = unicodedata.normalize("NFKD", text.replace("’", "'"))
    return "".join(character for character in marked if unicodedata.category(character) not in ("Mn", "Cf"))


def folded(text: str) -> str:
    """Text of plain() in lower case, with as many characters as before."""
    lower = text.lower()
    return lower if len(lower) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def _words(text: str) -> tuple[str, ...]:
    """The phrases of a table: one per line or between bars."""
    lines = text.replace("\n", "|").split("|")
    return tuple(dict.fromkeys(folded(plain(" ".join(line.split()))) for line in lines if line.strip()))


# A code beside one of these is one to sign in or confirm with, whatever else the mail says.
CODES = _words("""
verification code | verification pin | verification number | verify code | security code | confirmation code
authentication code | authorization code | authorisation code | activation code | access code | login code
log-in code | log in code | sign-in code | sign in code | signin code | sign-up code | signup code | launch code
one-time code | one time code | one-time password | one time password | one-time passcode | one time passcode
one-time pin | single-use code | single use code | temporary code | temporary password | passcode | pass code
two-factor code | 2fa code | two-step code | mfa code | otp code | your otp | otp is | otp: | (otp) | otp for
your pin is | your pin code | reset code | recovery code | password code | registration code | validation code
code to sign in | code to log in | code to login | code to verify | code to confirm | code to reset
code to complete | code below to | following code to | secure code | device code | account code | email code
bestätigungscode | verifizierungscode | sicherheitscode | anmeldecode | einmalcode | einmalpasswort | einmal-code
einmal-passwort | zugangscode | aktivierungscode | freischaltcode | bestätigungs-code | login-code | prüfcode
einmalkennwort | authentifizierungscode | registrierungscode | ihre tan | deine tan | kurzcode
code de vérification | code de sécurité | code de confirmation | code de connexion | code d'accès
code d’accès | code à usage unique | code d'activation | code d’activation | mot de passe à usage unique
code d'authentification | code d’authentification | code unique | code temporaire | code de validation
code secret
código de verificación | código de seguridad | código de confirmación | código de acceso | código de activación
código de inicio de sesión | código de un solo uso | contraseña de un solo uso | código temporal | código único
clave temporal | clave de acceso | código para iniciar sesión | codi de verificació | código de validación
código de verificação | código de segurança | código de confirmação | código de acesso | código de ativação
código de uso único | código de login | senha temporária | código de autenticação | código de utilização única
codice di verifica | codice di sicurezza | codice di conferma | codice di accesso | codice di attivazione
codice monouso | codice temporaneo | password monouso | codice otp | codice d'accesso | codice di autenticazione
verificatiecode | beveiligingscode | bevestigingscode | inlogcode | eenmalige code | toegangscode | activeringscode
activatiecode | eenmalig wachtwoord | aanmeldcode | controlecode
verifieringskod | säkerhetskod | bekräftelsekod | engångskod | inloggningskod | aktiveringskod | engångslösenord
bekreftelseskode | sikkerhetskode | engangskode | innloggingskode | verifiseringskode | engangspassord
bekræftelseskode | sikkerhedskode | loginkode | verifikationskode | engangsadgangskode | godkendelseskode
vahvistuskoodi | turvakoodi | kertakäyttökoodi | kirjautumiskoodi | todennuskoodi | aktivointikoodi
kod weryfikacyjny | kod bezpieczeństwa | kod potwierdzający | kod logowania | kod jednorazowy | jednorazowy kod
hasło jednorazowe | kod dostępu | kod aktywacyjny | kod autoryzacyjny | kodem weryfikacyjnym
ověřovací kód | bezpečnostní kód | potvrzovací kód | jednorázový kód | přihlašovací kód | aktivační kód
overovací kód | bezpečnostný kód | potvrdzovací kód | jednorazový kód
код подтверждения | проверочный код | код безопасности | одноразовый код | одноразовый пароль | код для входа
код доступа | код активации | кода подтверждения | код входа | код авторизации | код проверки
код підтвердження | код безпеки | одноразовий код | код для входу | код доступу | код перевірки | код активації
doğrulama kodu | güvenlik kodu | onay kodu | tek kullanımlık | giriş kodu | aktivasyon kodu
κωδικός επαλήθευσης | κωδικός ασφαλείας | κωδικός επιβεβαίωσης | κωδικός μίας χρήσης | κωδικό επαλήθευσης
ellenőrző kód | biztonsági kód | megerősítő kód | egyszer használatos | belépési kód | ellenőrzőkód
cod de verificare | codul de verificare | cod de securitate | codul de securitate | cod de confirmare
cod unic | codul de autentificare | cod de acces
kode verifikasi | kode keamanan | kode konfirmasi | kode otp | kata sandi sekali pakai | kod pengesahan
mã xác minh | mã xác nhận | mã bảo mật | mã xác thực | mã otp | mã đăng nhập
確認コード | 認証コード | 検証コード | セキュリティコード | セキュリティ コード | ワンタイムパスワード
ワンタイムコード
ログインコード | 認証番号 | 確認番号 | パスコード | 認証用コード
验证码 | 校验码 | 动态密码 | 安全代码 | 确认码 | 登录码 | 安全码 | 一次性密码 | 验证代码 | 激活码
驗證碼 | 驗證代碼 | 安全碼 | 確認碼 | 一次性密碼 | 認證碼
인증번호 | 인증 번호 | 인증 코드 | 인증코드 | 확인 코드 | 보안 코드 | 로그인 코드 | 일회용 비밀번호
رمز التحقق | رمز التأكيد | كود التحقق | رمز الأمان | رمز الدخول | رمز تحقق | كلمة مرور لمرة واحدة
קוד אימות | קוד האימות | קוד אבטחה | קוד חד פעמי | קוד חד-פעמי | קוד הכניסה
รหัสยืนยัน | รหัส otp | รหัสความปลอดภัย | सत्यापन कोड | ओटीपी | کد تأیید | کد تایید
""")

# A code of digits beside one of these is one when the mail also speaks of signing in.
PLAIN_CODES = _words("""
code | código | codice | kode | kood | koodi | kód | код | κωδικ | コード | 代码 | 코드 | رمز | קוד | รหัส | mã
kod
pin | passwort | kennwort | cod
""")
SIGNING_IN = _words("""
sign in | signing in | sign-in | log in | logging in | login | sign up | signing up | verify | verification
confirm your | your account | your email address | identity | do not share | don't share | never share
expires in | expire in | valid for | will expire
anmelden | anmeldung | einloggen | bestätigen | gültig | ihr konto | dein konto | läuft ab
connexion | connecter | vérifier | confirmer | valable | expire dans | votre compte
iniciar sesión | verificar | verifica | confirmar | caduca | válido | tu cuenta | su cuenta
entrar | expira | sua conta | accedi | accedere | confermare | scade | valido | tuo account
inloggen | aanmelden | bevestigen | geldig | verloopt | logga in | bekräfta | giltig | logg inn | bekreft | log ind
bekræft | kirjaudu | vahvista | zaloguj | logowani | potwierd | ważny | přihlás | ověřen | ověřit | ověřova | potvrd
platn | войти | вход | подтверд | действител | увійти | підтверд | giriş | doğrula | geçerli | σύνδεση | επαληθε
bejelentkez | megerősít | autentific | verifikasi | masuk | đăng nhập | xác minh | ログイン | 認証 | 確認 | 有効
登录 | 验证 | 登入 | 驗證 | 로그인 | 인증 | تسجيل الدخول | تأكيد | כניסה | אימות | เข้าสู่ระบบ
""")
# Codes of another kind.
OTHER_CODES = _words("""
discount | coupon | voucher | promo | checkout | % off | gift card | rabatt | gutschein | descuento | cupón
remise
sconto | desconto | korting | скидк | промокод | クーポン | 优惠 | 할인 | tracking | pickup | pick up | pick-up
abhol | sendung | retrait | recogida | parcel | locker | error code | exit code | status code | error: | zip code
postal code | country code | qr code | dress code | source code | booking | reservation | buchung | check-in | gate
""")
# Between such words and a number, it is the number of something else.
OTHER_NUMBERS = _words("""
card | cvv | cvc | ending | invoice | order | ticket | build | error | line | port | version | karte | rechnung
auftrag | carte | facture | tarjeta | factura | commande | case | issue | http
""")

# With a link beside it, one of these makes a mail one to confirm, activate, sign in or change a password with.
LINKS = _words("""
verify your email | verify your e-mail | verify your account | verify your address | verify your identity
verify email address | verify this email | verify my email | verify that this is your | verify it's you
verify that you own | verify your new email | verify your login | verify your device | email verification
email address verification | account verification | verify your mailbox | verify your registration
confirm your email | confirm your e-mail | confirm your account | confirm your address | confirm your registration
confirm your subscription | confirm your identity | confirm your new email | confirm email address
confirm this email | confirm my email | confirm my account | confirm your sign | confirm your login
confirm your signup | confirm that this is your | confirm that you own | confirm it's you | confirm your newsletter
confirmation is required | subscription confirmation | please confirm your | confirm email change
activate your account | activate your email | account activation | activate my account | activate your profile
activation link | complete your registration | complete your sign | complete registration | finish signing
finish setting up your account | finish your registration | finish creating your account | complete your account
reset your password | reset password | password reset link | password reset request | reset link
requested a password reset | request to reset | requested to reset | forgot your password | forgotten password
change your password by | set your password | set a new password | set up your password | create a new password
choose a new password | create your password | choose a password | password recovery | recover your account
recover your password | account recovery | resetting your password | reset my password
magic link | magic sign | sign-in link | sign in link | signin link | login link | log-in link | log in link
link to sign in | link to log in | link to login | one-time link | one-time login
sign in instantly
below to sign in | below to log in | here to sign in | here to log in | button to sign in | button to log in
link to verify | link to confirm | link to activate | link to reset | link to complete | below to verify
below to confirm | below to reset | below to activate | here to verify | here to confirm | here to reset
continue signing in | continue to sign in | new device sign-in request | approve this sign | approve sign-in
confirm your device | unlock your account | authorize this device | authorize new device
bestätige deine e-mail | bestätigen sie ihre e-mail | e-mail-adresse bestätigen | e-mail bestätigen
bestätige deine registrierung | bestätigen sie ihre registrierung | registrierung abschließen | konto bestätigen
anmeldung bestätigen | bestätige dein konto | bestätigen sie ihr konto | bestätigungslink | aktivierungslink
konto aktivieren | aktiviere dein konto | aktivieren sie ihr konto | passwort zurücksetzen | kennwort zurücksetzen
passwort zurückzusetzen | kennwort zurückzusetzen | passwort vergessen | kennwort vergessen | neues passwort
neues kennwort | anmeldelink | anmelde-link | login-link | bestätige deine anmeldung
bestätigen sie ihre anmeldung
newsletter-anmeldung | e-mail-adresse zu bestätigen | adresse verifizieren | zugang freischalten
confirmez votre adresse | confirmer votre adresse | confirmer mon adresse | vérifiez votre adresse
vérifier votre adresse | confirmez votre compte | confirmer votre compte | activez votre compte
activer votre compte | activer mon compte | activation de votre compte | réinitialiser votre mot de passe
réinitialisation de votre mot de passe | réinitialisez votre mot de passe | réinitialiser le mot de passe
mot de passe oublié | nouveau mot de passe | lien de connexion | lien magique | confirmez votre inscription
confirmer votre inscription | confirmation de votre adresse | vérifier votre compte | confirmez votre e-mail
confirma tu correo | confirme su correo | confirmar tu correo | verifica tu correo | verifique su correo
verificar tu correo | confirma tu cuenta | confirme su cuenta | verifica tu cuenta | verifique su cuenta
activa tu cuenta | active su cuenta | activar tu cuenta | activar su cuenta | restablecer tu contraseña
restablecer su contraseña | restablecer la contraseña | restablece tu contraseña | restablezca su contraseña
olvidaste tu contraseña | nueva contraseña | enlace mágico | enlace de inicio de sesión | verifica tu dirección
confirma tu dirección | confirma tu suscripción | confirma tu registro | cambiar tu contraseña
confirme seu e-mail | confirme o seu e-mail | confirmar seu e-mail | verifique seu e-mail | verifique o seu e-mail
confirme sua conta | confirme a sua conta | ative sua conta | ative a sua conta | ativar sua conta
redefinir sua senha | redefinir a senha | redefinição de senha | redefina sua senha | esqueceu sua senha
esqueceu a senha | nova senha | link mágico | link de acesso | repor a palavra-passe | recuperar a palavra-passe
confirme seu endereço | confirme seu cadastro | redefinir senha | nova palavra-passe
conferma il tuo indirizzo | conferma la tua email | conferma la tua e-mail | verifica il tuo indirizzo
verifica la tua email | verifica il tuo account | conferma il tuo account | attiva il tuo account
attivare il tuo account | attivazione account | reimpostare la password | reimposta la password
reimposta la tua password | reimpostare la tua password | ripristinare la password | password dimenticata
nuova password | link di accesso | link magico | conferma la tua iscrizione | conferma la registrazione
bevestig je e-mail | bevestig uw e-mail | verifieer je e-mail | verifieer uw e-mail | bevestig je account
bevestig uw account | activeer je account | activeer uw account | wachtwoord opnieuw in te stellen
wachtwoord opnieuw instellen | wachtwoord resetten | wachtwoord vergeten | nieuw wachtwoord | inloglink
bevestig je aanmelding | bevestig uw inschrijving | bevestig je inschrijving | magische link
bekräfta din e-post | bekräfta din mejl | verifiera din e-post | bekräfta ditt konto | aktivera ditt konto
återställ ditt lösenord | återställa ditt lösenord | återställa lösenord | glömt ditt lösenord | nytt lösenord
inloggningslänk | bekräfta din prenumeration
bekreft e-post | bekreft din e-post | bekreft kontoen | aktiver kontoen | tilbakestill passord
tilbakestille passord | tilbakestille passordet | nytt passord | innloggingslenke | glemt passord
bekræft din e-mail | bekræft din mail | bekræft din konto | aktiver din konto | nulstil din adgangskode
nulstille din adgangskode | nulstil adgangskode | glemt adgangskode | ny adgangskode | login-link
vahvista sähköposti | vahvista tilisi | aktivoi tilisi | vaihda salasana | palauta salasana | nollaa salasana
salasanan vaihto | salasanan palautus | kirjautumislinkki | uusi salasana
potwierdź swój adres | potwierdź adres e-mail | potwierdź swoje konto | potwierdź rejestrację | aktywuj swoje konto
aktywuj konto | aktywacja konta | zresetuj hasło | resetowanie hasła | zresetować hasło | resetu hasła
zmiana hasła | nowe hasło | link aktywacyjny | link do logowania | potwierdzenie adresu e-mail
potvrďte svou e-mailovou | potvrďte svůj e-mail | ověřte svůj e-mail | ověření e-mailu | potvrzení registrace
aktivujte svůj účet | aktivace účtu | obnovení hesla | obnovit heslo | resetování hesla | nové heslo
zapomenuté heslo | přihlašovací odkaz | potvrďte registraci | potvrďte svoj e-mail | obnovenie hesla
подтвердите адрес | подтвердите свой адрес | подтвердите ваш адрес | подтвердите электронную почту
подтвердите почту | подтвердите email | подтвердите e-mail | подтвердите регистрацию | подтверждение регистрации
подтверждение адреса | активируйте аккаунт | активация аккаунта | активировать аккаунт | активация учетной записи
сброс пароля | сбросить пароль | сброса пароля | восстановление пароля | восстановить пароль
восстановления пароля | новый пароль | ссылка для входа | ссылку для входа | подтвердить адрес
підтвердьте адресу | підтвердьте свою | підтвердьте електронну | підтвердження реєстрації | підтвердьте реєстрацію
активуйте обліковий | скидання пароля | скинути пароль | відновлення пароля | відновити пароль | новий пароль
посилання для входу
e-posta adresini doğrula | e-posta adresinizi doğrula | e-postanı doğrula | hesabını doğrula | hesabınızı doğrula
hesabını onayla | hesabınızı etkinleştir | hesabını etkinleştir | şifreni sıfırla | şifrenizi sıfırla
şifre sıfırlama | parola sıfırlama | parolanızı sıfırla | yeni şifre | giriş bağlantısı
επιβεβαιώστε τη διεύθυνση | επαληθεύστε τη διεύθυνση | επιβεβαιώστε το email | ενεργοποιήστε τον λογαριασμό
επαναφορά κωδικού | επαναφορά του κωδικού | νέο κωδικό | σύνδεσμο σύνδεσης
erősítse meg e-mail | erősítsd meg az e-mail | fiók aktiválása | aktiválja fiókját | jelszó visszaállítás
jelszavának visszaállítás | új jelszó | elfelejtett jelszó | regisztráció megerősítése
confirmați adresa | confirmă adresa | verifică adresa | verificați adresa | activează contul | activați contul
resetarea parolei | resetează parola | resetați parola | parolă nouă | link de conectare
konfirmasi email | konfirmasi alamat | verifikasi email | verifikasi alamat | verifikasi akun | aktifkan akun
reset kata sandi | atur ulang kata sandi | mengatur ulang kata sandi | kata sandi baru | sahkan e-mel
xác minh địa chỉ | xác nhận địa chỉ | xác minh email | xác nhận email | kích hoạt tài khoản | đặt lại mật khẩu
mật khẩu mới | liên kết đăng nhập
メールアドレスの確認 | メールアドレスを確認 | メールアドレスの認証 | メールアドレスを認証 | アカウントの有効化
アカウントを有効
アカウントの確認 | アカウントを確認 | 本登録 | パスワードの再設定 | パスワードを再設定 | パスワード再設定
パスワードのリセット | パスワードをリセット | パスワードリセット | ログインリンク | ログイン用リンク | 仮登録
验证您的邮箱 | 验证你的邮箱 | 验证邮箱 | 邮箱验证 | 验证您的电子邮件 | 验证电子邮件 | 确认您的电子邮件 | 确认邮箱
激活您的帐户 | 激活您的账户 | 激活账号 | 激活帐号 | 激活您的账号 | 重置密码 | 重设密码 | 重置您的密码 | 找回密码
登录链接
驗證您的電子郵件 | 驗證你的電子郵件 | 驗證電子郵件 | 確認您的電子郵件 | 啟用您的帳戶 | 啟用帳號 | 重設密碼
重設您的密碼 | 登入連結
이메일 인증 | 이메일 주소 확인 | 이메일을 확인 | 이메일 주소를 인증 | 계정 활성화 | 계정을 활성화 | 비밀번호 재설정
비밀번호를 재설정 | 비밀번호 초기화 | 로그인 링크
تأكيد بريدك | تأكيد عنوان بريدك | تأكيد البريد | تحقق من بريدك | التحقق من بريدك | تفعيل حسابك | تنشيط حسابك
إعادة تعيين كلمة | إعادة ضبط كلمة | استعادة كلمة | رابط تسجيل الدخول | تفعيل الحساب
אימות כתובת | אמת את כתובת | אשר את כתובת | אישור כתובת | הפעלת החשבון | הפעל את החשבון | איפוס סיסמה
לאיפוס הסיסמה
איפוס הסיסמה | ยืนยันอีเมล | รีเซ็ตรหัสผ่าน | ตั้งรหัสผ่านใหม่ | ईमेल सत्यापित | पासवर्ड रीसेट
""")
# What the phrases about passwords have in common.
PASSWORDS = _words("""
reset | passw | passord | kennwort | mot de passe | contraseña | senha | palavra-passe | wachtwoord | lösenord
adgangskode | salasana | hasł | hesl | парол | şifre | parol | κωδικ | jelszó | jelszavá | kata sandi | mật khẩu
パスワード | 密码 | 密碼 | 비밀번호 | كلمة | סיסמ | รหัสผ่าน | पासवर्ड
""")
# What a sentence begins with that only says what to do if somebody else was at work.
CONDITIONS = _words("""
if | in case | should you | unless | wenn | falls | sollten | si | se non | se não | se você não | als | indien
om du | hvis | jos | jeśli | jeżeli | pokud | если | якщо | eğer | εάν | αν | ha nem | dacă | jika | nếu | إذا | אם
""")
# What stands in it, or just before it.
STRANGERS = _words("""
wasn't you | was not you | not you | don't recognize | don't recognise | do not recognize | didn't request
did not request | nicht sie | nicht du | nicht angefordert | pas vous | n'avez pas | no fuiste | no ha sido
場合 | 如果 | 若非 | 경우
""")

# Who writes such mail: names of programs before the @, as a piece of it or as one of its words.
NO_REPLY = ("noreply", "no-reply", "no_reply", "no.reply", "donotreply", "do-not-reply", "do_not_reply", "notreply",
            "do.not.reply", "nepasrepondre", "ne-pas-repondre", "noresponder", "no-responder", "nicht-antworten",
            "naoresponda", "nao-responda", "nonrispondere", "non-rispondere", "notification", "notify", "verif",
            "mailer", "confirm", "passwor", "security", "account")  # fmt: skip
ROLES = frozenset({
    "accounts", "admin", "alert", "alerts", "appleid", "auth", "authentication", "auto", "billing", "bot", "care",
    "cloud", "community", "contact", "customer", "customerservice", "developer", "email", "feedback", "forum",
    "hello", "help", "helpdesk", "hi", "id", "identity", "info", "invitation", "kontakt", "kundenservice", "list",
    "login", "mail", "mailbot", "member", "members", "membership", "messages", "msg", "news", "newsletter", "office",
    "onboarding", "otp", "postmaster", "privacy", "register", "registration", "reset", "robot", "root", "sender",
    "server", "service", "services", "shop", "signin", "signup", "sso", "store", "subscriptions", "support",
    "sysadmin", "system", "team", "transactional", "update", "updates", "user", "users", "webmaster", "welcome",
    "wordpress", "www",
})  # fmt: skip
