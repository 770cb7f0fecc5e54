"""German name parts, word lists and templates of the sample."""

LANG = "de"

PARTS = """
given = Albrecht Anton Bernd Christa Dieter Elke Erwin Friedrich Gisela Greta Heike Helga Jonas
 Karin Katja Lena Ludwig Marlene Nils Paul Rainer Rolf Silke Tobias Uwe Werner Anke Clemens
 Franziska Hannes Jutta Lothar Otto Sabine Volker
sur = Ackermann Bachmann Bauer Becker Brandt Braun Dietrich Eberhardt Eckert Engel Fiedler
 Fischer Franke Gerlach Graf Gruber Haas Hahn Hartmann Henning Huber Jansen Kaiser Keller
 Kessler Koch Krause Krüger Kuhn Lehmann Lindner Maurer Metzger Möller Neumann Otte Pfeiffer
 Pohl Richter Ritter Sauer Schäfer Schreiber Schubert Seidel Sommer Stein Töpfer Unger Vogel
 Voigt Wagner Weber Wirth Zander Ziegler
any = Bergmann Berg Brück Eschbach Falkenstein Forst Hagen Hohenfels Kirchberg Landau Lindau
 Löwen Rosenthal Rothenburg Schönfeld Steinbach Sternberg Waldau Weiden Westphal Winterberg
 Wolfsburger
stem = Alten Bären Birken Blau Breiten Buch Dachs Eichen Elster Erlen Falken Feld Fichten Fuchs
 Gold Grün Habichts Hasel Heiligen Hirsch Hohen Kalten Kirch Königs Kupfer Lerchen Linden Mühl
 Neuen Nieder Ober Otter Raben Reh Rosen Rot Sachsen Schwarzen Silber Sonnen Stern Stolz Tannen
 Ulmen Walden Weiß Wester Wolfs
brand = Adlon Alpina Arvato Bavex Cordes Delta Elbit Ferrol Feintek Germax Hansa Helvex Indutec
 Isar Kolbex Korund Krona Lignex Lumex Merkur Metalix Nordex Novum Orbita Phönix Primus Quarzit
 Rhenus Saphir Saturn Signum Solvex Tektra Terra Ventus Viktoria Vulkan Wotan Zeta Zirkon
"""

WORDS = """
surname = 5*{sur}|{any}
place = 8*{stem}~{suf}|{any}
suf = berg|burg|dorf|heim|hausen|stadt|bach|feld|tal|wald|kirchen|furt
full = 9*{given} {surname}|{given} von {any}|{given} {given} {surname}|{given} {sur}~-~{sur}
PER = 5*{full}|{surname}
PERX = {full}
LOC = 8*{place}|Bad {place}|Neu-~{place}|{place} am See|{stem}~straße|{stem}~see|Sankt {given}
 |{place} an der {stem}|Landkreis {place}|{stem}~gebirge
LOCX = 4*{stem}~{suf}|Bad {place}|{stem}~see|Landkreis {place}|{stem}~gebirge|{place} am See
legal = AG|GmbH|KG|SE|Holding|Gruppe
ORG = 2*{brand}|5*{brand} {legal}|{surname} & Söhne|2*{surname} {legal}|Universität {place}
 |Ministerium für {field}|Sparkasse {place}|{brand} (Werke|Versicherung|Verlag|Energie)
 |Stadtwerke {place}|Klinikum {place}|{place}~er (Zeitung|Bank|Hütte)|Gebrüder {surname} {legal}
ORGX = 2*{brand} {legal}|{surname} & Söhne|Universität {place}|Ministerium für {field}
 |Sparkasse {place}|Stadtwerke {place}
field = Finanzen|Gesundheit|Bildung|Verkehr|Justiz|Umwelt|Arbeit|Energie|Kultur|Verteidigung
ORGT = 4*{club} {place}|2*{place}|{club} {small} {place}
club = FC|SV|TSV|Eintracht|Borussia|VfL|Union
day = Montag|Dienstag|Mittwoch|Donnerstag|Freitag|Samstag|Sonntag
month = Januar|März|April|Mai|Juni|August|September|November
time = gestern|am {day}|letzte Woche|heute früh|im {month}|im Jahr {year}|vor zwei Tagen
title = Herr|Frau|Doktor|Präsident|Professor|Richter|Hauptmann|Kanzler
role = Geschäftsführer|Vorstand|Sprecherin|Leiter|Anwalt|Gründer|Analystin|Ingenieur|Trainer
artist = Maler|Dichter|Komponist|Schauspieler|Architekt|Schriftsteller
said = sagte|erklärte|bestätigte|betonte|warnte|versicherte
clause = der Plan werde verschoben|die Gespräche seien gescheitert|die Kosten stiegen weiter
 |niemand sei verletzt worden|die neue Brücke sei sicher|es brauche mehr Arbeitsplätze
adj = neue|alte|kleine|große|berühmte|moderne|ruhige
thing = Schule|Brücke|Fabrik|Bibliothek|Kirche|Bahn|Halle|Klinik|Mühle
crowd = Arbeiter|Studenten|Besucher|Bauern|Polizisten|Nachbarn|Journalisten
bought = kaufte|übernahm|verklagte|belieferte|überholte
goods = Motoren|Möbel|Medikamente|Fahrräder|Kameras|Werkzeuge|Maschinen
"""

FORMS = {}

TEMPLATES = """
{PER} {said} {time} , {clause} .
{time} {said} {role} {PERX} [von {ORG}] , {clause} .
{title} {PER} (besuchte|verließ|erreichte) {time} {LOC} .
{PER} wurde [im Jahr {year}] in {LOC} geboren [und wuchs in {LOC} auf] .
{PER} , {role} (bei|von) {ORG} , ist {time} (zurückgetreten|gewählt worden|entlassen worden) .
{ORG} {bought} {time} {ORG} [für {num} Millionen Euro] .
{ORG} (eröffnet|schließt|plant) eine {adj} {thing} in {LOC} .
die Aktie von {ORG} (stieg|fiel) {time} um {small} Prozent .
{ORG} stellt {goods} her und beschäftigt {num} Menschen in {LOC} .
{time} (stellte|baute) {ORG} in {LOC} {num} {goods} vor .
{ORGT} (besiegte|schlug|verlor gegen) {ORGT} {score} .
{PER} schoss {small} Tore für {ORGT} [gegen {ORGT}] .
Trainer {PER} verlässt {ORGT} nach {small} Jahren .
{ORGT} gewann [{time}] den Pokal , {PER} jubelte .
die {adj} {thing} in {LOC} wurde {time} (geschlossen|umgebaut|eröffnet) .
in {LOC} (feierten|protestierten|warteten) {time} {num} {crowd} .
die Straße von {LOC} nach {LOC} ist {num} Kilometer lang .
{LOC} ist eine {adj} (Stadt|Gemeinde) in {LOC} .
in {LOC} , {LOC} und {LOC} wird (Regen|Schnee|Nebel) erwartet .
der {artist} {PERX} (lebte|arbeitete|starb) in {LOC} .
{PERX} &l geboren {year} in {LOC} &r ist ein {artist} .
{PER} und {PER} trafen sich {time} in {LOC} .
" Die Lage ist ernst " , {said} {PER} [, {role} von {ORG}] .
er wechselte {year} zu {ORG} [als {role}] .
sie studierte (Jura|Physik|Geschichte) in {LOC} und arbeitete später für {ORG} .
{PER} heiratete {PER} im Jahr {year} .
hat {PER} die Firma {ORG} wirklich verlassen ?
der Zug fährt über {LOC} [und {LOC}] bis zum Meer .
eine {adj} {thing} in {LOC} ist nach {PER} benannt .
{ORG} und {ORG} unterschrieben {time} [in {LOC}] einen Vertrag .
das Gericht verurteilte {ORG} zu {num} Millionen [Euro] Strafe .
die {adj} {thing} blieb {time} geschlossen .
die Preise (stiegen|fielen) {time} um {small} Prozent , sagten {crowd} .
viele {crowd} kauften {time} {goods} .
im Sommer kommen die {crowd} gern auf den Berg .
wer bezahlt die {adj} {thing} ?
der Bauer und der Fischer warteten {time} am Bach .
{PERX}
{LOCX}
{ORGX}
{PERX} &l {artist} &r
{LOCX} &l {LOCX} &r
{ORGX} , {LOCX}
Liste der {crowd} in {LOC}
{PERX} , {PERX} , {PERX}
"""
