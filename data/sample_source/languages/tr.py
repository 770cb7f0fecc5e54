"""Turkish name parts, word lists, suffix rules and templates of the sample."""

LANG = "tr"

PARTS = """
given = Ahmet Aslı Aylin Banu Berk Cansu Ceren Demet Ebru Emine Engin Ferhat Gökhan Hale Hülya
 İpek Kerem Mehmet Merve Nazlı Okan Orhan Pelin Sevgi Tarık Yasemin Zeynep Ali Barış Defne Emre
 Hakan Kemal Murat Özge Tuğba
sur = Acar Akgün Aksoy Altun Arıkan Aydın Balcı Başaran Bayrak Bilgin Bozkurt Bulut Ceylan
 Coşkun Çakır Çelik Çetin Demir Demirci Dinçer Doğan Duman Eker Erdem Ergün Ersoy Genç Gül Güler
 Güneş Işık Kara Karaca Kaya Keskin Kılıç Koç Korkmaz Köse Kurt Oktay Öztürk Polat Sarı Sezer
 Şahin Taşçı Tekin Turan Uçar Uysal Ünal Yavuz Yıldız Yılmaz Yücel
any = Akça Akpınar Altındağ Bakırlı Beydağı Çamlıca Çınar Derbent Gölbaşı Gürpınar Irmak Karataş
 Kızıltepe Kocatepe Ortaköy Pınarlı Sarıyar Selçuk Tepeli Toros Uludağ Yaylalı
stem = Ak Altın Ardıç Armut Atlı Ayva Bal Bey Boz Ceviz Çam Çay Çınar Dağ Dere Elma Eski Gök Göl
 Gümüş Güzel Hisar Ilıca Kale Kara Kavak Kaz Kestane Kızıl Koca Kuş Kuru Kuzu Meşe Orta Pamuk
 Sarı Söğüt Su Taş Tuz Uzun Yalı Yedi Yeni Yeşil Zeytin
brand = Akel Alkor Anatek Arı Asya Ataer Birlik Bora Canlar Delfin Doruk Ekin Enka Ferda Gemtaş
 Güven Hilal İlke Kalkan Kartal Kervan Lale Lider Mercan Metsan Nokta Okyanus Ova Önder Petek
 Pusula Safir Sarmal Sedef Tekno Temsa Turna Umut Vatan Yaprak Yelken Zirve
"""

WORDS = """
surname = 5*{sur}|{any}
place = 8*{stem}~{suf}|{any}
suf = köy|hisar|dere|tepe|pınar|ova|kent|şehir|bağ|yaka|kaya
full = 9*{given} {surname}|{given} {given} {surname}
PER = 5*{full}|{surname}
PERX = {full}
LOC = 8*{place}|Yeni {place}|{place} Mahallesi|{surname} Sokağı|{stem} Gölü|{any} Dağı
 |{stem} Nehri
 |{place} Ovası|{place} Limanı
LOCX = 4*{stem}~{suf}|{stem} Gölü|{any} Dağı|{stem} Nehri|{place} Ovası|{place} Limanı
legal = AŞ|Holding|Grubu|Şirketi|Limited
ORG = 2*{brand}|5*{brand} {legal}|{surname} Kardeşler|2*{surname} {legal}|{place} Üniversitesi
 |{field} Bakanlığı|{place} Belediyesi|{brand} (Sigorta|Yayınları|Enerji|Tekstil)|{place} Bankası
 |{place} Hastanesi|{surname} ve Oğulları|{place} Müzesi
ORGX = 2*{brand} {legal}|{surname} Kardeşler|{place} Üniversitesi|{field} Bakanlığı
 |{place} Bankası
field = Maliye|Sağlık|Eğitim|Savunma|Ulaştırma|Adalet|Tarım|Çalışma|Enerji|Kültür
ORGT = 2*{place}~spor|2*{place}|{place} {club}
club = Gücü|Birlik|İdman Yurdu|Spor Kulübü
day = pazartesi|salı|çarşamba|perşembe|cuma|cumartesi|pazar
month = ocakta|martta|nisanda|mayısta|haziranda|ağustosta|kasımda
time = dün|{day} günü|geçen hafta|bu sabah|{month}|{year} yılında|iki gün önce
opener = rapora göre|ilk kez|bu arada|{time}|uzun bir tartışmadan sonra
title = Başkan|Profesör|Doktor|Yargıç|Yüzbaşı|Sayın
role = müdürü|başkanı|sözcüsü|avukatı|kurucusu|yöneticisi
artist = ressam|şair|besteci|oyuncu|mimar|romancı
said = söyledi|açıkladı|belirtti|doğruladı|savundu
clause = planın gecikeceğini|görüşmelerin bittiğini|maliyetin arttığını|kimsenin yaralanmadığını
 |köprünün sağlam olduğunu|yeni iş gerektiğini|anlaşmanın yakın olduğunu
adj = yeni|eski|küçük|büyük|ünlü|modern|sessiz
thing = okul|köprü|fabrika|kütüphane|otel|istasyon|pazar|tiyatro
crowd = işçiler|öğrenciler|ziyaretçiler|çiftçiler|komşular|gazeteciler
goods = motor|mobilya|ilaç|bisiklet|kamera|makine
"""

# Heads of compounds end in a possessive suffix, after which an "n" comes before the case suffix.
_HEADS_BACK = "Bakanlığı|Sokağı|Dağı|Ovası|Limanı|Bankası|Yayınları|Oğulları|Yurdu|Grubu"
_HEADS_FRONT = "Mahallesi|Gölü|Nehri|Şirketi|Üniversitesi|Belediyesi|Hastanesi|Müzesi|Gücü|Kulübü"
_HARD = "fstkçşhp"
_BACK = "aıou"
_VOWELS = "aeıioöuü"

FORMS = {
    "de": (
        "last",
        [
            (rf"^({_HEADS_BACK})$", r"\1'nda"),
            (rf"^({_HEADS_FRONT})$", r"\1'nde"),
            (rf"([{_BACK}][^{_VOWELS}]*[{_HARD}])$", r"\1'ta"),
            (rf"([{_BACK}][^{_VOWELS}]*)$", r"\1'da"),
            (rf"([{_HARD}])$", r"\1'te"),
            (r"$", "'de"),
        ],
    ),
    "den": (
        "last",
        [
            (rf"^({_HEADS_BACK})$", r"\1'ndan"),
            (rf"^({_HEADS_FRONT})$", r"\1'nden"),
            (rf"([{_BACK}][^{_VOWELS}]*[{_HARD}])$", r"\1'tan"),
            (rf"([{_BACK}][^{_VOWELS}]*)$", r"\1'dan"),
            (rf"([{_HARD}])$", r"\1'ten"),
            (r"$", "'den"),
        ],
    ),
    "ye": (
        "last",
        [
            (rf"^({_HEADS_BACK})$", r"\1'na"),
            (rf"^({_HEADS_FRONT})$", r"\1'ne"),
            (rf"([{_BACK}])$", r"\1'ya"),
            (rf"([{_VOWELS}])$", r"\1'ye"),
            (rf"([{_BACK}][^{_VOWELS}]*)$", r"\1'a"),
            (r"$", "'e"),
        ],
    ),
}

TEMPLATES = """
[{opener}] {PER} {clause} {said} .
[{opener}] {ORG} {role} {PERX} , {clause} {said} .
{title} {PER} {time} {LOC:ye} (gitti|geldi|döndü) .
{PER} {year} yılında {LOC:de} doğdu [ve {LOC:de} büyüdü] .
{ORG} {role} {PER} {time} (istifa etti|seçildi|görevden alındı) .
{ORG} [{time}] {ORG:ye} [{num} milyon liraya] (ortak oldu|dava açtı|mal sattı) .
{ORG} , {LOC:de} {adj} bir {thing} (açtı|kapattı|kuracak) .
{ORG} hisseleri {time} yüzde {small} (yükseldi|düştü) .
[{opener}] {goods} üreten {ORG} , {LOC:de} {num} kişiyi işe aldı .
{ORGT} , {ORGT:ye} {score} (yenildi|üstün geldi|boyun eğdi) .
{PER} , {ORGT} formasıyla {small} gol attı .
teknik direktör {PER} {small} yıl sonra {ORGT:den} ayrıldı .
{ORGT} {LOC:de} kupayı kazandı , {PER} çok sevindi .
{LOC} yakınındaki {adj} {thing} {time} (kapandı|yenilendi|açıldı) .
[{opener}] {crowd} {LOC:de} (toplandı|bekledi|kutlama yaptı) .
{LOC:den} {LOC:ye} giden yol {num} kilometre .
{LOC} , {LOC} bölgesinde {adj} bir (kasaba|köy|ilçe) .
{LOC} , {LOC} ve {LOC} için (yağmur|kar) bekleniyor .
{artist} {PERX} {LOC:de} (yaşadı|çalıştı|öldü) .
{PERX} &l {LOC} , {year} &r {adj} bir {artist} .
{PER} ile {PER} {time} {LOC:de} buluştu .
" durum zor " diyen {PER} [, {ORG} {role} oldu] .
{year} yılında {ORG:den} ayrıldı [ve {ORG:ye} geçti] .
{ORG:de} (hukuk|tarih|fizik) okudu , sonra {ORG} için çalıştı .
{PER} {year} yılında {PER} ile evlendi .
{PER} gerçekten {ORG:den} ayrıldı mı ?
(tren|otobüs|nehir) {LOC:den} [ve {LOC:den}] geçer .
{LOC:de} {PER} adına {adj} bir {thing} var .
{ORG} ve {ORG} {time} [{LOC:de}] anlaşma imzaladı .
mahkeme {ORG:ye} {num} milyon lira ceza verdi .
[{opener}] {crowd} {adj} bir {thing} istedi .
fiyatlar {time} yüzde {small} (arttı|düştü) .
birçok kişi {time} {goods} aldı .
{adj} {thing} için kim para verecek ?
kara bulutlar ve yeşil dere {time} herkesi şaşırttı .
güneş doğdu , {crowd} {thing} önünde bekledi .
{PERX}
{LOCX}
{ORGX}
{PERX} &l {artist} &r
{LOCX} , {LOCX}
{ORGX} &l {LOCX} &r
{LOC} yakınındaki {thing} listesi
{PERX} , {PERX} ve {PERX}
"""
