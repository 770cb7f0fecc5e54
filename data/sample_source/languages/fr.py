"""French name parts, word lists and templates of the sample."""

LANG = "fr"

PARTS = """
given = Adèle Alain Armand Baptiste Bernard Camille Chantal Claire Corinne Denise Édouard Émile
 Fabrice François Geneviève Guillaume Hélène Jeanne Laurent Lucien Marcel Maurice Nicolas Pascal
 René Thierry Agnès Benoît Christophe Didier Florence Henri Louise Nathalie Sylvie
sur = Barbier Beaumont Berger Besson Blanchard Boucher Boulanger Bouvier Brunet Carpentier
 Charpentier Chevalier Clément Collet Cordier Courtois Dubois Dufour Dumas Dupuis Fabre Faure
 Fournier Gaillard Garnier Gautier Girard Guérin Jacquet Joly Lambert Lebrun Leclerc Lefort
 Legrand Lemaire Leroux Marchand Masson Mercier Meunier Moreau Moulin Noël Perrin Petitjean
 Poirier Prévost Renard Rousseau Royer Sabatier Tessier Texier Vasseur Verdier Vidal
any = Aubigny Balmont Beaufort Beaulieu Bellegarde Chambord Clermont Corbeil Fontenay Fontaine
 Hautmont Joinville Lavigne Marigny Montclair Montfort Orval Rochefort Sauvigny Tournay Valmont
 Verneuil
stem = Argent Aubé Aulne Bois Bran Cerf Champ Châte Chêne Cler Clos Combe Cour Croix Dor Étang
 Ferri Forge Franche Fresne Gran Grave Haute Loup Lune Mar Mont Morte Neuve Noire Orme Pierre
 Plessis Pomme Pré Puy Roche Roque Sable Saule Tille Trembl Val Vaux Vigne Vert Vieux
brand = Aéris Altavia Aquilon Arverne Axelis Bléor Celtis Cobalt Cristal Dexia Électra Équinor
 Éolis Ferronor Galia Hexagone Horizon Ignis Jupiter Kérès Lumière Magellan Méridien Mistral
 Norélis Novacier Olympe Orphée Phénix Prisma Quartz Rivage Saphir Sélène Soléo Tempo Thalès
 Trianon Ulysse Vercor Zéphyr
"""

WORDS = """
surname = 5*{sur}|{any}
place = 6*{stem}~{suf}|Saint-~{given}|2*{stem}~{suf}~{tail}|{any}
suf = ville|court|mont|gny|ac|bourg|fort|illy|on|ières
tail = -sur-Mer|-le-Château|-les-Bains|-sous-Bois|-la-Forêt
full = 9*{given} {surname}|{given}~-~{given} {surname}|{given} de {any}
PER = 5*{full}|{surname}
PERX = {full}
LOC = 8*{place}|Nouvelle-~{any}|rue {surname}|place de {any}|mont {any}|lac de {place}
 |pays de {place}
 |vallée de {any}|port de {place}|île de {any}
LOCX = 4*{stem}~{suf}~{tail}|2*{stem}~{suf}|lac de {place}|île de {any}|vallée de {any}
legal = SA|SARL|Groupe|Holding|Frères|et Fils
ORG = 2*{brand}|5*{brand} {legal}|{surname} et Fils|2*{surname} {legal}|université de {place}
 |ministère de la {field}|Banque de {place}|{sector} {brand}|mairie de {place}|hôpital de {place}
 |Groupe {surname}|musée de {place}
sector = Éditions|Laboratoires|Assurances|Transports|Ateliers
ORGX = 2*{brand} {legal}|{surname} et Fils|université de {place}|ministère de la {field}
 |Banque de {place}|{sector} {brand}
field = Santé|Culture|Défense|Justice|Jeunesse|Mer|Recherche|Ville|Famille
ORGT = 4*{club} {place}|2*{any}|{stem}~{suf}|{any} {club}
club = AS|Olympique|Stade|Racing|FC|US
day = lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche
month = janvier|mars|avril|mai|juin|septembre|novembre
time = hier|{day}|la semaine dernière|ce matin|en {month}|en {year}|il y a deux jours
opener = selon le rapport ,|pour la première fois ,|pendant ce temps ,|{time} ,|malgré la pluie ,
title = monsieur|madame|le docteur|le président|la juge|le professeur|le capitaine
role = directeur|président|porte-parole|avocat|fondateur|analyste|gérant
artist = peintre|poète|compositeur|comédien|architecte|romancier
said = déclare|annonce|confirme|explique|affirme|répète
clause = le projet sera retardé|les discussions ont échoué|les coûts augmentent
 |personne ne partira
 |le pont est solide|la route rouvrira bientôt|les négociations avancent
adj = nouvelle|ancienne|petite|grande|célèbre|vieille
thing = école|gare|fabrique|bibliothèque|église|tour|place|fontaine
crowd = ouvriers|étudiants|visiteurs|paysans|voisins|journalistes
bought = rachète|vend|attaque|remplace|absorbe
goods = moteurs|meubles|médicaments|vélos|caméras|outils
"""

FORMS = {}

TEMPLATES = """
[{opener}] {PER} {said} que {clause} .
[{opener}] le {role} {PERX} [de {ORG}] {said} que {clause} .
{title} {PER} (visite|quitte|retrouve) {LOC} [{time}] .
{PER} est né à {LOC} [en {year}] [et a grandi à {LOC}] .
{PER} , {role} de {ORG} , (démissionne|est élu|est renvoyé) [{time}] .
{ORG} {bought} {ORG} [pour {num} millions] [{time}] .
{ORG} (ouvre|ferme|prépare) une {adj} {thing} à {LOC} [{time}] .
le titre de {ORG} (gagne|perd) {small} pour cent [{time}] .
[{opener}] {ORG} , qui fabrique des {goods} , embauche {num} personnes à {LOC} .
{ORGT} (bat|rencontre|perd contre) {ORGT} {score} [{time}] .
{PER} marque {small} buts pour {ORGT} [contre {ORGT}] .
l' entraîneur {PER} quitte {ORGT} après {small} ans .
{ORGT} gagne la coupe [à {LOC}] et {PER} soulève le trophée .
la {thing} de {LOC} est (fermée|repeinte|rénovée) {time} .
[{opener}] les {crowd} de {LOC} (protestent|fêtent la victoire|attendent) [devant la {thing}] .
la route de {LOC} à {LOC} mesure {num} kilomètres .
{LOC} est une {adj} (ville|commune) du pays de {LOC} .
de la (pluie|neige) est attendue à {LOC} , {LOC} et {LOC} [{time}] .
le {artist} {PERX} (vit|travaille|meurt) à {LOC} [jusqu' en {year}] .
{PERX} &l né à {LOC} en {year} &r est un {artist} .
{PER} et {PER} (dînent|discutent|se retrouvent) à {LOC} [{time}] .
« la situation est difficile » , {said} {PER} [, {role} de {ORG}] .
il (rejoint|quitte) {ORG} en {year} [comme {role}] .
elle étudie le droit à {LOC} puis travaille pour {ORG} .
{PER} épouse {PER} en {year} .
{PER} quitte-t-il vraiment {ORG} ?
le (fleuve|train|bus) traverse {LOC} [et {LOC}] avant la mer .
une {adj} {thing} de {LOC} porte le nom de {PER} .
{ORG} et {ORG} signent un accord [à {LOC}] {time} .
le tribunal condamne {ORG} à payer {num} millions [à {PER}] .
[{opener}] les {crowd} demandent une {adj} {thing} .
les prix (montent|baissent) de {small} pour cent [{time}] .
beaucoup de {crowd} achètent des {goods} [{time}] .
qui paiera la {adj} {thing} ?
la {thing} est près du moulin et de la rivière .
le berger et le boulanger attendent {time} sous le chêne .
{PERX}
{LOCX}
{ORGX}
{PERX} &l {artist} &r
{LOCX} , {LOCX}
{ORGX} &l {LOCX} &r
liste des {crowd} de {LOC}
{PERX} , {PERX} et {PERX}
"""
