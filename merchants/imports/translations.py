"""What the headers are called in other languages, by their English name.

Studio wrote English headers in every interface language seen so far; these are for files that do not, and for
the Shop files in Chinese, which are translated. A language that is missing here is one line per header.
"""

TRANSLATIONS = {
    "Date": (
        "日期 | 日付 | 날짜 | Fecha | Data | Datum | Дата | Ngày | Tanggal | Tarikh | วันที่ | "
        "Petsa | Tarih | التاريخ"
    ),
    "Likes": (
        "点赞数 | 点赞 | 讚 | いいね | 좋아요 | Me gusta | Curtidas | Лайки | Отметки «Нравится» | "
        "Lượt thích | Suka | Tanda suka | Mga like | Gusto | การกดถูกใจ | ถูกใจ | J’aime | J'aime | "
        "„Gefällt mir“-Angaben"
    ),
    "Comments": (
        "评论数 | 评论 | 留言 | コメント | 댓글 | Comentarios | Comentários | Комментарии | "
        "Bình luận | Komentar | Komen | ความคิดเห็น | Mga komento | Commentaires | Kommentare"
    ),
    "Shares": (
        "分享数 | 分享 | シェア | 공유 | Compartidos | Veces compartido | Compartilhamentos | "
        "Репосты | Поделились | "
        "Mga share | Mga pagbabahagi | Lượt chia sẻ | Chia sẻ | Dibagikan | Dibagikan ulang | Kongsian | "
        "การแชร์ | แชร์ | Partages | Geteilt"
    ),
    "New followers": (
        "新增粉丝数 | 新增粉丝 | 新しいフォロワー | Nuevos seguidores | Novos seguidores | "
        "Новые подписчики | Follower mới | Pengikut baru | Pengikut baharu | ผู้ติดตามใหม่ | "
        "Mga bagong follower"
    ),
    "Video Views": (
        "视频播放量 | 视频观看量 | 視頻觀看次數 | 影片觀看次數 | 動画視聴数 | 動画の視聴数 | "
        "동영상 조회수 | Visualizaciones de video | Visualizaciones de videos | "
        "Visualizações de vídeo | Visualizações do vídeo | Просмотры видео | Lượt xem video | "
        "Tayangan video | Penayangan video | Tontonan video | ยอดการดูวิดีโอ | ยอดดูวิดีโอ | "
        "Mga view ng video | Vues de vidéo | Vues de vidéos | Videoaufrufe"
    ),
    "Profile Views": (
        "主页浏览量 | 个人主页浏览量 | 主页访问量 | プロフィール表示数 | プロフィールの表示数 | "
        "프로필 조회수 | Visualizaciones de perfil | Visualizaciones del perfil | "
        "Visualizações de perfil | Visualizações do perfil | Просмотры профиля | Lượt xem hồ sơ | "
        "Tayangan profil | Penayangan profil | Tontonan profil | ยอดการดูโปรไฟล์ | ยอดดูโปรไฟล์ | "
        "Mga view ng profile | Vues de profil | Vues du profil | Profilaufrufe"
    ),
    "Time": ("时间 | 時間 | Hora | Tiempo | Время | Thời gian | Waktu | Masa | เวลา | 发布时间"),
    "Video title": (
        "视频标题 | 動画タイトル | Título del video | Título do vídeo | Название видео | "
        "Tiêu đề video | Judul video | Tajuk video | ชื่อวิดีโอ"
    ),
    "Video link": (
        "视频链接 | 動画リンク | Enlace del video | Link do vídeo | Ссылка на видео | "
        "Liên kết video | Tautan video | Pautan video | ลิงก์วิดีโอ"
    ),
    "Post time": (
        "发布时间 | 投稿日時 | 投稿時間 | Hora de publicación | Horário da postagem | "
        "Время публикации | Thời gian đăng | Waktu posting | Masa siaran | เวลาโพสต์"
    ),
    "Total likes": (
        "总点赞数 | いいねの合計 | Total de me gusta | Total de curtidas | Всего лайков | "
        "Tổng lượt thích | Total suka | Jumlah suka | ยอดถูกใจทั้งหมด"
    ),
    "Total comments": (
        "总评论数 | コメントの合計 | Total de comentarios | Total de comentários | "
        "Всего комментариев | Tổng bình luận | Total komentar | Jumlah komen | ความคิดเห็นทั้งหมด"
    ),
    "Total shares": (
        "总分享数 | シェアの合計 | Total de compartidos | Total de compartilhamentos | "
        "Всего репостов | Tổng lượt chia sẻ | Total dibagikan | Jumlah kongsian | ยอดแชร์ทั้งหมด"
    ),
    "Total views": (
        "总播放量 | 总观看量 | 視聴数の合計 | Total de visualizaciones | Total de visualizações | "
        "Всего просмотров | Tổng lượt xem | Total tayangan | Jumlah tontonan | ยอดดูทั้งหมด"
    ),
    "Total Viewers": (
        "总观众数 | 观众总数 | 視聴者の合計 | Total de espectadores | Всего зрителей | "
        "Tổng người xem | Total penonton | Jumlah penonton | ผู้ชมทั้งหมด"
    ),
    "New Viewers": (
        "新观众 | 新しい視聴者 | Espectadores nuevos | Nuevos espectadores | Novos espectadores | "
        "Новые зрители | Người xem mới | Penonton baru | Penonton baharu | ผู้ชมใหม่"
    ),
    "Returning Viewers": (
        "回访观众 | リピート視聴者 | Espectadores recurrentes | Вернувшиеся зрители | "
        "Người xem quay lại | Penonton yang kembali | Penonton kembali | ผู้ชมที่กลับมา"
    ),
    "Followers": (
        "粉丝 | 粉丝数 | フォロワー | 팔로워 | Seguidores | Подписчики | Follower | Pengikut | "
        "ผู้ติดตาม | Mga follower"
    ),
    "Difference in followers from previous day": (
        "与前一天的粉丝差异 | 前日とのフォロワー数の差 | "
        "Diferencia de seguidores con respecto al día anterior | "
        "Diferença de seguidores em relação ao dia anterior | Разница в подписчиках с предыдущим днем"
    ),
    "Hour": ("小时 | 時間 | Hora | Час | Giờ | Jam | Waktu | ชั่วโมง | Oras"),
    "Active followers": (
        "活跃粉丝 | アクティブなフォロワー | Seguidores activos | Seguidores ativos | "
        "Активные подписчики | Follower hoạt động | Pengikut aktif | ผู้ติดตามที่ใช้งานอยู่"
    ),
    "Distribution": (
        "分布 | 분포 | Distribución | Distribuição | Распределение | Phân bổ | Phân phối | "
        "Distribusi | Taburan | การกระจาย"
    ),
    "Gender": (
        "性别 | 性別 | 성별 | Género | Gênero | Пол | Giới tính | Jenis kelamin | Jantina | เพศ | Kasarian"
    ),
    "Top territories": (
        "热门地区 | 上位の地域 | Principales territorios | Principais territórios | Топ территорий | "
        "Vùng lãnh thổ hàng đầu | Wilayah teratas | Wilayah utama | พื้นที่ยอดนิยม"
    ),
    "Video ID": ("视频ID | 视频 ID"),
    "Video Info": ("视频信息"),
    "Products": ("商品"),
    "Creator ID": ("达人ID | 达人 ID"),
    "Creator name": ("达人昵称"),
    "VV": ("播放量"),
    "V-to-L clicks": ("引流次数"),
    "Product Impressions": ("商品曝光次数"),
    "Product Clicks": ("商品点击次数"),
    "Buyers": ("去重客户数"),
    "Orders": ("视频成交订单数 | 订单数"),
    "Unit Sales": ("视频商品成交件数"),
    "Video Revenue": ("GMV（视频）"),
    "Shoppable video attributed GMV": ("归因于带货视频的 GMV"),
    "CTR": ("点击率"),
    "V-to-L rate": ("引流率"),
    "Video Finish Rate": ("视频完播率 | 完播率"),
    "Product ID": ("商品ID | 商品 ID"),
    "Product Name": ("商品名称"),
    "Listing status": ("商品状态"),
    "Product impressions": ("商品曝光次数"),
    "Product clicks": ("商品点击次数"),
    "Order ID": ("订单号 | 订单ID | ID Pesanan | Mã đơn hàng | หมายเลขคำสั่งซื้อ"),
    "Order Status": ("订单状态 | Status Pesanan | Trạng thái đơn hàng | สถานะคำสั่งซื้อ"),
    "Created Time": ("创建时间 | Waktu Dibuat | Thời gian tạo | เวลาที่สร้าง"),
    "Paid Time": ("支付时间"),
    "Quantity": ("数量 | Jumlah | Số lượng | จำนวน"),
}
