"""Languages of the Near East and of Asia."""

from mailpoll.reply.languages.language import Language

LANGUAGES: tuple[Language, ...] = (
    Language(
        code="ar",
        name="Arabic",
        wrote="كتب | كتبت | كتب/كتبت | تمت كتابة ما يلي بواسطة | تمت كتابة | كتبه | كتب ما يلي",
        opens="في | بتاريخ | يوم | في تاريخ",
        pronouns="أنا | هو | هي | نحن",
        original="الرسالة الأصلية | رسالة أصلية | البريد الأصلي | الرسالة الاصلية | رسالة اصلية",
        forwarded="رسالة معاد توجيهها | الرسالة المعاد توجيهها | بدء الرسالة المعاد توجيهها | رسالة محولة"
        " | الرسالة المحولة | بداية الرسالة المُعاد توجيهها | بدء الرسالة المُعاد توجيهها | رسالة مُعاد توجيهها"
        " | رسالة مُعاد إرسالها",
        from_="من | المرسل",
        date="التاريخ | تاريخ",
        sent="تم الإرسال | أُرسلت | مرسل | تم إرساله | تاريخ الإرسال | أرسلت",
        to="إلى | الى | نسخة | المرسل إليه | نسخة إلى",
        subject="الموضوع | موضوع",
        sent_from="أُرسلت من | أرسلت من | مُرسل من | مرسل من | تم الإرسال من | أرسل من | تم الارسال من | أُرسل من"
        " | الحصول على outlook | احصل على outlook | مرسلة من",
        sign_offs="مع أطيب التحيات | مع التحية | تحياتي | شكرا | شكراً | مع خالص التحية | مع فائق الاحترام"
        " | وتفضلوا بقبول فائق الاحترام | مع الشكر | أطيب التحيات | شكرا جزيلا | والسلام عليكم",
        disclaimer="سري | المرسل إليه | بالخطأ | بطريق الخطأ | حذف | سرية",
        banner="تنبيه: هذه الرسالة | تحذير: هذه الرسالة | تحذير: هذا البريد | بريد خارجي",
        reply_above="الرد فوق هذا السطر | اكتب ردك فوق | فوق هذا السطر",
        list_footer="إلغاء الاشتراك",
    ),
    Language(
        code="he",
        name="Hebrew",
        wrote="כתב | כתבה | כתב/ה | כתבו | כתב/כתבה | כותב | כותבת",
        opens="בתאריך | ב- | ביום | ב",
        pronouns="אני | הוא | היא | אנחנו",
        original="הודעה מקורית | ההודעה המקורית | הודעת המקור | דואר מקורי | פגישה מקורית",
        forwarded="הודעה שהועברה | תחילת ההודעה שהועברה | הודעה מועברת | ההודעה שהועברה",
        from_="מאת | שולח",
        date="תאריך",
        sent="נשלח | נשלחה | תאריך שליחה",
        to="אל | עותק | לכבוד | נמען",
        subject="נושא | הנדון",
        sent_from="נשלח מה | נשלח מ{} | נשלח מהטלפון | נשלח מהנייד | נשלח באמצעות | נשלח מ- | נשלח מתוך"
        " | הורד את outlook | השג את outlook | קבל את outlook | נשלח מהמכשיר",
        sign_offs="בברכה | תודה | תודה רבה | בכבוד רב | בתודה | בידידות | להתראות | תודה מראש | יום טוב",
        disclaimer="סודי | חסוי | הנמען | בטעות | נמען | למחוק",
        banner="זהירות: דואר | אזהרה: הודעה זו | הודעה חיצונית | שים לב: הודעה",
        reply_above="השב מעל שורה זו | יש להשיב מעל | מעל שורה זו | מעל קו זה",
        list_footer="הסרה מרשימת",
    ),
    Language(
        code="fa",
        name="Persian",
        wrote="نوشت | نوشته | نوشته است | می‌نویسد | نوشتند",
        opens="در تاریخ | در | روز | تاریخ",
        pronouns="من | او | ما",
        original="پیام اصلی | نامه اصلی | ایمیل اصلی",
        forwarded="پیام ارجاع‌شده | پیام ارسال مجدد شده | پیام هدایت‌شده | پیام بازارسالی | پیام فوروارد شده"
        " | آغاز پیام ارجاع‌شده",
        from_="از | فرستنده",
        date="تاریخ",
        sent="ارسال شده | ارسال‌شده | زمان ارسال | ارسال",
        to="به | گیرنده | رونوشت",
        subject="موضوع",
        sent_from="ارسال شده از | ارسال‌شده از | فرستاده شده از | فرستاده‌شده از | ارسال از",
        sign_offs="با احترام | با تشکر | ممنون | سپاس | ارادتمند | با سپاس | متشکرم | با سپاس فراوان",
        disclaimer="محرمانه | گیرنده | اشتباه | حذف",
        reply_above="بالای این خط پاسخ | پاسخ خود را بالای",
    ),
    Language(
        code="hi",
        name="Hindi",
        wrote="ने लिखा | लिखा | लिखते हैं | लिखा है | लिखता है",
        opens="दिनांक | को | पर",
        pronouns="मैंने | मैं | उसने | हमने",
        original="मूल संदेश | मूल सन्देश | मूल मेल",
        forwarded="अग्रेषित संदेश | फ़ॉरवर्ड किया गया संदेश | अग्रेषित सन्देश | फॉरवर्ड किया गया संदेश | आगे भेजा गया संदेश",
        from_="प्रेषक | से | द्वारा",
        date="दिनांक | तारीख | तिथि",
        sent="भेजा गया | भेजने की तिथि | प्रेषित",
        to="प्रति | प्राप्तकर्ता | को | प्रतिलिपि",
        subject="विषय",
        sent_from="outlook प्राप्त करें",
        sent_from_ends="से भेजा गया | से भेजा गया है | से प्रेषित | के लिए outlook प्राप्त करें",
        sign_offs="सादर | धन्यवाद | शुभकामनाओं सहित | भवदीय | आपका | बहुत धन्यवाद | नमस्ते",
        disclaimer="गोपनीय | प्राप्तकर्ता | गलती से | हटा",
        reply_above="इस पंक्ति के ऊपर उत्तर | इस लाइन के ऊपर",
    ),
    Language(
        code="th",
        name="Thai",
        wrote="เขียนว่า | เขียน | ได้เขียน",
        opens="ในวันที่ | เมื่อ | วันที่ | เมื่อวันที่ | ในวัน | บน",
        original="ข้อความต้นฉบับ | ข้อความเดิม | อีเมลต้นฉบับ | จดหมายต้นฉบับ",
        forwarded="ข้อความที่ส่งต่อ | ข้อความส่งต่อ | เริ่มต้นข้อความที่ส่งต่อ | ข้อความที่ถูกส่งต่อ | เริ่มข้อความที่ส่งต่อ",
        from_="จาก | ผู้ส่ง",
        date="วันที่",
        sent="ส่ง | ส่งเมื่อ | วันที่ส่ง",
        to="ถึง | สำเนา | ผู้รับ | สำเนาถึง",
        subject="หัวเรื่อง | เรื่อง",
        sent_from="ส่งจาก | ส่งโดย {} | ส่งผ่าน | รับ outlook สำหรับ | ดาวน์โหลด outlook",
        sign_offs="ขอแสดงความนับถือ | ด้วยความเคารพ | ขอบคุณ | ขอบคุณครับ | ขอบคุณค่ะ | ด้วยความนับถือ | ขอบพระคุณ",
        disclaimer="ความลับ | ผู้รับ | ผิดพลาด | ลบ",
        reply_above="ตอบกลับเหนือบรรทัดนี้ | เหนือบรรทัดนี้",
    ),
    Language(
        code="vi",
        name="Vietnamese",
        wrote="đã viết | viết | đã gửi | đã viết như sau",
        opens="vào | vào lúc | vào ngày | ngày | lúc",
        pronouns="tôi | anh ấy | chúng tôi | em",
        original="thư gốc | tin nhắn gốc | tin gốc | thư ban đầu | thông điệp gốc",
        forwarded="thư đã chuyển tiếp | thư được chuyển tiếp | bắt đầu thư được chuyển tiếp"
        " | tin nhắn được chuyển tiếp | chuyển tiếp thư | thư chuyển tiếp | tin nhắn đã chuyển tiếp"
        " | bắt đầu chuyển tiếp thư | bắt đầu thư đã chuyển tiếp",
        from_="từ | người gửi",
        date="ngày | thời gian",
        sent="đã gửi | gửi lúc | ngày gửi | gửi",
        to="đến | tới | người nhận | cc | kính gửi",
        subject="tiêu đề | chủ đề | v/v",
        sent_from="được gửi từ | đã gửi từ | gửi từ | gửi bằng {} | tải outlook | lấy outlook | tải xuống outlook"
        " | nhận outlook",
        sign_offs="trân trọng | thân mến | kính thư | trân trọng kính chào | cảm ơn | xin cảm ơn | cám ơn"
        " | thân ái | kính chào | thân",
        disclaimer="bảo mật | người nhận | do nhầm lẫn | xóa | nghiêm cấm",
        banner="cảnh báo: email này | thư bên ngoài",
        reply_above="trả lời phía trên dòng này | trả lời trên dòng này | phía trên dòng này",
        list_footer="hủy đăng ký",
    ),
    Language(
        code="id",
        name="Indonesian",
        wrote="menulis | tulis | menuliskan | telah menulis",
        opens="pada | pada tanggal | tanggal",
        pronouns="saya | dia | kami | kita | mereka",
        original="pesan asli | pesan awal | email asli | surat asli",
        forwarded="pesan terusan | pesan yang diteruskan | mulai pesan yang diteruskan | pesan diteruskan"
        " | awal pesan yang diteruskan | surel terusan",
        from_="dari | pengirim",
        date="tanggal | tgl",
        sent="dikirim | terkirim | tanggal kirim",
        to="kepada | ke | untuk | penerima | tembusan",
        subject="perihal | subjek | subyek | judul | hal",
        sent_from="dikirim dari | terkirim dari | dikirim melalui | dikirim menggunakan | dapatkan outlook"
        " | unduh outlook | dikirim dengan {}",
        sign_offs="salam | salam hormat | hormat saya | terima kasih | hormat kami | salam hangat | dengan hormat"
        " | terimakasih | best regards",
        disclaimer="rahasia | penerima | kesalahan | hapus | dilarang",
        banner="perhatian: email ini | peringatan: email ini | email eksternal",
        reply_above="balas di atas baris ini | tulis balasan di atas | di atas baris ini",
        list_footer="berhenti berlangganan | milis",
    ),
    Language(
        code="ms",
        name="Malay",
        wrote="menulis | tulis | telah menulis",
        opens="pada | tarikh",
        pronouns="saya | beliau | kami | mereka",
        original="mesej asal | mesej asli | e-mel asal",
        forwarded="mesej dikirim semula | mesej yang dikirim semula | mesej dimajukan | mesej yang dimajukan"
        " | mesej yang diajukan",
        from_="daripada | dari | penghantar",
        date="tarikh",
        sent="dihantar | tarikh dihantar",
        to="kepada | penerima | sk | ke",
        subject="subjek | perkara | tajuk",
        sent_from="dihantar dari | dihantar daripada | dihantar melalui | dapatkan outlook | dihantar menggunakan",
        sign_offs="sekian, terima kasih | yang benar | salam hormat | terima kasih | salam | sekian | yang ikhlas",
        disclaimer="sulit | penerima | kesilapan | padam | dilarang",
        reply_above="balas di atas garisan ini | di atas garisan ini",
    ),
    Language(
        code="zh",
        name="Chinese",
        wrote="写道 | 寫道 | 于写道 | 於寫道 | 写到 | 寫到 | 撰写 | 撰寫",
        opens="在 | 于 | 於",
        pronouns="我 | 他 | 她 | 我们 | 我們",
        original="原始邮件 | 原始郵件 | 原邮件 | 邮件原件 | 原始訊息 | 原始信息 | 原始消息 | 原郵件 | 原始约会"
        " | 回复的邮件 | 回复的原邮件 | 原始信件 | 原文 | 回复邮件信息 | 原始會議",
        forwarded="转发的邮件 | 转发邮件信息 | 轉寄郵件 | 轉寄的郵件 | 转发的消息 | 转发邮件 | 转发的信息"
        " | 开始转发的邮件 | 以下是转发的邮件 | 以下為轉寄的郵件 | 開始轉寄郵件 | 下面是被转发的邮件 | 轉寄的訊息"
        " | 已轉寄郵件 | 开始转发邮件 | 已转发邮件 | 转寄的邮件 | 轉寄訊息 | 開始轉寄訊息",
        from_="发件人 | 寄件者 | 寄件人 | 發件人 | 发信人 | 自 | 由 | 寄信人",
        date="日期 | 时间 | 時間",
        sent="发送时间 | 发送日期 | 寄件日期 | 傳送時間 | 發送時間 | 發送日期 | 已发送 | 已傳送 | 发件时间"
        " | 發件時間 | 寄送日期 | 傳送日期",
        to="收件人 | 收件者 | 抄送 | 副本 | 至 | 抄送人 | 密送 | 收信人 | 副本抄送 | 密件副本",
        subject="主题 | 主旨 | 主題 | 标题 | 標題",
        sent_from="发自我的 {} | 发自我的{} | 发自 {} | 发自{} | 傳送自 | 发送自我的 | 发送自 {} | 從我的 {}"
        " | 從我的{} | 由 {} 发送 | 從 {} 傳送 | 获取适用于 | 获取 outlook | 下载适用于 | 取得 outlook"
        " | 下載適用於 | 获取outlook | 来自我的 {} | 来自我的{} | 來自我的 {} | 來自我的{} | 寄件自 | 从我的 {}"
        " | 从我的{} | 我的 iphone 傳送 | 使用 {} 发送 | 取得適用於 | 取得 ios 版 outlook | 取得 android 版 outlook"
        " | 由我的 {} | 由我的{}",
        sent_from_ends="iphone 傳送 | ipad 傳送 | android 傳送 | iphone 发送 | iphone发送 | iphone傳送 | 手机发送"
        " | 版邮件发送 | 手機傳送 | 手机端发送 | 手機發送",
        sign_offs="此致 | 谢谢 | 謝謝 | 祝好 | 此致敬礼 | 敬礼 | 敬禮 | 顺祝商祺 | 順頌商祺 | 顺颂商祺 | 敬上"
        " | 致礼 | 祝商祺 | 多谢 | 多謝 | 感谢 | 感謝 | 祝 好 | 此致 敬礼 | 敬祝商祺",
        disclaimer="机密 | 機密 | 保密 | 收件人 | 误收 | 誤收 | 立即删除 | 立即刪除 | 未经授权 | 未經授權",
        banner="警告:此邮件 | 警告：此邮件 | 注意:此邮件 | 注意：此邮件 | 外部邮件 | 外部郵件 | 【外部邮件】"
        " | [外部邮件] | 【外部郵件】 | 小心：此邮件 | 警告：外部 | 您不常收到 | 您通常不会收到来自",
        reply_above="请在此线上方回复 | 請在此線上方回覆 | 请在此行上方回复 | 請在此行上方回覆 | 在此行以上回复"
        " | 在此行以上輸入",
        list_footer="退订 | 取消訂閱 | 取消订阅 | 邮件列表 | 退訂",
    ),
    Language(
        code="ja",
        name="Japanese",
        wrote="のメール | に書きました | は書きました | のメッセージ | さんは書きました | が書きました | さんが書いた"
        " | さんからのメール | さんの書き込み | さんは以下のように書きました",
        opens="日時",
        original="元のメッセージ | オリジナルメッセージ | 元のメール | オリジナル メッセージ | 元メッセージ"
        " | 元の予定 | original message | 受信メール | 元のメール内容",
        forwarded="転送メッセージ | 転送されたメッセージ | 転送元メッセージ | 転送メール | 転送されたメール"
        " | 以下、転送メール | 転送先メッセージ",
        from_="差出人 | 送信元 | 送信者 | 発信者 | 差出人名",
        date="日時 | 日付",
        sent="送信日時 | 送信日 | 送信時刻 | 受信日時 | 送信済み",
        to="宛先 | 宛て先 | 受信者 | 件名cc | 送信先 | 写し",
        subject="件名 | 題名 | 表題",
        sent_from="{}から送信 | outlook for | スマホから送信 | 携帯から送信",
        sent_from_ends="から送信 | から送信されました | outlook を入手 | outlook を取得 | からの送信",
        sign_offs="よろしくお願いします | よろしくお願いいたします | 宜しくお願いします | 宜しくお願い致します"
        " | 敬具 | 以上 | よろしくお願い致します | 草々 | ありがとうございます | では"
        " | どうぞよろしくお願いいたします",
        disclaimer="機密 | 秘密 | 宛先 | 誤って | 破棄 | 削除 | 受取人",
        banner="注意：このメールは | 注意:このメールは | 【外部メール】 | [外部メール] | 外部からのメール"
        " | このメールは外部から | 【社外メール】 | 警告：このメール",
        reply_above="この行より上に | この線より上に | この行の上に返信 | この線の上に返信",
        list_footer="配信停止 | 購読解除 | メーリングリスト | 登録解除",
    ),
    Language(
        code="ko",
        name="Korean",
        wrote="님이 작성 | 님이 다음과 같이 작성 | 작성 | 님이 쓴 글 | 쓴 글 | 님이 보낸 | 이(가) 쓴 글 | 님의 말"
        " | 님이 씀 | 님이 작성함",
        opens="일시 | 날짜",
        pronouns="제가 | 내가 | 그가",
        original="원본 메시지 | 원본 메일 | 원본메시지 | 원본 메세지 | 원본메일 | 원래 메시지 | 원본 약속",
        forwarded="전달된 메시지 | 전달된 메일 | 전달 메시지 | 전달된 편지 | 전달한 메시지 | 전달된 메시지의 시작",
        from_="보낸 사람 | 보낸사람 | 보낸이 | 발신인 | 발신자 | 발신",
        date="날짜 | 일시",
        sent="보낸 날짜 | 보낸날짜 | 보낸 시간 | 발송일 | 보낸 일시",
        to="받는 사람 | 받는사람 | 참조 | 받는이 | 수신인 | 수신자 | 수신 | 숨은 참조",
        subject="제목",
        sent_from="outlook for | {}에서 보냄 | {}에서 보낸 메일",
        sent_from_ends="에서 보냄 | {}에서 보냈습니다 | {}에서 발송 | {}에서 전송 | 에서 보낸 메일"
        " | outlook 다운로드 | outlook 가져오기 | outlook 받기 | 에서 보낸 이메일",
        sign_offs="감사합니다 | 드림 | 올림 | 고맙습니다 | 안녕히 계세요 | 수고하세요 | 배상",
        disclaimer="기밀 | 비밀 | 수신인 | 수신자 | 잘못 | 삭제",
        banner="주의: 이 메일은 | 주의: 외부 | [외부 메일] | 외부 메일 | 경고: 외부",
        reply_above="이 줄 위에 | 이 선 위에 | 위에 답장",
        list_footer="수신거부 | 구독 취소 | 메일링 리스트",
    ),
)
