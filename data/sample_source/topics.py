"""Word lists of the classification sample: four topics in four languages, overlapping on purpose.

Every language has a ``shared`` list per slot, and per topic a list of its own; several words stand
in the lists of two topics (a team of scientists, a football team; a market hall, a stock market).
"""

LABELS = ("business", "culture", "science", "sports")

TOPICS = {
    "en": {
        "frames": [
            "{time} {who} {did} {what} {tail}.",
            "{who} {did} {what} {tail}.",
            "{who} {did} {what} {tail}, and {aside}.",
            "{aside}: {who} {did} {what} {tail}.",
            "Why {who} {did} {what} {tail}.",
            "{tail}, {who} {did} {what} {time}.",
        ],
        "time": "yesterday|last week|this morning|on Sunday|in spring|again|for the first time",
        "aside": "nobody was surprised|the public was pleased|the papers wrote about it|"
        "more will "
        "follow|opinions differ|it took three years",
        "shared": {
            "who": "the team|the director|a young woman|the group|the experts|two friends",
            "did": "presented|won|lost|discussed|prepared|followed|measured|opened",
            "what": "a new season|a record|the field|the final results|a big prize|the new model",
            "tail": "in the capital|after a long pause|with great success|in front of the press",
        },
        "business": {
            "who": "the company|the bank|investors|the board|the supplier|the founder|the team",
            "did": "bought|sold|financed|signed|raised|lost|opened",
            "what": "shares|a factory|the contract|record profits|a loan|the new model|the market",
            "tail": "on the stock market|for two million|with lower costs|to pay its debts|"
            "in the "
            "last quarter",
        },
        "culture": {
            "who": "the painter|the orchestra|the director|the novelist|the museum|the actor|"
            "critics",
            "did": "performed|painted|staged|published|presented|praised|opened",
            "what": "an opera|the exhibition|a novel|the final concert|a portrait|the season|"
            "a play",
            "tail": "on the stage|in the gallery|to long applause|with a small orchestra|"
            "in the old "
            "market hall",
        },
        "science": {
            "who": "the researchers|the laboratory|a physicist|the biologists|the team|"
            "the institute",
            "did": "measured|discovered|tested|published|observed|explained|presented",
            "what": "a virus|the particles|the model|a distant planet|the data|the field|a gene",
            "tail": "with a telescope|under the microscope|in a new study|"
            "after many experiments|in "
            "the final report",
        },
        "sports": {
            "who": "the striker|the coach|the club|the runner|the team|the goalkeeper|the captain",
            "did": "won|lost|trained for|signed|missed|dominated|opened",
            "what": "the match|the race|the final|the season|a penalty|the record|the contract",
            "tail": "in the stadium|in extra time|after an injury|in front of the fans|"
            "on the field",
        },
    },
    "de": {
        "frames": [
            "{who} {did} {time} {what} {tail}.",
            "{time} {did} {who} {what} {tail}.",
            "{tail} {did} {who} {what}, {aside}.",
            "{aside}: {who} {did} {what} {tail}.",
            "{who} {did} {what} {tail}.",
        ],
        "time": "gestern|letzte Woche|heute früh|am Sonntag|im Frühling|wieder|zum ersten Mal",
        "aside": "niemand war überrascht|das Publikum war zufrieden|"
        "die Zeitungen schrieben darüber|"
        "die Meinungen gehen auseinander|es dauerte drei Jahre",
        "shared": {
            "who": "die Mannschaft|der Leiter|eine junge Frau|die Gruppe|das Team|die Jury",
            "did": "zeigte|gewann|verlor|besprach|plante|verfolgte|eröffnete",
            "what": "die neue Saison|den Rekord|das Feld|die Ergebnisse|einen Preis|das Modell",
            "tail": "in der Hauptstadt|nach langer Pause|mit großem Erfolg|vor der Presse",
        },
        "business": {
            "who": "die Firma|die Bank|der Vorstand|der Händler|die Gründerin|das Team|der Konzern",
            "did": "kaufte|verkaufte|finanzierte|unterschrieb|verlor|eröffnete|erhöhte",
            "what": "die Aktien|eine Fabrik|den Vertrag|den Gewinn|einen Kredit|das Modell|"
            "den Markt",
            "tail": "an der Börse|für zwei Millionen|mit niedrigen Kosten|im letzten Quartal",
        },
        "culture": {
            "who": "die Malerin|das Orchester|der Regisseur|der Leiter|das Museum|der Dichter",
            "did": "spielte|malte|inszenierte|zeigte|lobte|veröffentlichte|eröffnete",
            "what": "eine Oper|die Ausstellung|einen Roman|das Konzert|ein Porträt|die Saison|"
            "das Stück",
            "tail": "auf der Bühne|in der Galerie|unter langem Beifall|in der alten Markthalle",
        },
        "science": {
            "who": "die Forscherin|das Labor|der Physiker|die Biologin|das Team|das Institut",
            "did": "maß|entdeckte|prüfte|veröffentlichte|beobachtete|erklärte|zeigte",
            "what": "ein Virus|die Teilchen|das Modell|einen Planeten|die Daten|das Feld|ein Gen",
            "tail": "mit dem Fernrohr|unter dem Mikroskop|in einer Studie|nach vielen Versuchen",
        },
        "sports": {
            "who": "der Stürmer|die Trainerin|der Verein|die Läuferin|die Mannschaft|der Torwart",
            "did": "gewann|verlor|verpasste|unterschrieb|beherrschte|spielte|eröffnete",
            "what": "das Spiel|das Rennen|das Finale|die Saison|den Elfmeter|den Rekord|"
            "den Vertrag",
            "tail": "im Stadion|in der Verlängerung|nach einer Verletzung|vor den Fans|"
            "auf dem Feld",
        },
    },
    "es": {
        "frames": [
            "{time} {who} {did} {what} {tail}.",
            "{who} {did} {what} {tail}.",
            "{tail}, {who} {did} {what} {time}.",
            "{who} {did} {what} {tail} y {aside}.",
            "{aside}: {who} {did} {what} {tail}.",
        ],
        "time": "ayer|la semana pasada|esta mañana|el domingo|en primavera|otra vez|"
        "por primera vez",
        "aside": "nadie se sorprendió|el público quedó contento|la prensa habló de ello|"
        "las opiniones "
        "son distintas|hicieron falta tres años",
        "shared": {
            "who": "el equipo|la directora|una joven|el grupo|la experta|el jurado",
            "did": "presentó|ganó|perdió|preparó|siguió|midió|abrió",
            "what": "la nueva temporada|un récord|el campo|los resultados|un gran premio|el modelo",
            "tail": "en la capital|tras una larga pausa|con mucho éxito|ante la prensa",
        },
        "business": {
            "who": "la empresa|el banco|el consejo|la fundadora|el proveedor|el equipo|la compañía",
            "did": "compró|vendió|financió|firmó|perdió|abrió|aumentó",
            "what": "las acciones|una fábrica|el contrato|los beneficios|un crédito|el modelo|"
            "el mercado",
            "tail": "en la bolsa|por dos millones|con menos costes|en el último trimestre",
        },
        "culture": {
            "who": "la pintora|la orquesta|la directora|el novelista|el museo|el actor|la crítica",
            "did": "interpretó|pintó|estrenó|publicó|presentó|elogió|abrió",
            "what": "una ópera|la exposición|una novela|el concierto|un retrato|la temporada|"
            "la obra",
            "tail": "en el escenario|en la galería|entre aplausos|en el viejo mercado",
        },
        "science": {
            "who": "la investigadora|el laboratorio|el físico|la bióloga|el equipo|el instituto",
            "did": "midió|descubrió|probó|publicó|observó|explicó|presentó",
            "what": "un virus|las partículas|el modelo|un planeta|los datos|el campo|un gen",
            "tail": "con un telescopio|en el microscopio|en un estudio|tras muchos ensayos",
        },
        "sports": {
            "who": "la delantera|el entrenador|el club|la corredora|el equipo|el portero|"
            "la capitana",
            "did": "ganó|perdió|falló|firmó|dominó|interpretó|abrió",
            "what": "el partido|la carrera|la final|la temporada|un penalti|el récord|el contrato",
            "tail": "en el estadio|en la prórroga|tras una lesión|ante la afición|en el campo",
        },
    },
    "ru": {
        "frames": [
            "{time} {who} {did} {what} {tail}.",
            "{who} {did} {what} {tail}.",
            "{tail} {who} {time} {did} {what}.",
            "{who} {did} {what} {tail}, {aside}.",
            "{aside}: {who} {did} {what} {tail}.",
        ],
        "time": "вчера|на прошлой неделе|сегодня утром|в воскресенье|весной|снова|впервые",
        "aside": "никто не удивился|публика была довольна|об этом писали газеты|мнения разошлись"
        "|это заняло три года",
        "shared": {
            "who": "коллектив|директор|молодой человек|эксперт|комитет|новичок",
            "did": "показал|выиграл|потерял|обсудил|подготовил|измерил|открыл",
            "what": "новый сезон|рекорд|поле|результаты|большой приз|новую модель",
            "tail": "в столице|после долгого перерыва|с большим успехом|перед журналистами",
        },
        "business": {
            "who": "банк|завод|инвестор|директор|поставщик|основатель фирмы|коллектив",
            "did": "купил|продал|оплатил|подписал|потерял|открыл|увеличил",
            "what": "акции|фабрику|контракт|прибыль|кредит|новую модель|рынок",
            "tail": "на бирже|за два миллиона|при низких расходах|в последнем квартале",
        },
        "culture": {
            "who": "художник|оркестр|режиссёр|директор|музей|актёр|писатель",
            "did": "исполнил|написал|поставил|издал|показал|похвалил|открыл",
            "what": "оперу|выставку|роман|концерт|портрет|новый сезон|пьесу",
            "tail": "на сцене|в галерее|под долгие аплодисменты|в старом рынке",
        },
        "science": {
            "who": "учёный|институт|физик|биолог|коллектив|аспирант",
            "did": "измерил|обнаружил|проверил|издал|наблюдал|объяснил|показал",
            "what": "вирус|частицы|новую модель|планету|данные|поле|ген",
            "tail": "через телескоп|под микроскопом|в новой статье|после многих опытов",
        },
        "sports": {
            "who": "нападающий|тренер|клуб|бегун|вратарь|капитан|новичок",
            "did": "выиграл|проиграл|пропустил|подписал|исполнил|потерял|открыл",
            "what": "матч|гонку|финал|сезон|пенальти|рекорд|контракт",
            "tail": "на стадионе|в дополнительное время|после травмы|перед болельщиками|на поле",
        },
    },
}
