"""English name parts, word lists and templates of the sample."""

LANG = "en"

PARTS = """
given = Alan Amber Anna Beth Carol Clara David Edward Emma Grace Helen Irene James Julia Laura
 Lucy Mary Nora Owen Peter Ralph Rose Samuel Simon Thomas Walter Alice Brian Diana Harold Jane
 Martin Paula Ruth Victor
sur = Abbott Archer Atkins Barlow Baxter Bishop Brewer Butcher Carver Chandler Coleman Cooper
 Dawson Dixon Dobson Draper Edwards Farrow Fisher Fletcher Gardner Gibson Harper Hewitt Hodgson
 Hopkins Jackson Jenkins Kemp Lambert Lawson Marsh Mercer Miller Nolan Osborne Parsons Pearce
 Potter Quigley Rawlins Reeves Robson Sadler Sawyer Simmons Spencer Thorne Tucker Turner
 Underhill Vaughan Wainwright Watkins Webster Wilkins Wright Yardley
any = Ashford Bradwell Carlton Clifton Crawley Denham Eastwood Fairfax Garfield Hartley Kingsley
 Lincoln Marlow Morton Newbury Preston Radley Rutland Selby Stafford Stanton Thornton Wakefield
 Walton Wells Winslow
stem = Alder Apple Ash Barn Beaver Birch Black Bramble Bridge Brook Castle Cedar Chester Clay
 Cold Copper Crow Deer Elm Fair Fern Fox Glen Green Hazel High Kings Lang Mill Moor North Oak
 Otter Pine Queens Raven Red River Rock Salt Sand Silver Stone Summer Swan Thorn West White Wolf
brand = Acrux Arcadon Axiom Beacon Bluestar Centara Corvex Dynacor Eclipta Evertrue Fenwick
 Gridline Halcyon Helion Ionex Juniper Keystone Lumina Magnex Meridian Monarch Nimbus Norvex
 Octava Omnitek Orbis Paragon Pinnacle Polaris Quantel Quorum Redwood Sentinel Solaris Summit
 Tarnex Titan Trident Unicore Vantage Vertex Zenith Zentra
"""

WORDS = """
surname = 5*{sur}|{any}
place = 8*{stem}~{suf}|{any}
suf = ton|ville|field|ford|ham|bury|wick|dale|port|mouth|wood|haven
init = A|B|C|D|E|G|H|J|K|M|R|S|T
full = 9*{given} {surname}|{given} {init} . {surname}|{given} {surname} Jr
PER = 5*{full}|{surname}
PERX = {full}
LOC = 8*{place}|New {place}|Lake {place}|{place} Bay|{place} Street|Mount {any}|{place} Valley
 |Port {place}|(North|South|East|West) {place}|{place} County|River {stem}|{stem} Island
LOCX = 4*{stem}~{suf}|New {place}|Lake {place}|{place} Valley|{place} County|{stem} Island
legal = Inc|Ltd|Group|Holdings|Corp|Partners
field = Finance|Health|Education|Defence|Transport|Justice|Agriculture|Labour|Energy|Culture
ORG = 2*{brand}|5*{brand} {legal}|{surname} & Sons|2*{surname} {legal}|University of {place}
 |{place} University|Ministry of {field}|Bank of {place}|{brand} (Airlines|Motors|Energy|Foods)
 |{place} (City Council|Museum|Hospital|Institute)|{surname} , {surname} & Co
ORGX = 2*{brand} {legal}|{surname} & Sons|University of {place}|Ministry of {field}
 |Bank of {place}
ORGT = 4*{place} {club}|2*{place}|FC {place}
club = United|City|Rovers|Wanderers|Athletic|Rangers
day = Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday
month = January|March|April|May|June|August|September|November
time = yesterday|on {day}|last week|this morning|in {month}|in {year}|late on {day}|two days ago
opener = according to the report ,|after a long debate ,|for the first time ,|despite the rain ,
 |in the meantime ,|{time} ,|as expected ,
title = Mr|Mrs|Dr|President|Professor|Senator|Judge|Captain
role = chief executive|chairman|spokeswoman|director|lawyer|deputy head|founder|analyst|engineer
artist = painter|novelist|composer|actor|architect|poet
said = said|announced|confirmed|denied|explained|warned
clause = the plan would be delayed|talks had failed|costs were rising|nobody was hurt
 |the road would reopen [{time}]|the new bridge was safe|more jobs were needed|the deal was close
adj = new|old|small|large|famous|local|national|quiet|modern
thing = school|bridge|factory|library|hotel|stadium|station|market|hospital|theatre
crowd = workers|students|visitors|farmers|police officers|neighbours|journalists
bought = bought|sold|acquired|took over|sued|supplied
goods = software|engines|furniture|medicines|solar panels|bicycles|cameras
"""

FORMS = {}

TEMPLATES = """
[{opener}] {PER} {said} that {clause} .
[{opener}] {role} {PERX} [of {ORG}] {said} {time} that {clause} .
{title} {PER} (visited|left|arrived in|returned to) {LOC} [{time}] .
{PER} was born in {LOC} [in {year}] [and grew up in {LOC}] .
{PER} , {role} of {ORG} , (resigned|was elected|was dismissed) [{time}] .
{ORG} {bought} {ORG} [for {num} million dollars] [{time}] .
{ORG} (opened|closed|plans) a {adj} {thing} in {LOC} [{time}] .
shares of {ORG} (rose|fell) by {small} percent [{time}] .
[{opener}] {ORG} , which makes {goods} , (hired|dismissed) {num} people in {LOC} .
{ORGT} (beat|drew with|lost to) {ORGT} {score} [{time}] .
{PER} scored {small} goals for {ORGT} [against {ORGT}] .
coach {PER} left {ORGT} after a {small} year contract .
{ORGT} won the {adj} cup [in {LOC}] , and {PER} lifted the trophy .
the {thing} of {LOC} was (closed|rebuilt|painted) {time} .
[{opener}] {crowd} in {LOC} (protested|celebrated|waited) [near the {thing}] .
the road from {LOC} to {LOC} is {num} kilometres long .
{LOC} is a {adj} (town|village|district) in {LOC} .
heavy (rain|snow) is expected in {LOC} , {LOC} and {LOC} [{time}] .
the {artist} {PERX} (lived|worked|died) in {LOC} [until {year}] .
{PERX} &l born {year} in {LOC} &r is a {adj} {artist} .
{PER} and {PER} (met|quarrelled|had dinner) in {LOC} [{time}] .
" {clause} , " {said} {PER} [, {role} of {ORG}] .
he (joined|left) {ORG} in {year} [as {role}] .
she studied (law|history|physics) at {ORG} [in {LOC}] and later worked for {ORG} .
{PER} married {PER} in {year} .
did {PER} really leave {ORG} [{time}] ?
the (river|train|bus) passes through {LOC} [and {LOC}] before it reaches the sea .
a {adj} {thing} named after {PER} stands in {LOC} .
{ORG} and {ORG} signed an agreement [in {LOC}] {time} .
the court ordered {ORG} to pay {num} million [to {PER}] .
[{opener}] the {crowd} asked for a {adj} {thing} .
prices (rose|fell) by {small} percent [{time}] , but {crowd} stayed calm .
nothing was decided {time} , {crowd} said .
summer was short , and the {adj} {thing} stayed closed .
many {crowd} bought {goods} [{time}] .
who will pay for the {adj} {thing} ?
stone bridges and green fields surround the {adj} {thing} .
{PERX}
{LOCX}
{ORGX}
{PERX} &l {artist} &r
{LOCX} , {LOCX}
{ORGX} &l {LOCX} &r
list of {crowd} from {LOC}
{PERX} , {PERX} and {PERX}
"""
