"""Greetings, numbers, days and common words in some languages, and emoji for words. Knows nothing but the tables."""

from __future__ import annotations

from .relation import pairs, rows

LANGUAGES = (
    "Spanish",
    "French",
    "German",
    "Italian",
    "Portuguese",
    "Dutch",
    "Russian",
    "Greek",
    "Turkish",
    "Polish",
    "Swedish",
    "Japanese",
    "Chinese",
    "Korean",
    "Arabic",
    "Hindi",
)

# English | one column per language, "-" where left out.
PHRASES = rows("""
hello|hola|bonjour|hallo|ciao|olá|hallo|привет|γεια σου|merhaba|cześć|hej|こんにちは|你好|안녕하세요|مرحبا|नमस्ते
good morning|buenos días|bonjour|guten Morgen|buongiorno|bom dia|goedemorgen|доброе утро|καλημέρα|günaydın|dzień dobry|god morgon|おはようございます|早上好|좋은 아침이에요|صباح الخير|सुप्रभात
good evening|buenas tardes|bonsoir|guten Abend|buonasera|boa noite|goedenavond|добрый вечер|καλησπέρα|iyi akşamlar|dobry wieczór|god kväll|こんばんは|晚上好|안녕하세요|مساء الخير|शुभ संध्या
good night|buenas noches|bonne nuit|gute Nacht|buonanotte|boa noite|goedenacht|спокойной ночи|καληνύχτα|iyi geceler|dobranoc|god natt|おやすみなさい|晚安|안녕히 주무세요|تصبح على خير|शुभ रात्रि
thank you|gracias|merci|danke|grazie|obrigado|dank je|спасибо|ευχαριστώ|teşekkür ederim|dziękuję|tack|ありがとう|谢谢|감사합니다|شكرا|धन्यवाद
please|por favor|s'il vous plaît|bitte|per favore|por favor|alsjeblieft|пожалуйста|παρακαλώ|lütfen|proszę|snälla|お願いします|请|제발|من فضلك|कृपया
goodbye|adiós|au revoir|auf Wiedersehen|arrivederci|adeus|tot ziens|до свидания|αντίο|hoşça kal|do widzenia|hej då|さようなら|再见|안녕히 가세요|مع السلامة|अलविदा
yes|sí|oui|ja|sì|sim|ja|да|ναι|evet|tak|ja|はい|是|네|نعم|हाँ
no|no|non|nein|no|não|nee|нет|όχι|hayır|nie|nej|いいえ|不|아니요|لا|नहीं
sorry|lo siento|désolé|Entschuldigung|scusa|desculpe|sorry|извините|συγγνώμη|özür dilerim|przepraszam|förlåt|ごめんなさい|对不起|미안합니다|آسف|माफ़ कीजिए
I love you|te quiero|je t'aime|ich liebe dich|ti amo|eu te amo|ik hou van jou|я тебя люблю|σ' αγαπώ|seni seviyorum|kocham cię|jag älskar dig|愛してる|我爱你|사랑해요|أحبك|मैं तुमसे प्यार करता हूँ
how are you|cómo estás|comment ça va|wie geht es dir|come stai|como está|hoe gaat het|как дела|τι κάνεις|nasılsın|jak się masz|hur mår du|お元気ですか|你好吗|어떻게 지내세요|كيف حالك|आप कैसे हैं
welcome|bienvenido|bienvenue|willkommen|benvenuto|bem-vindo|welkom|добро пожаловать|καλώς ήρθες|hoş geldiniz|witaj|välkommen|ようこそ|欢迎|환영합니다|أهلا وسهلا|स्वागत है
cheers|salud|santé|Prost|salute|saúde|proost|за здоровье|στην υγειά μας|şerefe|na zdrowie|skål|乾杯|干杯|건배|في صحتك|-
water|agua|eau|Wasser|acqua|água|water|вода|νερό|su|woda|vatten|水|水|물|ماء|पानी
bread|pan|pain|Brot|pane|pão|brood|хлеб|ψωμί|ekmek|chleb|bröd|パン|面包|빵|خبز|रोटी
milk|leche|lait|Milch|latte|leite|melk|молоко|γάλα|süt|mleko|mjölk|牛乳|牛奶|우유|حليب|दूध
house|casa|maison|Haus|casa|casa|huis|дом|σπίτι|ev|dom|hus|家|房子|집|بيت|घर
dog|perro|chien|Hund|cane|cão|hond|собака|σκύλος|köpek|pies|hund|犬|狗|개|كلب|कुत्ता
cat|gato|chat|Katze|gatto|gato|kat|кошка|γάτα|kedi|kot|katt|猫|猫|고양이|قطة|बिल्ली
book|libro|livre|Buch|libro|livro|boek|книга|βιβλίο|kitap|książka|bok|本|书|책|كتاب|किताब
friend|amigo|ami|Freund|amico|amigo|vriend|друг|φίλος|arkadaş|przyjaciel|vän|友達|朋友|친구|صديق|दोस्त
sun|sol|soleil|Sonne|sole|sol|zon|солнце|ήλιος|güneş|słońce|sol|太陽|太阳|태양|شمس|सूरज
moon|luna|lune|Mond|luna|lua|maan|луна|φεγγάρι|ay|księżyc|måne|月|月亮|달|قمر|चाँद
love|amor|amour|Liebe|amore|amor|liefde|любовь|αγάπη|aşk|miłość|kärlek|愛|爱|사랑|حب|प्यार
world|mundo|monde|Welt|mondo|mundo|wereld|мир|κόσμος|dünya|świat|värld|世界|世界|세계|عالم|दुनिया
red|rojo|rouge|rot|rosso|vermelho|rood|красный|κόκκινο|kırmızı|czerwony|röd|赤|红色|빨간색|أحمر|लाल
blue|azul|bleu|blau|blu|azul|blauw|синий|μπλε|mavi|niebieski|blå|青|蓝色|파란색|أزرق|नीला
green|verde|vert|grün|verde|verde|groen|зелёный|πράσινο|yeşil|zielony|grön|緑|绿色|초록색|أخضر|हरा
apple|manzana|pomme|Apfel|mela|maçã|appel|яблоко|μήλο|elma|jabłko|äpple|りんご|苹果|사과|تفاحة|सेब
tree|árbol|arbre|Baum|albero|árvore|boom|дерево|δέντρο|ağaç|drzewo|träd|木|树|나무|شجرة|पेड़
mother|madre|mère|Mutter|madre|mãe|moeder|мать|μητέρα|anne|matka|mor|母|母亲|어머니|أم|माँ
father|padre|père|Vater|padre|pai|vader|отец|πατέρας|baba|ojciec|far|父|父亲|아버지|أب|पिता
school|escuela|école|Schule|scuola|escola|school|школа|σχολείο|okul|szkoła|skola|学校|学校|학교|مدرسة|स्कूल
coffee|café|café|Kaffee|caffè|café|koffie|кофе|καφές|kahve|kawa|kaffe|コーヒー|咖啡|커피|قهوة|कॉफ़ी
one|uno|un|eins|uno|um|een|один|ένα|bir|jeden|ett|一|一|하나|واحد|एक
two|dos|deux|zwei|due|dois|twee|два|δύο|iki|dwa|två|二|二|둘|اثنان|दो
three|tres|trois|drei|tre|três|drie|три|τρία|üç|trzy|tre|三|三|셋|ثلاثة|तीन
four|cuatro|quatre|vier|quattro|quatro|vier|четыре|τέσσερα|dört|cztery|fyra|四|四|넷|أربعة|चार
five|cinco|cinq|fünf|cinque|cinco|vijf|пять|πέντε|beş|pięć|fem|五|五|다섯|خمسة|पाँच
six|seis|six|sechs|sei|seis|zes|шесть|έξι|altı|sześć|sex|六|六|여섯|ستة|छह
seven|siete|sept|sieben|sette|sete|zeven|семь|επτά|yedi|siedem|sju|七|七|일곱|سبعة|सात
eight|ocho|huit|acht|otto|oito|acht|восемь|οκτώ|sekiz|osiem|åtta|八|八|여덟|ثمانية|आठ
nine|nueve|neuf|neun|nove|nove|negen|девять|εννέα|dokuz|dziewięć|nio|九|九|아홉|تسعة|नौ
ten|diez|dix|zehn|dieci|dez|tien|десять|δέκα|on|dziesięć|tio|十|十|열|عشرة|दस
eleven|once|onze|elf|undici|onze|elf|одиннадцать|έντεκα|on bir|jedenaście|elva|十一|十一|열하나|أحد عشر|ग्यारह
twelve|doce|douze|zwölf|dodici|doze|twaalf|двенадцать|δώδεκα|on iki|dwanaście|tolv|十二|十二|열둘|اثنا عشر|बारह
thirteen|trece|treize|dreizehn|tredici|treze|dertien|тринадцать|δεκατρία|on üç|trzynaście|tretton|十三|十三|열셋|-|-
fourteen|catorce|quatorze|vierzehn|quattordici|catorze|veertien|четырнадцать|δεκατέσσερα|on dört|czternaście|fjorton|十四|十四|열넷|-|-
fifteen|quince|quinze|fünfzehn|quindici|quinze|vijftien|пятнадцать|δεκαπέντε|on beş|piętnaście|femton|十五|十五|열다섯|-|-
sixteen|dieciséis|seize|sechzehn|sedici|dezesseis|zestien|шестнадцать|δεκαέξι|on altı|szesnaście|sexton|十六|十六|열여섯|-|-
seventeen|diecisiete|dix-sept|siebzehn|diciassette|dezessete|zeventien|семнадцать|δεκαεπτά|on yedi|siedemnaście|sjutton|十七|十七|열일곱|-|-
eighteen|dieciocho|dix-huit|achtzehn|diciotto|dezoito|achttien|восемнадцать|δεκαοκτώ|on sekiz|osiemnaście|arton|十八|十八|열여덟|-|-
nineteen|diecinueve|dix-neuf|neunzehn|diciannove|dezenove|negentien|девятнадцать|δεκαεννέα|on dokuz|dziewiętnaście|nitton|十九|十九|열아홉|-|-
twenty|veinte|vingt|zwanzig|venti|vinte|twintig|двадцать|είκοσι|yirmi|dwadzieścia|tjugo|二十|二十|스물|عشرون|बीस
hundred|cien|cent|hundert|cento|cem|honderd|сто|εκατό|yüz|sto|hundra|百|百|백|مئة|सौ
zero|cero|zéro|null|zero|zero|nul|ноль|μηδέν|sıfır|zero|noll|ゼロ|零|영|صفر|शून्य
Monday|lunes|lundi|Montag|lunedì|segunda-feira|maandag|понедельник|Δευτέρα|Pazartesi|poniedziałek|måndag|月曜日|星期一|월요일|الاثنين|सोमवार
Tuesday|martes|mardi|Dienstag|martedì|terça-feira|dinsdag|вторник|Τρίτη|Salı|wtorek|tisdag|火曜日|星期二|화요일|الثلاثاء|मंगलवार
Wednesday|miércoles|mercredi|Mittwoch|mercoledì|quarta-feira|woensdag|среда|Τετάρτη|Çarşamba|środa|onsdag|水曜日|星期三|수요일|الأربعاء|बुधवार
Thursday|jueves|jeudi|Donnerstag|giovedì|quinta-feira|donderdag|четверг|Πέμπτη|Perşembe|czwartek|torsdag|木曜日|星期四|목요일|الخميس|गुरुवार
Friday|viernes|vendredi|Freitag|venerdì|sexta-feira|vrijdag|пятница|Παρασκευή|Cuma|piątek|fredag|金曜日|星期五|금요일|الجمعة|शुक्रवार
Saturday|sábado|samedi|Samstag|sabato|sábado|zaterdag|суббота|Σάββατο|Cumartesi|sobota|lördag|土曜日|星期六|토요일|السبت|शनिवार
Sunday|domingo|dimanche|Sonntag|domenica|domingo|zondag|воскресенье|Κυριακή|Pazar|niedziela|söndag|日曜日|星期日|일요일|الأحد|रविवार
""")

EMOJI = pairs("""
dog|🐶; cat|🐱; sun|☀️; moon|🌙; star|⭐; heart|❤️; fire|🔥; tree|🌳; flower|🌸; apple|🍎; banana|🍌; pizza|🍕; coffee|☕;
cake|🎂; car|🚗; bus|🚌; train|🚆; bicycle|🚲; plane|✈️; rocket|🚀; ship|🚢; house|🏠; book|📖; pen|🖊️; music|🎵; guitar|🎸;
football|⚽; basketball|🏀; tennis|🎾; happy|😀; sad|😢; angry|😠; love|❤️; laughing|😂; tired|😴; rain|🌧️; snow|❄️;
rainbow|🌈; umbrella|☔; clock|🕐; phone|📱; computer|💻; robot|🤖; ghost|👻; bee|🐝; fish|🐟; bird|🐦; lion|🦁; tiger|🐯;
bear|🐻; panda|🐼; fox|🦊; frog|🐸; monkey|🐵; elephant|🐘; horse|🐴; cow|🐮; pig|🐷; mouse|🐭; rabbit|🐰; snake|🐍; turtle|🐢;
octopus|🐙; whale|🐳; butterfly|🦋; spider|🕷️; cheese|🧀; bread|🍞; egg|🥚; milk|🥛; wine|🍷; beer|🍺; tea|🍵; rice|🍚;
sushi|🍣; strawberry|🍓; grapes|🍇; lemon|🍋; carrot|🥕; money|💰; key|🔑; gift|🎁; party|🎉; thumbs up|👍; hello|👋; yes|✅;
no|❌; question|❓; idea|💡; mountain|⛰️; ocean|🌊; earth|🌍; volcano|🌋; crown|👑; ring|💍; shoe|👟; hat|🎩; glasses|👓;
camera|📷; scissors|✂️; hammer|🔨; bomb|💣; medal|🏅; trophy|🏆; baby|👶; king|🤴; queen|👸; doctor|🧑‍⚕️; teacher|🧑‍🏫;
dragon|🐉; unicorn|🦄; Christmas|🎄; pumpkin|🎃; strong|💪; dance|💃; running|🏃; sleep|😴; kiss|💋; eye|👁️; ear|👂; brain|🧠;
bone|🦴; tooth|🦷; France|🇫🇷; Germany|🇩🇪; Italy|🇮🇹; Spain|🇪🇸; Japan|🇯🇵; the United States|🇺🇸; the United Kingdom|🇬🇧;
Brazil|🇧🇷; India|🇮🇳; China|🇨🇳; Canada|🇨🇦
""")
