"""Places: states of the USA, rivers, mountains, sights, largest cities, records. Knows nothing but the tables."""

from __future__ import annotations

from .countries import COUNTRIES
from .relation import Relation, pairs

STATES = pairs("""
Alabama|Montgomery; Alaska|Juneau; Arizona|Phoenix; Arkansas|Little Rock; California|Sacramento; Colorado|Denver;
Connecticut|Hartford; Delaware|Dover; Florida|Tallahassee; Hawaii|Honolulu; Idaho|Boise; Illinois|Springfield;
Indiana|Indianapolis; Iowa|Des Moines; Kansas|Topeka; Kentucky|Frankfort; Louisiana|Baton Rouge; Maine|Augusta;
Maryland|Annapolis; Massachusetts|Boston; Michigan|Lansing; Minnesota|Saint Paul; Mississippi|Jackson;
Missouri|Jefferson City; Montana|Helena; Nebraska|Lincoln; Nevada|Carson City; New Hampshire|Concord;
New Jersey|Trenton; New Mexico|Santa Fe; New York State|Albany; North Carolina|Raleigh; North Dakota|Bismarck;
Ohio|Columbus; Oklahoma|Oklahoma City; Oregon|Salem; Pennsylvania|Harrisburg; Rhode Island|Providence;
South Carolina|Columbia; South Dakota|Pierre; Tennessee|Nashville; Texas|Austin; Utah|Salt Lake City;
Vermont|Montpelier; Virginia|Richmond; Washington State|Olympia; West Virginia|Charleston; Wisconsin|Madison;
Wyoming|Cheyenne; Scotland|Edinburgh; Wales|Cardiff; England|London; Northern Ireland|Belfast; Bavaria|Munich;
Catalonia|Barcelona; Quebec|Quebec City; Ontario|Toronto; British Columbia|Victoria; Alberta|Edmonton;
Queensland|Brisbane; New South Wales|Sydney; Tasmania|Hobart; Sicily|Palermo; Corsica|Ajaccio; Greenland|Nuuk;
Puerto Rico|San Juan; Tibet|Lhasa
""")

CITY_COUNTRY = pairs("""
Lyon|France; Marseille|France; Nice|France; Bordeaux|France; Munich|Germany; Hamburg|Germany; Cologne|Germany;
Frankfurt|Germany; Dresden|Germany; Leipzig|Germany; Barcelona|Spain; Seville|Spain; Valencia|Spain; Bilbao|Spain;
Milan|Italy; Venice|Italy; Florence|Italy; Naples|Italy; Turin|Italy; Pisa|Italy; Geneva|Switzerland;
Zurich|Switzerland; Basel|Switzerland; Salzburg|Austria; Graz|Austria; Rotterdam|the Netherlands;
The Hague|the Netherlands; Antwerp|Belgium; Bruges|Belgium; Manchester|the United Kingdom;
Oxford|the United Kingdom; Liverpool|the United Kingdom; Edinburgh|the United Kingdom; Glasgow|the United Kingdom;
Porto|Portugal; Krakow|Poland; Gdansk|Poland; Gothenburg|Sweden; Bergen|Norway; Aarhus|Denmark;
Saint Petersburg|Russia; Vladivostok|Russia; Istanbul|Turkey; Izmir|Turkey; Thessaloniki|Greece; Dubrovnik|Croatia;
Split|Croatia; Brno|the Czech Republic; Odesa|Ukraine; Lviv|Ukraine; Osaka|Japan; Kyoto|Japan; Hiroshima|Japan;
Sapporo|Japan; Shanghai|China; Guangzhou|China; Shenzhen|China; Wuhan|China; Mumbai|India; Kolkata|India;
Chennai|India; Bangalore|India; Jaipur|India; Karachi|Pakistan; Lahore|Pakistan; Busan|South Korea;
Ho Chi Minh City|Vietnam; Chiang Mai|Thailand; Dubai|the United Arab Emirates; Mecca|Saudi Arabia; Tel Aviv|Israel;
Alexandria|Egypt; Luxor|Egypt; Casablanca|Morocco; Marrakesh|Morocco; Lagos|Nigeria; Mombasa|Kenya;
Johannesburg|South Africa; Cape Town|South Africa; Durban|South Africa; Timbuktu|Mali; New York|the United States;
Los Angeles|the United States; Chicago|the United States; San Francisco|the United States;
Seattle|the United States; Miami|the United States; Boston|the United States; Las Vegas|the United States;
Houston|the United States; New Orleans|the United States; Toronto|Canada; Montreal|Canada; Vancouver|Canada;
Calgary|Canada; Cancun|Mexico; Guadalajara|Mexico; Tijuana|Mexico; Rio de Janeiro|Brazil; Sao Paulo|Brazil;
Salvador|Brazil; Medellin|Colombia; Cartagena|Colombia; Cusco|Peru; Guayaquil|Ecuador; Valparaiso|Chile;
Mendoza|Argentina; Ushuaia|Argentina; Sydney|Australia; Melbourne|Australia; Brisbane|Australia; Perth|Australia;
Auckland|New Zealand; Christchurch|New Zealand
""")

RIVERS = pairs("""
Paris|the Seine; London|the Thames; Rome|the Tiber; Vienna|the Danube; Budapest|the Danube; Cairo|the Nile;
Berlin|the Spree; Prague|the Vltava; Florence|the Arno; Lisbon|the Tagus; Cologne|the Rhine; Hamburg|the Elbe;
Dublin|the Liffey; Warsaw|the Vistula; Baghdad|the Tigris; Moscow|the Moskva; Belgrade|the Danube;
New Orleans|the Mississippi; Frankfurt|the Main; Seville|the Guadalquivir; Kyiv|the Dnieper; Seoul|the Han;
Varanasi|the Ganges; Shanghai|the Huangpu; Buenos Aires|the Rio de la Plata; Bordeaux|the Garonne; Turin|the Po
""")

SIGHTS = pairs("""
the Eiffel Tower|Paris; the Louvre|Paris; Notre-Dame|Paris; the Arc de Triomphe|Paris; the Colosseum|Rome;
the Trevi Fountain|Rome; the Pantheon|Rome; Big Ben|London; Tower Bridge|London; Buckingham Palace|London;
the British Museum|London; the Brandenburg Gate|Berlin; the Reichstag|Berlin; the Acropolis|Athens;
the Parthenon|Athens; the Sagrada Familia|Barcelona; Park Guell|Barcelona; the Prado|Madrid; the Alhambra|Granada;
the Leaning Tower|Pisa; the Uffizi|Florence; the Rialto Bridge|Venice; the Red Square|Moscow; the Kremlin|Moscow;
the Hermitage|Saint Petersburg; the Hagia Sophia|Istanbul; the Blue Mosque|Istanbul; the Statue of Liberty|New York;
the Empire State Building|New York; Central Park|New York; Times Square|New York; the White House|Washington, D.C.;
the Lincoln Memorial|Washington, D.C.; the Golden Gate Bridge|San Francisco; the Hollywood Sign|Los Angeles;
the Space Needle|Seattle; the Burj Khalifa|Dubai; the Taj Mahal|Agra; the Forbidden City|Beijing;
the Opera House with white sails|Sydney; Christ the Redeemer|Rio de Janeiro; the Little Mermaid statue|Copenhagen;
the Atomium|Brussels; the Anne Frank House|Amsterdam; the Charles Bridge|Prague; the Schoenbrunn Palace|Vienna;
the CN Tower|Toronto; the Petronas Towers|Kuala Lumpur; the Rijksmuseum|Amsterdam; the Van Gogh Museum|Amsterdam;
Wembley Stadium|London; the Vasa Museum|Stockholm
""")

SIGHT_COUNTRY = pairs("""
Machu Picchu|Peru; the Great Pyramid|Egypt; the Sphinx|Egypt; Petra|Jordan; Angkor Wat|Cambodia;
Chichen Itza|Mexico; Stonehenge|England; Neuschwanstein Castle|Germany; Mount Fuji|Japan;
the Matterhorn|Switzerland; Mount Kilimanjaro|Tanzania; Mont Blanc|France; Mount Etna|Italy; Mount Vesuvius|Italy;
Uluru|Australia; the Great Barrier Reef|Australia; Table Mountain|South Africa; the Grand Canyon|the United States;
Mount Rushmore|the United States; Yellowstone|the United States; Niagara Falls|Canada; Loch Ness|Scotland;
Aconcagua|Argentina; Mount Olympus|Greece; Santorini|Greece; Borobudur|Indonesia; Bali|Indonesia; Mount Kenya|Kenya;
the Terracotta Army|China; Pompeii|Italy; the Giant's Causeway|Northern Ireland; Easter Island|Chile;
the Galapagos Islands|Ecuador; Mount Ararat|Turkey; Cappadocia|Turkey; Ben Nevis|Scotland; Denali|the United States;
Angel Falls|Venezuela; the Plitvice Lakes|Croatia; Versailles|France; Lake Balaton|Hungary; Lake Como|Italy;
Lake Baikal|Russia; Mount Elbrus|Russia; Zugspitze|Germany; Timanfaya|Spain; Geysir|Iceland;
the Black Forest|Germany
""")

RECORDS = pairs("""
the longest river in Africa|the Nile; the longest river in South America|the Amazon;
the longest river in Europe|the Volga; the longest river in Asia|the Yangtze;
the highest mountain in the world|Mount Everest; the highest mountain in Africa|Mount Kilimanjaro;
the highest mountain in South America|Aconcagua; the highest mountain in North America|Denali;
the second highest mountain in the world|K2; the highest mountain in Japan|Mount Fuji;
the highest mountain in the Alps|Mont Blanc; the largest ocean|the Pacific Ocean;
the second largest ocean|the Atlantic Ocean; the smallest ocean|the Arctic Ocean;
the largest country in the world|Russia; the smallest country in the world|Vatican City; the largest continent|Asia;
the smallest continent|Australia; the largest hot desert|the Sahara; the deepest lake in the world|Lake Baikal;
the largest island in the world|Greenland; the deepest part of the ocean|the Mariana Trench;
the largest lake in Africa|Lake Victoria; the driest desert|the Atacama Desert;
the tallest building in the world|the Burj Khalifa; the largest rainforest|the Amazon rainforest;
the highest waterfall in the world|Angel Falls; the longest mountain range on land|the Andes;
the largest country in Africa|Algeria; the largest country in South America|Brazil;
the coldest continent|Antarctica; the largest coral reef|the Great Barrier Reef;
the country with the most people|India; the saltiest large lake in the Middle East|the Dead Sea;
the country shaped like a boot|Italy; the land of the rising sun|Japan; the land of the midnight sun|Norway;
the city of light|Paris; the eternal city|Rome; the Big Apple|New York; the largest city in Turkey|Istanbul;
the largest city in Australia|Sydney; the largest city in Canada|Toronto; the largest city in Brazil|Sao Paulo;
the largest city in the United States|New York; the largest city in Switzerland|Zurich;
the largest city in Nigeria|Lagos; the largest city in New Zealand|Auckland; the largest city in Ecuador|Guayaquil;
the largest city in Morocco|Casablanca; the largest city in Germany|Berlin; the largest city in France|Paris;
the largest city in Italy|Rome; the largest city in Spain|Madrid; the largest city in England|London;
the largest city in Japan|Tokyo; the largest city in India|Mumbai; the largest city in Russia|Moscow;
the largest city in Poland|Warsaw; the largest city in Austria|Vienna;
the largest city in South Africa|Johannesburg; the largest city in Israel|Jerusalem;
the largest city in Kazakhstan|Almaty; the largest city in Bolivia|Santa Cruz;
the largest city in Tanzania|Dar es Salaam; the largest city in the Ivory Coast|Abidjan;
the largest city in the United Arab Emirates|Dubai; the largest city in Myanmar|Yangon;
the largest city in Scotland|Glasgow; the largest city in Texas|Houston; the largest city in California|Los Angeles;
the second largest city in Germany|Hamburg; the second largest country in the world|Canada;
the second highest mountain in Africa|Mount Kenya; the second largest planet|Saturn;
the second longest river in the world|the Amazon; the longest river in the world|the Nile;
the longest river in Germany|the Rhine; the longest river in France|the Loire; the longest river in Russia|the Lena;
the highest mountain in Germany|the Zugspitze; the highest mountain in Europe|Mount Elbrus;
the highest mountain in Greece|Mount Olympus; the highest mountain in Scotland|Ben Nevis;
the highest mountain in Spain|Mount Teide; the highest mountain in Turkey|Mount Ararat;
the largest lake in Europe|Lake Ladoga; the largest lake in North America|Lake Superior;
the highest large lake in South America|Lake Titicaca; the largest sea without an outlet|the Caspian Sea;
the largest bay|the Bay of Bengal; the largest city in Vietnam|Ho Chi Minh City; the largest city in China|Shanghai;
the largest city in Pakistan|Karachi; the ocean between Europe and America|the Atlantic Ocean;
the ocean between Asia and America|the Pacific Ocean; the sea between Europe and Africa|the Mediterranean Sea;
the canal between the Mediterranean and the Red Sea|the Suez Canal;
the canal between the Atlantic and the Pacific|the Panama Canal;
the strait between Spain and Morocco|the Strait of Gibraltar; the mountains between France and Spain|the Pyrenees;
the mountains between Europe and Asia|the Urals; the highest mountains on Earth|the Himalayas;
the fastest land animal|the cheetah; the largest animal|the blue whale; the tallest animal|the giraffe;
the largest land animal|the elephant; the largest bird|the ostrich; the smallest bird|the bee hummingbird;
the fastest bird|the peregrine falcon; the slowest mammal|the sloth; the largest reptile|the saltwater crocodile;
the largest fish|the whale shark; the king of the jungle|the lion; the largest big cat|the tiger;
the tallest kind of grass|bamboo; the hardest natural material|diamond; the lightest element|hydrogen;
the most common gas in the air|nitrogen; the gas we need to breathe|oxygen;
the only metal that is liquid at room temperature|mercury; the largest organ of the human body|the skin;
the longest bone of the human body|the thigh bone; the smallest bone of the human body|the stirrup bone in the ear
""")

_CAPITALS = tuple(
    (row[1], row[0])
    for row in COUNTRIES
    if row[1] not in ("-", row[0], "Victoria", "San Jose", "Georgetown", "Kingston")
)

RELATIONS = (
    Relation(
        "state capital",
        "geography",
        STATES,
        "the capital of {s}",
        ("Which city is the capital of {s}?", "Capital of {s}?", "What is the capital city of {s}?"),
        kind="place",
    ),
    Relation(
        "city country",
        "geography",
        (*CITY_COUNTRY, *_CAPITALS),
        "the country of the city {s}",
        (
            "Which country is {s} in?",
            "In which country is {s}?",
            "Where is {s}?",
            "What country is {s} in?",
            "In what country does {s} lie?",
            "In which country would I find {s}?",
        ),
        say="{s} is in {o}.",
        kind="place",
    ),
    Relation(
        "river",
        "geography",
        RIVERS,
        "the river that flows through {s}",
        (
            "Which river flows through {s}?",
            "What river is {s} on?",
            "On which river is {s}?",
            "On what river does {s} lie?",
        ),
        kind="place",
    ),
    Relation(
        "sight",
        "travel",
        SIGHTS,
        "the city of {s}",
        (
            "In which city is {s}?",
            "Where is {s}?",
            "Where can I see {s}?",
            "Which city is {s} in?",
            "Where do I find {s}?",
            "In what city can one visit {s}?",
        ),
        say="{s} is in {o}.",
        kind="sight",
    ),
    Relation(
        "sight country",
        "travel",
        SIGHT_COUNTRY,
        "the country of {s}",
        (
            "In which country is {s}?",
            "Where is {s}?",
            "Where can I see {s}?",
            "What country is {s} in?",
            "In what country can one visit {s}?",
        ),
        say="{s} is in {o}.",
        kind="sight",
    ),
    Relation("record", "general knowledge", RECORDS, "{s}"),
)
