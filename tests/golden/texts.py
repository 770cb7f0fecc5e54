"""The golden texts: every script, long, empty and odd ones; needs nothing but Python."""

from tests.odd_texts import ADVERSARIAL, fuzz

# Names of a person, a place or an organisation in each script that people write in today.
SCRIPTS = [
    "Anna Keller visited the University of Alderton in Bonn.",
    "Die Straße nach Köln führt über Düren, sagte Jörg Müller.",
    "L'Élysée n'a pas répondu à Zoé Lefèvre.",
    "Đặng Thị Ngọc Thịnh sinh ở Hà Nội.",
    "İstanbul'da Ayşe Yılmaz ile görüştü.",
    "Иван Петров живёт в «Москве», да!",
    "Ο Γιώργος Παπαδόπουλος ζει στην Αθήνα.",
    "Աննան ապրում է Երևանում։",
    "დავით აღმაშენებელი თბილისში ცხოვრობდა.",
    "דוד בן-גוריון נולד בפלונסק.",
    "وُلِدَ محمد علي في القاهرة، مصر.",
    "علی رضایی در تهران زندگی می‌کند.",
    "محمد علی جناح کراچی میں پیدا ہوئے۔",
    "राम दिल्ली में रहता है।",
    "রবীন্দ্রনাথ ঠাকুর কলকাতায় জন্মগ্রহণ করেন।",
    "ਗੁਰੂ ਨਾਨਕ ਨਨਕਾਣਾ ਸਾਹਿਬ ਵਿਖੇ ਜਨਮੇ।",
    "મહાત્મા ગાંધી પોરબંદરમાં જન્મ્યા હતા.",
    "தமிழ்நாட்டின் தலைநகரம் சென்னை.",
    "హైదరాబాద్ తెలంగాణ రాజధాని.",
    "ಬೆಂಗಳೂರು ಕರ್ನಾಟಕದ ರಾಜಧಾನಿ.",
    "തിരുവനന്തപുരം കേരളത്തിന്റെ തലസ്ഥാനമാണ്.",
    "කොළඹ ශ්‍රී ලංකාවේ නගරයකි.",
    "สมชาย ใจดี อาศัยอยู่ที่กรุงเทพมหานคร",
    "ນະຄອນຫຼວງວຽງຈັນ ແມ່ນນະຄອນຫຼວງ",
    "ရန်ကုန်မြို့သည် မြန်မာနိုင်ငံ၏ မြို့ ဖြစ်သည်။",
    "ភ្នំពេញ គឺជារាជធានី នៃកម្ពុជា។",
    "བཀྲ་ཤིས་ ལྷ་ས་ ལ་ སྡོད།",
    "አበበ ቢቂላ በአዲስ አበባ ይኖር ነበር።",
    "東京タワーは港区にあります。",
    "田中さんはトヨタで働いている。",
    "王小明在北京大学学习。",
    "김민수는 서울대학교에서 공부한다.",
    "Монгол улсын нийслэл Улаанбаатар.",
    "ᠮᠣᠩᠭᠣᠯ ᠤᠯᠤᠰ",
    "ᏣᎳᎩ ᎠᏰᎵ",
    "ⵜⴰⵎⴰⵣⵉⵖⵜ ⵍⵎⵖⵔⵉⴱ",
]
ODD = [
    "   ", "\t\n\r\n", ".", "«»", "Bonn", "bonn", "BONN", "Bonn\nKöln\tAnna\r\nWeber",
    "😀 Anna 👩‍👩‍👧 Bonn 🇩🇪 Köln", "𝔘𝔫𝔦 𝐁𝐨𝐧𝐧 \U0001d7ce Anna", "\ufeffAnna Weber in Bonn",
    "Anna\u200bWeber\u200d in\u00adBonn", "Anna\u00a0Weber in\u2003Bonn\u3000Köln",
    "The U.S.-Präsident's 3,5\u00a0% \u200b .", "Zoe\u0301 \u0007bell a[MASK]b \ufffd",
    "Cafe\u0301 in Zu\u0308rich / Café in Zürich", "(Anna Weber) [Bonn] {Köln} \"Rhein\"",
    "http://example.org/Bonn?x=Anna&y=1 anna.weber@example.org", "#Bonn @Anna_Weber C++ AT&T",
    "Anna-Maria O'Neill-Smith", "[CLS] Anna [SEP] Bonn [PAD] <s> </s> <unk>", "Anna ‮nnoB‬ Köln",
    "a" * 300 + " Bonn", "." * 60 + " Anna", "Anna " * 40, "东" * 70, "\x00Anna\x00 Bonn",
    "Bonn\u2028Köln\u2029Anna\x85Weber",
    "½ Ⅷ ﬁ ℡ ＡＢＣ ㍿", "e\u0301" * 30, "क़ क\u093c がか\u3099",
]
# Longer than a window of the BiLSTM (512 subword tokens), and than many of the Transformer.
LONG = [" ".join(SCRIPTS[:12]) * 2, "Anna Weber, Bonn. " * 110]
TEXTS = ["", *SCRIPTS, *ODD, *(text for text in ADVERSARIAL if text), *fuzz(24, 3), *LONG]
