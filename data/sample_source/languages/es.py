"""Spanish name parts, word lists and templates of the sample."""

LANG = "es"

PARTS = """
given = Adriana Alberto Amparo Ángela Benito Carlos Claudia Diego Emilio Eva Fernando Gloria
 Hugo Inés Javier Jorge Julio Lorenzo Luis Marcos Mateo Nuria Paloma Raquel Rodrigo Teresa
 Agustín Beatriz Daniel Felipe Ignacio Juana Manuel Pablo Sara
sur = Aguado Aguilar Alonso Arroyo Barrios Benítez Blanco Bravo Cabrera Calvo Cano Carrasco
 Castro Cortés Delgado Díaz Domínguez Duarte Escobar Esteban Ferrer Fuentes Gallego Garrido Gil
 Guerrero Herrero Hidalgo Ibáñez Iglesias Jiménez Lozano Marín Méndez Molina Montero Mora Muñoz
 Núñez Ortega Pardo Pastor Peña Prieto Quintana Ramos Redondo Rojas Rubio Salas Santos Soler
 Suárez Toledano Vargas Vega Vidal Zamorano
any = Alarcón Aranda Ávila Belmonte Cáceres Carmona Cuenca Figueroa Lara Ledesma Lerma Luna
 Medina Miranda Montalbán Olmedo Osuna Palencia Robledo Segovia Soria Trujillo Villena Zamora
stem = Aguas Álamo Arcos Arena Bosque Cabra Campo Castillo Cerezo Ciervo Cruz Encina Espino
 Estrella Flor Fresno Fuente Golondrina Halcón Hierro Higuera Laguna Lobo Manzano Mármol Mirador
 Molino Naranjo Nogal Olivo Olmo Palma Paloma Pedro Peral Piedra Pino Plata Pozo Puente Roble
 Romero Rosa Sierra Torre Trigo Valle Viento
brand = Abantia Acerol Alcor Altura Andinor Aurora Boreal Cantabria Cefisa Cobrex Condor Cosmos
 Dorada Ebrosa Ferrovía Galaxia Gesfin Hispanor Horizonte Iberlux Ilusión Jarama Levanta Lumbre
 Marenza Metasur Nevada Nordesa Océano Orión Pampera Pegaso Quimisol Renova Salvia Solaria
 Tecnor Telmar Urbasa Vialia Vizor Zafiro
"""

WORDS = """
surname = 5*{sur}|{any}
place = 2*Villa~{lower}|2*{stem} {tail}|6*{stem}~{suf}|{any}|San {saint}
saint = Agustín|Andrés|Benito|Esteban|Jorge|Lorenzo|Marcos|Mateo|Miguel|Ramón|Rodrigo
lower = nueva|hermosa|franca|seca|alta|real|verde|clara
tail = del Río|de la Sierra|del Mar|de los Reyes|de Abajo
suf = eda|ar|illo|ejo|osa|ares|era|uela
full = 8*{given} {surname}|3*{given} {surname} {sur}|{given} de la {sur}
PER = 5*{full}|{surname}
PERX = {full}
LOC = 8*{place}|Nueva {place}|Puerto {place}|Río {stem}|Sierra de {place}|Isla {stem}|Plaza {stem}
 |Calle {surname}|Provincia de {any}|Valle de {any}
LOCX = 3*{stem} {tail}|2*{stem}~{suf}|Puerto {place}|Isla {stem}|Sierra de {place}|Valle de {any}
legal = SA|SL|Hermanos|Grupo|Holding|y Asociados
ORG = 2*{brand}|5*{brand} {legal}|{surname} e Hijos|2*{surname} {legal}|Universidad de {place}
 |Ministerio de {field}|Banco de {place}|{sector} {brand}|Ayuntamiento de {place}
 |Hospital de {place}
 |Grupo {surname}|Museo de {place}
sector = Seguros|Editorial|Bodegas|Aerolíneas|Laboratorios
ORGX = 2*{brand} {legal}|{surname} e Hijos|Universidad de {place}|Ministerio de {field}
 |Banco de {place}|{sector} {brand}
field = Hacienda|Sanidad|Educación|Defensa|Transportes|Justicia|Agricultura|Trabajo|Cultura
ORGT = 4*{club} {place}|2*{any}|{any} {club}|{stem}~{suf}
club = Real|Atlético|Deportivo|Racing|Sporting|CF
day = lunes|martes|miércoles|jueves|viernes|sábado|domingo
month = enero|marzo|abril|mayo|junio|agosto|septiembre
time = ayer|el {day}|la semana pasada|esta mañana|en {month}|en {year}|hace dos días
opener = según el informe ,|por primera vez ,|mientras tanto ,|{time} ,|después del debate ,
title = el señor|la señora|el doctor|el presidente|la jueza|el profesor|el capitán
role = director|presidente|portavoz|abogado|fundador|analista|gerente
artist = pintor|poeta|compositor|actor|arquitecto|novelista
said = dijo|anunció|confirmó|negó|explicó|aseguró
clause = el plan se retrasaría|las conversaciones habían fracasado|los costes subían
 |no hubo heridos
 |el puente era seguro|faltaban empleos|el acuerdo estaba cerca
adj = nueva|antigua|pequeña|gran|moderna|famosa
thing = escuela|fábrica|biblioteca|estación|iglesia|torre|plaza|fuente
crowd = trabajadores|estudiantes|visitantes|agricultores|vecinos|periodistas
bought = compró|vendió|demandó|absorbió|superó a
goods = motores|muebles|medicinas|bicicletas|cámaras|herramientas
"""

FORMS = {}

TEMPLATES = """
[{opener}] {PER} {said} que {clause} .
[{opener}] el {role} {PERX} [de {ORG}] {said} que {clause} .
{title} {PER} (visitó|dejó|llegó a|volvió a) {LOC} [{time}] .
{PER} nació en {LOC} [en {year}] [y creció en {LOC}] .
{PER} , {role} de {ORG} , (dimitió|fue elegido|fue despedido) [{time}] .
{ORG} {bought} {ORG} [por {num} millones de euros] [{time}] .
{ORG} (abrió|cerró|prepara) una {adj} {thing} en {LOC} [{time}] .
las acciones de {ORG} (subieron|bajaron) un {small} por ciento [{time}] .
[{opener}] {ORG} , que fabrica {goods} , contrató a {num} personas en {LOC} .
{ORGT} (venció a|empató con|perdió con) {ORGT} {score} [{time}] .
{PER} marcó {small} goles para {ORGT} [contra {ORGT}] .
el entrenador {PER} deja {ORGT} después de {small} años .
{ORGT} ganó la copa [en {LOC}] y {PER} levantó el trofeo .
la {thing} de {LOC} fue (cerrada|pintada|reformada) {time} .
[{opener}] los {crowd} de {LOC} (protestaron|celebraron|esperaron) [junto a la {thing}] .
la carretera de {LOC} a {LOC} mide {num} kilómetros .
{LOC} es una {adj} (ciudad|villa|comarca) de {LOC} .
se espera (lluvia|nieve|viento) en {LOC} , {LOC} y {LOC} [{time}] .
el {artist} {PERX} (vivió|trabajó|murió) en {LOC} [hasta {year}] .
{PERX} &l {LOC} , {year} &r es un {artist} .
{PER} y {PER} (cenaron|discutieron|se reunieron) en {LOC} [{time}] .
« la situación es difícil » , {said} {PER} [, {role} de {ORG}] .
en {year} (entró en|salió de) {ORG} [como {role}] .
estudió (derecho|historia|física) en {ORG} y luego trabajó para {ORG} .
{PER} se casó con {PER} en {year} .
¿ dejó {PER} la empresa {ORG} [{time}] ?
el (río|tren|autobús) pasa por {LOC} [y {LOC}] antes de llegar al mar .
una {adj} {thing} de {LOC} lleva el nombre de {PER} .
{ORG} y {ORG} firmaron un acuerdo [en {LOC}] {time} .
el tribunal condenó a {ORG} a pagar {num} millones [a {PER}] .
[{opener}] los {crowd} pidieron una {adj} {thing} .
los precios (subieron|bajaron) un {small} por ciento [{time}] .
muchos {crowd} compraron {goods} [{time}] .
¿ quién pagará la {adj} {thing} ?
blanco y verde son los colores de la {adj} {thing} .
la {thing} estaba cerca del molino y del puente de piedra .
{PERX}
{LOCX}
{ORGX}
{PERX} &l {artist} &r
{LOCX} , {LOCX}
{ORGX} &l {LOCX} &r
lista de {crowd} de {LOC}
{PERX} , {PERX} y {PERX}
"""
