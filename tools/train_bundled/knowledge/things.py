"""Everyday things: tools, colours, sports, music, body, food, jobs, units, calendar. Knows nothing but the tables."""

from __future__ import annotations

from itertools import pairwise

from .animals import article
from .relation import Relation, pairs

COLOURS = pairs("""
grass|green; the sky on a clear day|blue; snow|white; coal|black; a banana|yellow; a ripe tomato|red;
an orange|orange; blood|red; milk|white; a lemon|yellow; the sun in pictures|yellow; a fire engine|red;
a carrot|orange; an emerald|green; a ruby|red; a sapphire|blue; chocolate|brown; a polar bear|white;
a flamingo|pink; an elephant|grey; a frog|green; a crow|black; a strawberry|red; a blueberry|blue;
an aubergine|purple; a pumpkin|orange; a lime|green; the night sky|black; a pea|green; broccoli|green;
a cucumber|green; ivory|white; lavender|purple; a school bus in America|yellow; a raven|black; a swan|white;
rust|reddish brown; gold|yellow; silver|grey; copper|reddish brown; tar|black; a cherry|red; salt|white;
sugar|white; spinach|green; coffee|brown; a peach|orange and pink; a robin's breast|red; a stop sign|red;
the sea|blue; a plum|purple; mustard|yellow; charcoal|black; a pine tree|green; a rose in love poems|red;
a smurf|blue; an avocado inside|green; a pig|pink; a lion|golden brown; a tiger|orange with black stripes;
a zebra|black and white; a panda|black and white
""")

MIXES = pairs("""
blue and yellow|green; red and yellow|orange; red and blue|purple; red and white|pink; black and white|grey;
yellow and blue|green; yellow and red|orange; blue and red|purple; white and red|pink; white and black|grey;
blue and white|light blue
""")

TOOLS = pairs("""
a hammer|driving nails; a saw|cutting wood; a screwdriver|turning screws; scissors|cutting paper and cloth;
a spade|digging; a rake|gathering leaves; a broom|sweeping the floor; a needle|sewing; a key|opening locks;
a pen|writing; a ruler|measuring and drawing straight lines; a thermometer|measuring temperature;
a scale|weighing things; a clock|telling the time; a compass|finding north; a telescope|looking at the stars;
a microscope|looking at very small things; a ladder|climbing up; a spoon|eating soup; a fork|eating solid food;
a knife|cutting food; a kettle|boiling water; an oven|baking; a fridge|keeping food cold; a toaster|toasting bread;
a sieve|straining; a corkscrew|opening wine bottles; an umbrella|keeping off the rain; a towel|drying oneself;
a toothbrush|cleaning teeth; a comb|tidying hair; soap|washing; a lamp|giving light; a pillow|resting the head;
a drill|making holes; a wrench|turning nuts and bolts; pliers|gripping and bending wire; an axe|chopping wood;
a paintbrush|painting; a watering can|watering plants; a wheelbarrow|moving heavy loads; a lawn mower|cutting grass;
a stapler|holding papers together; an eraser|removing pencil marks; a calculator|doing sums;
a camera|taking pictures; a phone|talking to people far away; a map|finding the way; a backpack|carrying things;
a tent|sleeping outdoors; a net|catching fish; a boat|travelling on water; a barometer|measuring air pressure;
a stethoscope|listening to the heart; a speedometer|showing speed; a vacuum cleaner|cleaning carpets;
an iron|smoothing clothes; a bucket|carrying water; a tape measure|measuring lengths;
a rolling pin|flattening dough; a whisk|beating eggs; a mirror|seeing oneself; an anchor|holding a ship in place;
a sail|catching the wind; a parachute|falling slowly through the air; a seat belt|keeping people safe in a car;
a candle|giving light; matches|lighting a fire; glue|sticking things together;
a level|checking that a surface is flat; a chisel|carving wood or stone; sandpaper|smoothing wood;
a helmet|protecting the head; glasses|seeing better; a blanket|keeping warm
""")

SPORTS = pairs("""
football|11; basketball|5; volleyball|6; handball|7; baseball|9; cricket|11; ice hockey|6; rugby union|15;
rugby league|13; water polo|7; field hockey|11; beach volleyball|2; American football|11; netball|7; curling|4;
futsal|5; lacrosse|10; Quidditch|7; polo on horses|4
""")

SPORT_PLACE = pairs("""
tennis|a court; football|a pitch; basketball|a court; ice hockey|a rink; golf|a course; boxing|a ring;
swimming|a pool; running races|a track; bowling|an alley; skiing|a slope; cricket|a pitch; baseball|a diamond;
rowing|a river or lake; surfing|the sea; sumo|a ring; volleyball|a court; chess|a board; badminton|a court;
figure skating|a rink; horse racing|a racecourse
""")

SPORT_GEAR = pairs("""
tennis|a racket and a ball; football|a ball; golf|clubs and a small ball; ice hockey|sticks and a puck;
cricket|a bat and a ball; baseball|a bat, a ball and gloves; badminton|rackets and a shuttlecock;
table tennis|bats, a small ball and a table; archery|a bow and arrows; fencing|a sword and a mask;
skiing|skis and poles; cycling|a bicycle; surfing|a board; boxing|gloves; chess|a board and pieces;
darts|darts and a board; bowling|a heavy ball and pins; fishing|a rod and a hook; climbing|a rope and a harness;
billiards|a cue and balls; sailing|a sailing boat; swimming|a swimsuit and goggles; rowing|a boat and oars;
snooker|a cue and balls
""")

INSTRUMENTS = pairs("""
violin|string; cello|string; viola|string; double bass|string; guitar|string; harp|string; banjo|string;
lute|string; mandolin|string; ukulele|string; sitar|string; flute|woodwind; clarinet|woodwind; oboe|woodwind;
bassoon|woodwind; saxophone|woodwind; recorder|woodwind; piccolo|woodwind; trumpet|brass; trombone|brass;
tuba|brass; horn|brass; cornet|brass; drum|percussion; timpani|percussion; xylophone|percussion;
triangle|percussion; tambourine|percussion; cymbals|percussion; marimba|percussion; piano|keyboard; organ|keyboard;
harpsichord|keyboard; accordion|keyboard; bagpipes|woodwind
""")

BODY = pairs("""
the heart|pumping blood; the lungs|breathing; the stomach|digesting food;
the brain|thinking and controlling the body; the kidneys|cleaning the blood; the eyes|seeing;
the ears|hearing and balance; the nose|smelling and breathing; the tongue|tasting and speaking;
the skin|protecting the body; the bones|holding the body up; the muscles|moving the body;
the liver|cleaning the blood and storing energy; the teeth|chewing food; the bladder|storing urine;
the nerves|carrying messages; the red blood cells|carrying oxygen; the white blood cells|fighting infections;
the small intestine|taking in nutrients; the eyelids|protecting the eyes; the pancreas|making insulin;
the hands|holding things; the feet|standing and walking; the ribs|protecting the heart and lungs;
the skull|protecting the brain; the spine|holding the back upright; the platelets|helping blood to clot;
the large intestine|taking in water; the retina|sensing light in the eye; the vocal cords|making the voice
""")

ORIGINS = pairs("""
pizza|Italy; sushi|Japan; tacos|Mexico; croissants|Austria and France; paella|Spain; curry|India; kimchi|Korea;
hummus|the Middle East; goulash|Hungary; borscht|Ukraine; moussaka|Greece; fish and chips|England; haggis|Scotland;
fondue|Switzerland; pretzels|Germany; sauerkraut|Germany; Wiener schnitzel|Austria; pho|Vietnam; pad thai|Thailand;
couscous|North Africa; poutine|Canada; pierogi|Poland; tiramisu|Italy; lasagne|Italy; spaghetti|Italy;
risotto|Italy; gazpacho|Spain; tortilla chips|Mexico; guacamole|Mexico; ramen|Japan; tempura|Japan; dim sum|China;
baguette|France; ratatouille|France; creme brulee|France; kebab|Turkey; baklava|Turkey; falafel|the Middle East;
feta|Greece; waffles|Belgium; smorrebrod|Denmark; meatballs with lingonberries|Sweden; ceviche|Peru;
empanadas|Spain and Latin America; asado|Argentina; feijoada|Brazil; jollof rice|West Africa; injera|Ethiopia;
naan|India; samosas|India; stroopwafels|the Netherlands; parmesan|Italy; gouda|the Netherlands; cheddar|England;
camembert|France; champagne|France; sake|Japan; tequila|Mexico; port wine|Portugal; whisky|Scotland and Ireland;
tofu|China; tea|China; coffee|Ethiopia; chocolate|Mexico and Central America; potatoes|the Andes;
tomatoes|the Americas; pavlova|New Zealand and Australia; Sachertorte|Austria
""")

MADE_OF = pairs("""
bread|flour, water, salt and yeast; butter|cream; cheese|milk; wine|grapes; beer|barley, hops, yeast and water;
chocolate|cocoa beans; paper|wood; glass|sand; wool|the hair of sheep; silk|the threads of silkworms;
leather|animal skins; cotton cloth|the fibres of the cotton plant; honey|the nectar of flowers; olive oil|olives;
tofu|soybeans; raisins|dried grapes; prunes|dried plums; bricks|clay; steel|iron and a little carbon;
bronze|copper and tin; brass|copper and zinc; concrete|cement, sand, stones and water; an omelette|eggs;
hummus|chickpeas; guacamole|avocados; ketchup|tomatoes; mayonnaise|eggs and oil; jam|fruit and sugar; yoghurt|milk;
plastic|oil; candles|wax; ice|water; pasta|flour and eggs or water; sushi|rice, fish and seaweed; chips|potatoes;
cider|apples; popcorn|maize; marzipan|almonds and sugar; rubber|the sap of rubber trees; flour|ground grain;
cider vinegar|apples; pesto|basil, nuts, cheese and oil; tea|leaves of the tea plant; a snowman|snow;
sauerkraut|cabbage; porridge|oats; molasses|sugar cane; porcelain|fine white clay; gin|grain flavoured with juniper;
rum|sugar cane; paper money|cotton or plastic; dew|water
""")

KINDS = pairs("""
a carrot|vegetable; an apple|fruit; a rose|flower; an oak|tree; a banana|fruit; a potato|vegetable; a tulip|flower;
a pine|tree; a strawberry|fruit; spinach|vegetable; a daisy|flower; a birch|tree; a pear|fruit; an onion|vegetable;
a lily|flower; a willow|tree; a mango|fruit; broccoli|vegetable; a cherry|fruit; a maple|tree; a sunflower|flower;
a chair|piece of furniture; a table|piece of furniture; a sofa|piece of furniture; a car|vehicle; a bus|vehicle;
a bicycle|vehicle; a lorry|vehicle; a hammer|tool; a saw|tool; a shirt|piece of clothing; a coat|piece of clothing;
a hat|piece of clothing; gold|metal; iron|metal; copper|metal; a diamond|gemstone; a ruby|gemstone; basil|herb;
mint|herb; parsley|herb; pepper|spice; cinnamon|spice; cumin|spice; tea|drink; coffee|drink; milk|drink;
a triangle|shape; a circle|shape; a square|shape; red|colour; blue|colour; green|colour; football|sport;
tennis|sport; a violin|musical instrument; a drum|musical instrument; French|language; Greek|language;
Python|programming language; summer|season; winter|season; January|month; July|month; Monday|day of the week;
Friday|day of the week; rice|grain; wheat|grain; granite|rock; marble|rock; cheddar|cheese; brie|cheese;
a waltz|dance; tango|dance; chess|game; seven|number; a poodle|dog; a beagle|dog; oxygen|gas; helium|gas
""")

JOBS = pairs("""
a doctor|treats sick people; a teacher|teaches pupils; a baker|bakes bread; a farmer|grows food and keeps animals;
a pilot|flies aeroplanes; a firefighter|puts out fires; a carpenter|makes things of wood; a tailor|makes clothes;
a butcher|sells meat; a dentist|looks after teeth; a nurse|cares for patients; a lawyer|gives advice about the law;
a judge|decides in court; a plumber|repairs water pipes; an electrician|works on electrical wiring;
a mechanic|repairs engines and cars; a gardener|looks after gardens; a chef|cooks in a restaurant;
a waiter|serves food; a librarian|looks after books; a journalist|writes the news; an author|writes books;
a painter|paints pictures or walls; a sculptor|makes statues; a musician|plays music;
a conductor|leads an orchestra; an actor|plays roles; a photographer|takes pictures; an architect|designs buildings;
an engineer|designs machines and structures; a programmer|writes software; a scientist|does research;
an astronomer|studies the stars; a biologist|studies living things; a chemist|studies substances;
a geologist|studies rocks; a historian|studies the past; a vet|treats animals;
a pharmacist|prepares and sells medicines; a cashier|takes payments in a shop; a barber|cuts hair;
a cobbler|repairs shoes; a blacksmith|works with iron; a potter|makes pots; a miner|digs for coal or ore;
a sailor|works on a ship; a fisherman|catches fish; a soldier|serves in an army; a detective|solves crimes;
a postman|delivers letters; a translator|turns texts into another language; an accountant|keeps track of money;
a banker|works with money; an optician|makes and sells glasses; a florist|sells flowers;
a jeweller|makes and sells jewels; a locksmith|opens and repairs locks; a beekeeper|keeps bees;
a shepherd|looks after sheep; an astronaut|travels into space; a surgeon|operates on patients;
a mathematician|studies numbers and shapes; a meteorologist|studies the weather;
a referee|watches over the rules of a game; a mayor|leads a town
""")

WORKPLACES = pairs("""
a doctor|hospital; a teacher|school; a baker|bakery; a farmer|farm; a chef|kitchen; a librarian|library;
a scientist|laboratory; a judge|court; an actor|theatre; a waiter|restaurant; a nurse|hospital; a mechanic|garage;
a pilot|cockpit; a miner|mine; a priest|church; a cashier|shop; a banker|bank; a professor|university;
a gardener|garden; a potter|pottery; a blacksmith|forge; a pharmacist|pharmacy; a sailor|ship; a programmer|office;
a beekeeper|apiary; a florist|flower shop
""")

UNITS = pairs("""
minutes in an hour|60; seconds in a minute|60; hours in a day|24; days in a week|7; months in a year|12;
days in a year|365; days in a leap year|366; weeks in a year|52; years in a century|100; years in a decade|10;
years in a millennium|1,000; centimetres in a metre|100; millimetres in a centimetre|10;
metres in a kilometre|1,000; grams in a kilogram|1,000; kilograms in a tonne|1,000; millilitres in a litre|1,000;
inches in a foot|12; feet in a yard|3; ounces in a pound|16; feet in a mile|5,280; bits in a byte|8;
bytes in a kilobyte|1,000; bytes in a kibibyte|1,024; cents in a dollar|100; cents in a euro|100;
pence in a pound|100; seconds in an hour|3,600; minutes in a day|1,440; seconds in a day|86,400;
degrees in a circle|360; degrees in a right angle|90; degrees in a triangle|180; sides in a triangle|3;
sides in a square|4; sides in a pentagon|5; sides in a hexagon|6; sides in an octagon|8; faces on a cube|6;
letters in the English alphabet|26; vowels in the English alphabet|5; items in a dozen|12; continents on Earth|7;
oceans on Earth|5; colours in a rainbow|7; players in a string quartet|4; strings on a violin|4;
strings on a guitar|6; keys on a piano|88; squares on a chessboard|64; pieces of each side in chess|16;
cards in a deck without jokers|52; bones in an adult human body|206; teeth in an adult human mouth|32;
chambers in the human heart|4; fingers on a hand|5; states in the USA|50; stars on the flag of the USA|50;
stripes on the flag of the USA|13; countries in the European Union|27; wheels on a bicycle|2;
wheels on a tricycle|3; days in January|31; days in April|30; days in June|30; days in July|31; days in August|31;
days in September|30; days in October|31; days in November|30; days in December|31; days in March|31;
days in May|31; seasons in a year|4; quarters in a year|4; dwarfs with Snow White|7; little pigs in the tale|3;
musketeers in the title of Dumas's book|3; rings on the Olympic flag|5; planets in the solar system|8;
sides in a cube|6; legs on a spider|8; zeros in a million|6; zeros in a billion|9; eyes on a human face|2;
senses in the traditional list|5; balls in snooker that are red|15; holes on a full golf course|18;
innings in a normal baseball game|9; pounds in a stone|14; events in a decathlon|10; events in a pentathlon|5;
events in a triathlon|3; kilometres in a marathon, about|42; fluid ounces in a US cup|8; nibbles in a byte|2;
bits in a nibble|4
""")

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
ORDINALS = (
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
)
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ROMAN = pairs("""
1|I; 2|II; 3|III; 4|IV; 5|V; 6|VI; 7|VII; 8|VIII; 9|IX; 10|X; 11|XI; 12|XII; 14|XIV; 15|XV; 19|XIX; 20|XX; 40|XL;
50|L; 90|XC; 100|C; 400|CD; 500|D; 900|CM; 1000|M
""")
SEASONS = pairs("""
January|winter; February|winter; March|spring; April|spring; May|spring; June|summer; July|summer; August|summer;
September|autumn; October|autumn; November|autumn; December|winter
""")
MATHS = pairs("""
the square root of 4|2; the square root of 9|3; the square root of 16|4; the square root of 25|5;
the square root of 36|6; the square root of 49|7; the square root of 64|8; the square root of 81|9;
the square root of 100|10; the square root of 121|11; the square root of 144|12; two to the power of ten|1,024;
pi to two decimals|3.14; ten squared|100; five squared|25; twelve squared|144; three cubed|27; two cubed|8;
half of 100|50; a quarter of 100|25; a dozen times two|24; the first prime number|2;
the smallest odd prime number|3; the next prime after 7|11; the next prime after 13|17; ten per cent of 200|20;
fifty per cent of 80|40; the number of degrees in half a circle|180;
the longest side of a right triangle|the hypotenuse; the distance round a circle|the circumference;
the distance from the centre of a circle to its edge|the radius;
the distance across a circle through its centre|the diameter; a polygon with three sides|a triangle;
a polygon with five sides|a pentagon; a polygon with six sides|a hexagon; a polygon with eight sides|an octagon;
the result of an addition|the sum; the result of a subtraction|the difference;
the result of a multiplication|the product; the result of a division|the quotient;
a number that only 1 and itself divide|a prime number; the top number of a fraction|the numerator;
the bottom number of a fraction|the denominator
""")


def _next(cycle: tuple[str, ...], step: int) -> tuple[tuple[str, str], ...]:
    return tuple((name, cycle[(i + step) % len(cycle)]) for i, name in enumerate(cycle))


RELATIONS = (
    Relation(
        "colour",
        "general knowledge",
        COLOURS,
        "the colour of {s}",
        (
            "What colour is {s}?",
            "What color is {s}?",
            "Which colour is {s}?",
            "Which color has {s}?",
            "{s} is what colour?",
        ),
        kind="gadget",
    ),
    Relation(
        "mix",
        "art",
        MIXES,
        "the colour you get from {s}",
        (
            "What do you get when you mix {s}?",
            "Which colour do {s} make?",
            "What colour do {s} make?",
            "I mix {s}. Which colour is it?",
        ),
        say="{s} make {o}.",
    ),
    Relation(
        "tool",
        "general knowledge",
        TOOLS,
        "the use of {s}",
        (
            "What is {s} for?",
            "What is {s} used for?",
            "What do I use {s} for?",
            "What can I do with {s}?",
            "What does one use {s} for?",
        ),
        say="The use of {s} is {o}.",
        kind="gadget",
    ),
    Relation(
        "team size",
        "sports",
        SPORTS,
        "the number of players of a team in {s}",
        (
            "How many players are in a {s} team?",
            "How many people play on a side in {s}?",
            "How many players has a team in {s}?",
        ),
        say="A team in {s} has {o} players on the field.",
        kind="sport",
    ),
    Relation(
        "sport place",
        "sports",
        SPORT_PLACE,
        "the place for {s}",
        ("Where is {s} played or done?", "Where do people do {s}?", "On what is {s} played?"),
        say="The place for {s} is {o}.",
        kind="sport",
    ),
    Relation(
        "sport gear",
        "sports",
        SPORT_GEAR,
        "the equipment for {s}",
        (
            "What do I need for {s}?",
            "What equipment does {s} need?",
            "What do you need to play {s}?",
            "What does one use in {s}?",
        ),
        say="For {s} you need {o}.",
        kind="sport",
    ),
    Relation(
        "instrument",
        "music",
        tuple((article(s), article(o) + " instrument") for s, o in INSTRUMENTS),
        "the family of instruments of {s}",
        (
            "What kind of instrument is {s}?",
            "Which family of instruments does {s} belong to?",
            "What type of instrument is {s}?",
        ),
        say="{s} is {o}.",
        kind="gadget",
    ),
    Relation(
        "body",
        "biology",
        BODY,
        "the task of {s} in the body",
        (
            "What does the body use {s} for?",
            "What is the job of {s}?",
            "What do we need {s} for?",
            "What is the function of {s}?",
        ),
        say="The task of {s} is {o}.",
    ),
    Relation(
        "origin",
        "food",
        ORIGINS,
        "the origin of {s}",
        (
            "Where does {s} come from?",
            "Which country does {s} come from?",
            "What is the home of {s}?",
            "From where is {s}?",
            "Where do we have {s} from?",
        ),
        kind="dish",
    ),
    Relation(
        "made of",
        "food",
        MADE_OF,
        "the material of {s}",
        (
            "What is {s} made of?",
            "What is {s} made from?",
            "What do you make {s} from?",
            "What is in {s}?",
            "From what is {s} made?",
        ),
        say="One makes {s} from {o}.",
        kind="dish",
    ),
    Relation(
        "kind",
        "general knowledge",
        tuple((s, article(o)) for s, o in KINDS),
        "the kind of thing that {s} is",
        ("What kind of thing is {s}?", "What is {s}?", "What sort of thing is {s}?", "What type of thing is {s}?"),
        say="{s} is {o}.",
        kind="gadget",
    ),
    Relation(
        "job",
        "work",
        JOBS,
        "the work of {s}",
        ("What does {s} do?", "What is the job of {s}?", "What does {s} do for a living?", "What is the task of {s}?"),
        say="{s} {o}.",
    ),
    Relation(
        "workplace",
        "work",
        tuple((s, article(o)) for s, o in WORKPLACES),
        "the workplace of {s}",
        ("Where does {s} work?", "In what place does {s} work?", "Where do I find {s} at work?"),
    ),
    Relation(
        "count",
        "general knowledge",
        UNITS,
        "the number of {s}",
        ("How many {s}?", "How many {s} are there?", "Tell me how many {s} there are.", "How many {s} do we have?"),
        say="The number of {s} is {o}.",
        kind="count",
    ),
    Relation(
        "next day",
        "calendar",
        _next(DAYS, 1),
        "the day after {s}",
        (
            "Which day comes after {s}?",
            "What day is after {s}?",
            "If today is {s}, what is tomorrow?",
            "What day follows {s}?",
            "Today is {s}. What day is it tomorrow?",
        ),
    ),
    Relation(
        "previous day",
        "calendar",
        _next(DAYS, -1),
        "the day before {s}",
        (
            "Which day comes before {s}?",
            "What day is before {s}?",
            "If today is {s}, what was yesterday?",
            "Today is {s}. What day was it yesterday?",
        ),
    ),
    Relation(
        "next month",
        "calendar",
        _next(MONTHS, 1),
        "the month after {s}",
        ("Which month comes after {s}?", "What month is after {s}?", "What month follows {s}?"),
    ),
    Relation(
        "previous month",
        "calendar",
        _next(MONTHS, -1),
        "the month before {s}",
        ("Which month comes before {s}?", "What month is before {s}?"),
    ),
    Relation(
        "month number",
        "calendar",
        tuple(zip(ORDINALS, MONTHS, strict=True)),
        "the {s} month of the year",
        ("Which month is the {s}?", "What is the {s} month?", "Name the {s} month."),
    ),
    Relation(
        "day number",
        "calendar",
        tuple(zip(ORDINALS, DAYS, strict=False)),
        "the {s} day of the week",
        ("Which day is the {s} of the week, from Monday?", "Name the {s} day of the week."),
    ),
    Relation(
        "season",
        "calendar",
        SEASONS,
        "the season of {s} in Europe",
        ("Which season is {s} in?", "In which season is {s}?", "What season is it in {s}?"),
        say="In Europe {s} is in {o}.",
    ),
    Relation(
        "next letter",
        "spelling",
        tuple(pairwise(ALPHABET)),
        "the letter after {s}",
        ("Which letter comes after {s}?", "What letter follows {s}?", "What comes after {s} in the alphabet?"),
    ),
    Relation(
        "previous letter",
        "spelling",
        tuple(zip(ALPHABET[1:], ALPHABET[:-1], strict=True)),
        "the letter before {s}",
        ("Which letter comes before {s}?", "What comes before {s} in the alphabet?"),
    ),
    Relation(
        "roman",
        "mathematics",
        ROMAN,
        "the Roman numeral for {s}",
        ("How do you write {s} in Roman numerals?", "What is {s} in Roman numerals?", "{s} in Roman numerals?"),
    ),
    Relation("maths", "mathematics", MATHS, "{s}"),
)
