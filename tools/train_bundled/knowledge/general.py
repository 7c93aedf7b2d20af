"""Questions of fact as people ask them first: measures, dates, records, who and how many. Knows nothing but the texts."""

from __future__ import annotations

from .relation import Relation, lines, pairs

POPULATIONS = pairs("""
India|about 1.4 billion; China|about 1.4 billion; the United States|about 340 million; Indonesia|about 280 million;
Pakistan|about 240 million; Nigeria|about 230 million; Brazil|about 210 million; Bangladesh|about 170 million;
Russia|about 144 million; Mexico|about 130 million; Japan|about 124 million; Ethiopia|about 130 million;
Egypt|about 115 million; the Philippines|about 115 million; Vietnam|about 100 million; Germany|about 84 million;
Turkey|about 86 million; Iran|about 90 million; France|about 68 million; the United Kingdom|about 68 million;
Italy|about 59 million; South Africa|about 63 million; South Korea|about 52 million; Spain|about 48 million;
Argentina|about 46 million; Canada|about 40 million; Poland|about 37 million; Australia|about 27 million;
the Netherlands|about 18 million; Belgium|about 12 million; Greece|about 10 million; Portugal|about 10 million;
Sweden|about 10 million; Austria|about 9 million; Switzerland|about 9 million; Denmark|about 6 million;
Finland|about 6 million; Norway|about 5.5 million; Ireland|about 5 million; New Zealand|about 5 million;
Iceland|about 400,000; Luxembourg|about 670,000; Malta|about 540,000; Vatican City|less than 1,000;
Monaco|about 39,000; Kenya|about 55 million; Thailand|about 70 million; Ukraine|about 38 million;
Cuba|about 11 million; Israel|about 10 million
""")

CUPS = pairs("""
1930|Uruguay; 1934|Italy; 1938|Italy; 1950|Uruguay; 1954|West Germany; 1958|Brazil; 1962|Brazil; 1966|England;
1970|Brazil; 1974|West Germany; 1978|Argentina; 1982|Italy; 1986|Argentina; 1990|West Germany; 1994|Brazil;
1998|France; 2002|Brazil; 2006|Italy; 2010|Spain; 2014|Germany; 2018|France; 2022|Argentina
""")
OLYMPICS = pairs("""
1896|Athens; 1900|Paris; 1904|St. Louis; 1908|London; 1912|Stockholm; 1920|Antwerp; 1924|Paris; 1928|Amsterdam;
1932|Los Angeles; 1936|Berlin; 1948|London; 1952|Helsinki; 1956|Melbourne; 1960|Rome; 1964|Tokyo; 1968|Mexico City;
1972|Munich; 1976|Montreal; 1980|Moscow; 1984|Los Angeles; 1988|Seoul; 1992|Barcelona; 1996|Atlanta; 2000|Sydney;
2004|Athens; 2008|Beijing; 2012|London; 2016|Rio de Janeiro; 2020|Tokyo, held in 2021; 2024|Paris
""")
PRESIDENTS = pairs("""
George Washington|1789 to 1797; John Adams|1797 to 1801; Thomas Jefferson|1801 to 1809; James Madison|1809 to 1817;
Andrew Jackson|1829 to 1837; Abraham Lincoln|1861 to 1865; Ulysses S. Grant|1869 to 1877;
Theodore Roosevelt|1901 to 1909; Woodrow Wilson|1913 to 1921; Herbert Hoover|1929 to 1933;
Franklin D. Roosevelt|1933 to 1945; Harry S. Truman|1945 to 1953; Dwight D. Eisenhower|1953 to 1961;
John F. Kennedy|1961 to 1963; Lyndon B. Johnson|1963 to 1969; Richard Nixon|1969 to 1974; Gerald Ford|1974 to 1977;
Jimmy Carter|1977 to 1981; Ronald Reagan|1981 to 1989; George H. W. Bush|1989 to 1993; Bill Clinton|1993 to 2001;
George W. Bush|2001 to 2009; Barack Obama|2009 to 2017
""")
HEIGHTS = pairs("""
the Eiffel Tower|about 330 metres; the Burj Khalifa|828 metres; Mount Everest|about 8,849 metres;
K2|about 8,611 metres; Mont Blanc|about 4,806 metres; Kilimanjaro|about 5,895 metres; Mount Fuji|about 3,776 metres;
the Matterhorn|about 4,478 metres; the Statue of Liberty|about 93 metres with its base;
Big Ben's tower|about 96 metres; the Empire State Building|about 443 metres with its antenna;
the Great Pyramid|about 139 metres today; Angel Falls|about 979 metres; Niagara Falls|about 51 metres;
the Leaning Tower of Pisa|about 56 metres; Cologne Cathedral|about 157 metres; Denali|about 6,190 metres;
Aconcagua|about 6,961 metres; the Zugspitze|about 2,962 metres; a giraffe|about 5 metres;
Ben Nevis|about 1,345 metres; the Golden Gate Bridge|about 227 metres
""")
LENGTHS = pairs("""
the Nile|about 6,650 kilometres; the Amazon|about 6,400 kilometres; the Yangtze|about 6,300 kilometres;
the Danube|about 2,850 kilometres; the Rhine|about 1,230 kilometres; the Volga|about 3,530 kilometres;
the Great Wall of China|about 21,000 kilometres with all its parts; a marathon|42.195 kilometres;
the equator|about 40,000 kilometres; the Thames|about 346 kilometres; the Seine|about 777 kilometres;
the Elbe|about 1,094 kilometres; a blue whale|up to 30 metres; the Suez Canal|about 193 kilometres;
the Panama Canal|about 82 kilometres
""")
SPEEDS = pairs("""
light|about 300,000 kilometres per second; sound in air|about 340 metres per second;
a cheetah|up to 110 kilometres per hour; a peregrine falcon|more than 300 kilometres per hour in a dive;
a snail|about one millimetre per second; a walking person|about 5 kilometres per hour;
a horse|up to 70 kilometres per hour; an ostrich|about 70 kilometres per hour;
a passenger jet|about 900 kilometres per hour; Usain Bolt|up to 44 kilometres per hour
""")
LIFE = pairs("""
a dog|10 to 13 years; a cat|12 to 18 years; a horse|25 to 30 years; an elephant|60 to 70 years;
a mouse|1 to 3 years; a hamster|2 to 3 years; a rabbit|8 to 12 years; a giant tortoise|more than 100 years;
a blue whale|80 to 90 years; a butterfly|a few weeks, mostly; a goldfish|10 years or more;
a worker bee|about six weeks in summer; a parrot|up to 60 years; a lion|10 to 14 years in the wild;
a mayfly|about a day as an adult; a human|about 73 years on average
""")

ASKED = lines("""
When did WW2 end?|The Second World War ended in 1945.
When did WW2 start?|The Second World War began in 1939.
When did WW1 start?|The First World War began in 1914.
When did WW1 end?|The First World War ended in 1918.
When did World War II end?|The Second World War ended in 1945.
When did World War 2 start?|The Second World War began in 1939.
When did World War I start?|The First World War began in 1914.
When did World War 1 end?|The First World War ended in 1918.
When did the Titanic sink?|The Titanic sank in April 1912.
When did the Berlin Wall fall?|The Berlin Wall fell on 9 November 1989.
When did humans first land on the Moon?|People first landed on the Moon in July 1969, with Apollo 11.
When did Columbus reach America?|Columbus reached America in 1492.
When was the French Revolution?|The French Revolution began in 1789.
When was the United States founded?|The United States declared its independence in 1776.
When did dinosaurs live?|Dinosaurs lived from about 230 to 66 million years ago.
When is Christmas?|Christmas is on 25 December.
When is New Year?|New Year's Day is on 1 January.
When is Halloween?|Halloween is on 31 October.
When is Valentine's Day?|Valentine's Day is on 14 February.
When is Independence Day in the USA?|Independence Day in the USA is on 4 July.
When does winter begin?|In the north winter begins around 21 December.
When does summer begin?|In the north summer begins around 21 June.
When does spring begin?|In the north spring begins around 20 March.
Who was the first man on the moon?|Neil Armstrong was the first person on the Moon, in 1969.
Who discovered America?|Columbus reached America in 1492. Others had been there long before him.
Who discovered gravity?|Isaac Newton described gravity in 1687.
Who invented the light bulb?|Thomas Edison made the first light bulb that was used widely. Others had worked on it before.
Who invented the computer?|Many people did: Babbage planned one, Zuse built one in 1941, and ENIAC followed in 1945.
Who invented the internet?|The internet grew from ARPANET. Vint Cerf and Bob Kahn designed its basic protocol.
Who invented the airplane?|The Wright brothers made the first powered flight, in 1903.
Who invented the car?|Karl Benz built the first modern car, in 1885.
Who is the president of the United States?|I don't know who it is today: offices change, and what I learnt does not.
Who is the prime minister?|I don't know who it is today: offices change, and what I learnt does not.
Who is the president of France?|I don't know who it is today: offices change, and what I learnt does not.
Who is the chancellor of Germany?|I don't know who it is today: offices change, and what I learnt does not.
Who is the king of England?|Charles III became king in 2022, after Elizabeth II.
Who is the pope?|I don't know who it is today: offices change, and what I learnt does not.
Who is the richest person in the world?|I don't know: that changes often.
Who is the CEO of Google?|I don't know who it is today: such posts change.
Who is the queen of England?|Elizabeth II was queen until 2022. Charles III followed her.
Who is Santa Claus?|Santa Claus is a friendly old man in stories who brings presents to children at Christmas.
Who is Batman?|Batman is a comic hero, the masked guardian of Gotham City.
Who is Superman?|Superman is a comic hero from the planet Krypton who can fly.
Who is Mickey Mouse?|Mickey Mouse is a cartoon mouse made by Walt Disney.
Who is Harry Potter?|Harry Potter is the young wizard in the books of J. K. Rowling.
Who is Sherlock Holmes?|Sherlock Holmes is the detective in the stories of Arthur Conan Doyle.
Who is Romeo?|Romeo is the young man who loves Juliet in Shakespeare's play.
Who wrote SGLang?|SGLang was presented by Lianmin Zheng and colleagues, from Stanford, Berkeley and other places.
Who wrote the SGLang paper?|The SGLang paper is by Lianmin Zheng and colleagues, from Stanford, Berkeley and other places.
How many planets are there?|There are eight planets in the solar system.
How many continents are there?|There are seven continents.
How many oceans are there?|There are five oceans.
How many countries are there?|There are about 195 countries.
How many days are in a year?|A year has 365 days, a leap year 366.
How many days are in February?|February has 28 days, and 29 in a leap year.
How many hours are in a day?|A day has 24 hours.
How many minutes are in a day?|A day has 1,440 minutes.
How many people are in the world?|More than eight billion people live on Earth.
How many bones do humans have?|An adult has 206 bones.
How many teeth do humans have?|An adult has 32 teeth.
How many letters are in the alphabet?|The English alphabet has 26 letters.
How many sides does a triangle have?|A triangle has three sides.
How many sides does a square have?|A square has four sides.
How many legs does a table have?|Most tables have four legs.
How many eyes does a spider have?|Most spiders have eight eyes.
How many hearts does an octopus have?|An octopus has three hearts.
How many stars are there?|Nobody can count them: our galaxy alone has more than 100 billion stars.
How many languages are there?|About 7,000 languages are spoken in the world.
How many strings does a violin have?|A violin has four strings.
How many states does the US have?|The United States has 50 states.
How big is the Sun?|The Sun is about 1.4 million kilometres across, more than 100 times as wide as the Earth.
How hot is the Sun?|The surface of the Sun is about 5,500 degrees Celsius hot.
How cold is space?|Far from all stars, space is about 270 degrees Celsius below zero.
How deep is the ocean?|The ocean is about 3.7 kilometres deep on average, and almost 11 kilometres at its deepest place.
How heavy is an elephant?|An African elephant weighs up to six tonnes.
How heavy is a blue whale?|A blue whale can weigh more than 150 tonnes.
How long does it take to boil an egg?|About four to five minutes for a soft egg and ten for a hard one.
How long does light take from the Sun?|Sunlight takes about eight minutes to reach us.
How long is a football match?|A football match lasts 90 minutes, in two halves of 45.
How do airplanes fly?|The wings push air downwards as the plane moves fast, and the air lifts the plane.
How do magnets work?|In a magnet tiny magnetic fields of atoms point the same way, and together they attract iron.
How do vaccines work?|A vaccine shows the immune system a harmless part of a germ, so that it is ready for the real one.
How do plants grow?|Plants grow from water, carbon dioxide, minerals and the energy of light.
How do volcanoes erupt?|Hot molten rock and gas rise through the crust until the pressure breaks the way open.
How do I learn programming?|Build something small that you need, read other people's code, and practise a little every day.
How do I get rich?|I don't know a sure way. Spend less than you earn, save early and learn something that others need.
How do I lose weight?|Eat slowly, choose vegetables, drink water and move every day.
How do I fall asleep?|Keep the room dark and cool, put the phone away and go to bed at the same time each day.
How do language models work?|A language model turns text into tokens, passes them through layers of attention, and predicts the next token, again and again.
How does SGLang work?|SGLang runs programs that call a model. Its runtime keeps the cache of past prompts in a radix tree and reuses it.
How does RadixAttention work?|It keeps the keys and values of past prompts in a radix tree, matches each new prompt against it and computes only the rest.
How does attention work?|Each token asks with its query, all earlier tokens answer with their keys, and the best fits give most of their values.
How does a language model generate text?|It predicts the next token, adds it to the text, and repeats.
How do I start sgbench?|In a notebook run %load_ext sgbench, then write a program in a cell that begins with %%sgl.
How do I use sgbench?|In a notebook run %load_ext sgbench, then write a program in a cell that begins with %%sgl.
How do I install sgbench?|Install it with pip install sgbench, then run %load_ext sgbench in a notebook.
Why is SGLang fast?|Because it reuses the cache of shared beginnings, batches requests and decodes constrained text in jumps.
Why use a radix tree?|Because prompts share beginnings. The tree stores each beginning once and finds the longest match quickly.
Why is the cache useful?|Because tokens that are already computed need not be computed again.
Why is decoding slow?|Because each new token needs all weights once, and tokens come one after the other.
Why does a batch help?|Because the weights are read once for all requests of the batch.
Why are you so small?|I ship inside a Python package, so I must be small: about 14 megabytes.
Why is the ocean blue?|Water takes in red light more than blue light, so deep water looks blue.
Why are clouds white?|The drops in a cloud scatter all colours of light alike, and together they look white.
Why is blood red?|Blood is red because of haemoglobin, which contains iron and carries oxygen.
Why is the Earth round?|Gravity pulls everything towards the centre, and that makes a ball.
Why is snow white?|Snow crystals scatter all colours of light alike, so snow looks white.
Why do stars twinkle?|Moving air bends their light this way and that.
Why do cats like boxes?|A box is warm and safe, and a good place to hide.
Why do dogs bark?|Dogs bark to warn, to greet or to get attention.
Why do we laugh?|Laughing shows joy and binds people together.
Why do people lie?|Often because they are afraid, want an advantage, or do not want to hurt somebody.
Why do we go to school?|At school we learn to read, write, count and understand the world, and we meet friends.
Why do we need trees?|Trees give oxygen, shade, wood and fruit, and they store carbon.
Why is honesty important?|Without honesty there is no trust, and without trust people cannot live together well.
Why should I learn math?|Mathematics trains clear thinking, and you need it for money, science and computers.
Are tomatoes vegetables?|To a botanist a tomato is a fruit. In the kitchen it is treated as a vegetable.
Are dolphins fish?|No, dolphins are mammals. They breathe air.
Are bats birds?|No, bats are mammals that can fly.
Are penguins birds?|Yes, penguins are birds that cannot fly.
Are spiders insects?|No, spiders are arachnids. They have eight legs.
Are viruses alive?|That is disputed: viruses cannot multiply without living cells.
Are there aliens?|Nobody knows. So far nobody has found any.
Are ghosts real?|There is no good evidence for ghosts, but they make good stories.
Are dragons real?|No, dragons live only in stories.
Are unicorns real?|No, unicorns live only in stories.
Is the moon made of cheese?|No, the Moon is made of rock.
Is fire hot?|Yes, fire is hot.
Is ice cold?|Yes, ice is cold: it melts at 0 degrees Celsius.
Is Python a snake?|Both: a python is a snake, and Python is a programming language.
Is the sky blue?|Yes, on a clear day the sky is blue.
Is coffee healthy?|In small amounts coffee does most people no harm. Too much makes nervous and sleepless.
Is chocolate healthy?|A little chocolate does no harm, but it has much sugar and fat.
Is Santa Claus real?|Santa Claus lives in stories and in the joy of giving.
Is AI dangerous?|AI can do good and harm. It depends on how people build and use it.
Is time travel possible?|Nobody knows a way to travel back in time.
Is Pluto still a planet?|Since 2006 Pluto counts as a dwarf planet.
Is glass a liquid?|No, glass is a solid, though its atoms are not ordered.
Is zero even?|Yes, zero is an even number.
Is one a prime number?|No, one is not a prime number. The first prime is 2.
Is English hard to learn?|Its grammar is quite simple, its spelling is hard.
Can pigs fly?|No, pigs cannot fly.
Can fish drown?|Fish can suffocate when the water holds too little oxygen.
Can dogs see colours?|Yes, dogs see blue and yellow, but they cannot tell red from green.
Can cats swim?|Yes, most cats can swim, but few like it.
Can we live on Mars?|Not yet: Mars is cold and dry, and its air cannot be breathed.
Can machines think?|Alan Turing asked this in 1950. People still argue about what thinking means.
Can money buy happiness?|Money helps when it takes away worries. Friends, health and purpose help more.
Do fish sleep?|Yes, fish rest, though they cannot close their eyes.
Do plants feel pain?|Plants have no nerves or brain, so probably not.
Do aliens exist?|Nobody knows. So far nobody has found any.
Do ghosts exist?|There is no good evidence for ghosts.
Does God exist?|People answer this in different ways, and I cannot decide it.
What is the largest number?|There is no largest number: you can always add one.
What is the smallest number?|There is no smallest number. The smallest positive whole number is one.
What is 1 divided by 0?|Dividing by zero is not defined.
What is the fastest animal?|The peregrine falcon in a dive. On land it is the cheetah.
What is the biggest animal?|The blue whale is the largest animal that has ever lived.
What is the most dangerous animal?|For people it is the mosquito, because it carries diseases.
What is the largest country?|Russia is the largest country.
What is the smallest country?|Vatican City is the smallest country.
What is the highest mountain?|Mount Everest is the highest mountain, about 8,849 metres.
What is the longest river?|The Nile, about 6,650 kilometres, just before the Amazon.
What is the deepest ocean?|The Pacific Ocean, with the Mariana Trench, almost 11 kilometres deep.
What is the biggest planet?|Jupiter is the largest planet of the solar system.
What is the nearest star?|The Sun. After it comes Proxima Centauri, about 4.2 light years away.
What is the tallest building?|The Burj Khalifa in Dubai, with 828 metres.
What is the speed of light?|Light travels at about 300,000 kilometres per second.
What is the most spoken language?|By native speakers it is Mandarin Chinese; with learners counted it is English.
What is the oldest tree?|Some bristlecone pines in California are more than 4,800 years old.
What are the three primary colours?|In paint the primary colours are red, yellow and blue.
What are the four seasons?|Spring, summer, autumn and winter.
What are the five senses?|Sight, hearing, smell, taste and touch.
What are the colours of the rainbow?|Red, orange, yellow, green, blue, indigo and violet.
What are the seven continents?|Africa, Antarctica, Asia, Europe, North America, Oceania and South America.
What are the days of the week?|Monday, Tuesday, Wednesday, Thursday, Friday, Saturday and Sunday.
What are the months of the year?|January, February, March, April, May, June, July, August, September, October, November and December.
What are the planets?|Mercury, Venus, Earth, Mars, Jupiter, Saturn, Uranus and Neptune.
What are the states of matter?|Solid, liquid and gas, and plasma as a fourth.
What are clouds made of?|Clouds are made of tiny drops of water or crystals of ice.
What are stars made of?|Stars are made mostly of hydrogen and helium.
What is the Sun made of?|The Sun is made mostly of hydrogen and helium.
What is the Moon made of?|The Moon is made of rock.
What is air made of?|Air is about 78 per cent nitrogen and 21 per cent oxygen.
What do plants need?|Plants need light, water, air and minerals.
What do you need to bake bread?|Flour, water, salt and yeast.
What is a good name for a cat?|How about Mimi, Tiger or Pixel?
What is a good name for a dog?|How about Bello, Luna or Byte?
What is the answer to everything?|Forty-two, says a well-known joke.
What is the best way to learn?|Test yourself often, repeat after a few days and explain things to others.
What is your purpose?|I show how a language model is served: I answer, and you watch the cache at work.
What is new in the SGLang paper?|RadixAttention for reusing the cache, the compressed finite state machine for constrained decoding, and speculative execution for API models.
What does RadixAttention do?|It keeps the cache of past prompts in a radix tree and reuses the longest beginning that a new prompt shares.
What is the difference between prefill and decode?|Prefill computes the whole prompt at once, decoding adds one token per step.
What is the difference between a CPU and a GPU?|A CPU does different things quickly one after the other, a GPU does the same thing many times in parallel.
What is the difference between latency and throughput?|Latency is how long one request takes, throughput is how many are done per second.
What is the difference between a frog and a toad?|Frogs mostly have smooth skin and jump, toads have dry, bumpy skin and crawl.
What is the difference between weather and climate?|Weather is what happens today, climate is the weather over many years.
What is the difference between a list and a tuple?|In Python a list can be changed, a tuple cannot.
What is the difference between a cat and a dog?|Cats mostly go their own way and meow, dogs live in packs and bark. Both are mammals.
What is the difference between a crocodile and an alligator?|A crocodile has a narrow snout and shows its lower teeth, an alligator has a broad one.
What is the difference between speed and velocity?|Speed says how fast, velocity also says in which direction.
What is the difference between AI and machine learning?|Machine learning is the part of AI in which machines learn from examples.
How do I boil an egg?|Put the egg into boiling water: five minutes for a soft egg, ten for a hard one.
How do I make pancakes?|Mix flour, milk, eggs and a little salt, and fry the batter in butter on both sides.
How do I cook rice?|Take two cups of water for one cup of rice, bring it to the boil and let it stand on low heat for fifteen minutes.
How do I cook pasta?|Boil it in plenty of salted water for eight to ten minutes, then drain it.
How do I print in Python?|With print, for example: print('Hello').
How do I sort a list in Python?|With sorted(items), or in place with items.sort().
How do I reverse a string in Python?|With a slice: text[::-1].
How do I read a file in Python?|With open('file.txt') as f: text = f.read()
How do I write a loop in Python?|For example: for i in range(10): print(i)
How do I write a function in Python?|With def, for example: def add(a, b): return a + b
How do I get the length of a list in Python?|With len, for example: len(items).
How do I add an item to a list in Python?|With append, for example: items.append(3).
How do I tie a tie?|I cannot show it in words only. A short video helps most.
How do I know if I am in love?|If you often think of somebody and wish them well, it may be love.
How can I be happy?|Spend time with people you like, move, sleep well, and do something that matters to you.
How can I make friends?|Join a club, say hello first, and listen more than you talk.
""")

RELATIONS = (
    Relation(
        "population",
        "geography",
        POPULATIONS,
        "the population of {s}",
        (
            "How many people live in {s}?",
            "What is the population of {s}?",
            "How many inhabitants does {s} have?",
            "How big is the population of {s}?",
        ),
        say="The population of {s} is {o}.",
        kind="place",
    ),
    Relation(
        "world cup",
        "sports",
        CUPS,
        "the winner of the football World Cup of {s}",
        (
            "Who won the World Cup in {s}?",
            "Who won the {s} World Cup?",
            "Which country won the football World Cup in {s}?",
            "Who was world champion in football in {s}?",
        ),
        say="The football World Cup of {s} was won by {o}.",
        kind="year",
        ask="Who",
    ),
    Relation(
        "olympics",
        "sports",
        OLYMPICS,
        "the host city of the Summer Olympics of {s}",
        (
            "Where were the Olympics in {s}?",
            "Where were the {s} Summer Olympics?",
            "Which city hosted the Summer Olympics in {s}?",
        ),
        say="The Summer Olympics of {s} were in {o}.",
        kind="year",
    ),
    Relation(
        "presidency",
        "history",
        PRESIDENTS,
        "the time of {s} as president of the United States",
        (
            "When was {s} president?",
            "From when to when was {s} president of the United States?",
            "When was {s} in office?",
        ),
        say="{s} was president of the United States from {o}.",
        kind="person",
    ),
    Relation(
        "height",
        "general knowledge",
        HEIGHTS,
        "the height of {s}",
        ("How high is {s}?", "How tall is {s}?", "What is the height of {s}?"),
        say="The height of {s} is {o}.",
        kind="sight",
    ),
    Relation(
        "length",
        "general knowledge",
        LENGTHS,
        "the length of {s}",
        ("How long is {s}?", "What is the length of {s}?", "How many kilometres is {s} long?"),
        say="The length of {s} is {o}.",
        kind="sight",
    ),
    Relation(
        "speed",
        "physics",
        SPEEDS,
        "the speed of {s}",
        ("How fast is {s}?", "What is the speed of {s}?", "How quick is {s}?"),
        say="The speed of {s} is {o}.",
        kind="animal",
    ),
    Relation(
        "life span",
        "biology",
        LIFE,
        "the life span of {s}",
        ("How long does {s} live?", "How old does {s} get?", "What is the life span of {s}?"),
        say="The life span of {s} is {o}.",
        kind="animal",
    ),
)
