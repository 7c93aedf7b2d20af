"""Why and how: answers of one or two sentences. Knows nothing but the texts."""

from __future__ import annotations

from .relation import lines

EXPLAIN = lines("""
Why is the sky blue?|Air scatters blue light more than red light, so blue light reaches our eyes from all over the sky.
Why is the sunset red?|At sunset the light comes a long way through the air. The blue is scattered away, and red and orange are left.
Why is grass green?|Grass is green because of chlorophyll. It takes in red and blue light and sends green light back.
Why is the sea salty?|Rain washes salts out of rocks, and rivers carry them into the sea. The water evaporates, the salt stays.
Why do we have seasons?|The Earth's axis is tilted. For half of the year the north leans towards the Sun, for the other half the south.
Why is there day and night?|The Earth turns round itself once in 24 hours. The side that faces the Sun has day, the other side has night.
Why does the Moon change its shape?|The Sun always lights half of the Moon. As the Moon goes round us, we see more or less of the lit half.
Why do we have tides?|The gravity of the Moon, and a little of the Sun, pulls the water of the oceans. So the sea rises and falls about twice a day.
How does a rainbow form?|Sunlight enters raindrops, is bent and reflected inside and splits into its colours. We see it with the Sun behind us.
How does rain form?|Water evaporates, rises, cools and turns into tiny drops in clouds. When the drops grow heavy, they fall as rain.
How does snow form?|In very cold clouds water vapour freezes into ice crystals. They stick together and fall as snow.
What causes thunder?|Lightning heats the air so fast that it expands with a bang. That bang is thunder.
What is lightning?|Lightning is a giant electric spark in a cloud, or between a cloud and the ground.
Why do we see lightning before we hear thunder?|Light travels far faster than sound. So the flash reaches us first.
What is wind?|Wind is moving air. It flows from places of high pressure to places of low pressure.
Why does ice float?|Water expands when it freezes. Ice is less dense than water, so it floats.
Why does water boil?|At 100 degrees Celsius, at sea level, water turns to steam everywhere inside. The bubbles are steam.
At what temperature does water boil?|At sea level water boils at 100 degrees Celsius, which is 212 degrees Fahrenheit.
At what temperature does water freeze?|Water freezes at 0 degrees Celsius, which is 32 degrees Fahrenheit.
Is water wet?|Yes, in everyday speech: water makes things wet. Whether water itself is wet is a playful question of words.
What is photosynthesis?|Photosynthesis is how plants make sugar from light, water and carbon dioxide. They give off oxygen.
How do plants eat?|Plants make their own food from light, water and carbon dioxide. Their roots take up minerals from the soil.
Why do leaves change colour in autumn?|In autumn trees break down the green chlorophyll. Then the yellow and red colours can be seen.
Why do leaves fall in autumn?|Trees drop their leaves to save water and energy in winter.
How do bees make honey?|Bees collect nectar, mix it with enzymes and let water evaporate from it in the comb, until it is honey.
Why do birds migrate?|Birds fly to warmer places in winter, because they find more food there.
How do birds fly?|Birds have light bones and strong wings. The wings push air down and the air lifts the bird.
How do fish breathe?|Fish breathe with gills, which take oxygen out of the water.
Why do cats purr?|Cats mostly purr when they feel content, and sometimes to calm themselves.
Why do dogs wag their tails?|Dogs wag their tails to show what they feel, often joy or excitement.
Why do zebras have stripes?|Probably the stripes confuse biting flies. They may also help zebras to know each other.
Why do camels have humps?|Camels store fat in their humps. They live on it when there is little food.
Why do giraffes have long necks?|With their long necks giraffes reach leaves high up in the trees.
Why are flamingos pink?|Flamingos are pink because of the food they eat: algae and shrimps with pink pigments.
Why do chameleons change colour?|Chameleons change colour to show their mood, to talk to each other and to control their warmth.
Do bats see?|Yes, bats can see. Many of them also find their way by sound, with echoes.
Can penguins fly?|No, penguins cannot fly, but they swim very well.
Can ostriches fly?|No, ostriches cannot fly, but they run very fast.
Is a whale a fish?|No, a whale is a mammal. It breathes air and feeds its young with milk.
Is a tomato a fruit?|To a botanist a tomato is a fruit. In the kitchen it is treated as a vegetable.
Is a spider an insect?|No, a spider is an arachnid. It has eight legs, an insect has six.
Is the Earth flat?|No, the Earth is round, nearly a sphere.
Is the Sun a star?|Yes, the Sun is a star, the closest one to us.
Is Pluto a planet?|Since 2006 Pluto counts as a dwarf planet.
How old is the Earth?|The Earth is about 4.5 billion years old.
How old is the universe?|The universe is about 13.8 billion years old.
How far is the Moon?|The Moon is about 384,000 kilometres from the Earth.
How far is the Sun?|The Sun is about 150 million kilometres from the Earth.
How big is the Earth?|The Earth is about 12,700 kilometres across.
How many people live on Earth?|More than eight billion people live on Earth.
What is gravity?|Gravity is the force that pulls masses towards each other. It keeps us on the ground and the planets on their paths.
What is energy?|Energy is the ability to do work. It can change its form, but it is never lost.
What is electricity?|Electricity is the flow of charged particles, usually electrons in a wire.
What is light?|Light is an electromagnetic wave that our eyes can see.
What is sound?|Sound is a vibration that travels through air or another material to our ears.
What is heat?|Heat is energy that flows from a warmer thing to a colder one.
What is an atom?|An atom is the smallest piece of an element. It has a nucleus of protons and neutrons, with electrons around it.
What is a molecule?|A molecule is a group of atoms that are bound together, like H2O.
What is a cell?|A cell is the smallest living unit. All living things are made of cells.
What is DNA?|DNA is the molecule that carries the inherited information of living things.
What is evolution?|Evolution is the change of living things over generations. Those that fit their world better have more young.
What is a vitamin?|A vitamin is a substance that the body needs in small amounts and mostly gets from food.
What is a virus?|A virus is a tiny particle that can only multiply inside living cells. Some viruses make us ill.
What are bacteria?|Bacteria are tiny living things of a single cell. Many are useful, some cause illness.
What is a vaccine?|A vaccine trains the immune system, so that it can fight a disease when it really comes.
Why do we sleep?|Sleep lets the body rest and the brain sort what it learnt.
Why do we dream?|Nobody knows for sure. Dreams may help the brain to sort memories and feelings.
Why do we yawn?|Nobody knows for sure. Yawning comes with tiredness and may cool the brain.
Why do we sneeze?|A sneeze blows dust and germs out of the nose.
Why do we sweat?|Sweat cools the body as it evaporates.
Why do we cry?|Tears keep the eyes clean, and crying shows and eases strong feelings.
Why do we have fingerprints?|The ridges give us a fine sense of touch. Every person has different ones.
Why does the heart beat?|The heart beats to pump blood with oxygen and nutrients through the body.
How do we hear?|Sound makes the eardrum tremble. Tiny bones pass it on to the inner ear, which sends signals to the brain.
How do we see?|Light falls through the pupil onto the retina, which sends signals to the brain.
How do muscles work?|Muscles pull by getting shorter. They often work in pairs: one bends, the other stretches.
Why are there leap years?|The Earth needs about 365 and a quarter days to go round the Sun. Every fourth year adds the missing day.
What is a solar eclipse?|In a solar eclipse the Moon stands between Sun and Earth and covers the Sun.
What is a lunar eclipse?|In a lunar eclipse the Earth stands between Sun and Moon, and its shadow falls on the Moon.
What is a black hole?|A black hole is a place where gravity is so strong that not even light can leave.
What is a galaxy?|A galaxy is a huge system of stars, gas and dust, held together by gravity.
What is a comet?|A comet is a ball of ice and dust. Near the Sun it grows a bright tail.
What is a shooting star?|A shooting star is a small piece of rock or dust that burns up in the air.
What is a volcano?|A volcano is an opening in the Earth's crust through which hot molten rock comes out.
What is an earthquake?|An earthquake is a shaking of the ground. It happens when plates of the Earth's crust slip past each other.
What is a tsunami?|A tsunami is a huge wave, mostly caused by an earthquake under the sea.
What is a glacier?|A glacier is a large mass of ice that moves slowly downhill.
What is a desert?|A desert is a very dry place with little rain and few plants.
What is a rainforest?|A rainforest is a warm, wet forest with very many kinds of plants and animals.
What is a fossil?|A fossil is the trace of a living thing from long ago, kept in stone.
What happened to the dinosaurs?|Most dinosaurs died out about 66 million years ago, when a large asteroid hit the Earth. Birds are their descendants.
What is climate change?|Climate change is the long-term change of the weather on Earth. Today people cause it, mostly by burning coal, oil and gas.
What is the greenhouse effect?|Some gases in the air, such as carbon dioxide, let sunlight in but hold heat back. That warms the Earth.
What is recycling?|Recycling turns used things such as paper, glass and metal into new ones.
What is a magnet?|A magnet is a thing that attracts iron. It has a north pole and a south pole.
Why does a compass point north?|The Earth is a large magnet, and the needle of a compass turns along its field.
How does a battery work?|In a battery a chemical reaction pushes electrons from one pole through the circuit to the other.
How does a fridge work?|A fridge lets a fluid evaporate inside, which takes up heat, and lets it give the heat off outside.
How does a plane fly?|The wings push air downwards as the plane moves fast, and the air lifts the plane.
How do ships float?|A ship pushes water away. It floats when the water it pushes away weighs as much as the ship.
How does a microwave oven work?|Microwaves make the water molecules in the food move fast, and that heats the food.
How does soap work?|Soap has one end that likes water and one that likes fat. So it carries dirt and grease away with the water.
How does a computer work?|A computer follows instructions step by step. Its processor works with numbers made of zeros and ones.
How does the internet work?|The internet connects computers all over the world. They send data to each other in small packets.
What is the internet?|The internet is a worldwide network of computers that exchange data.
What is a computer?|A computer is a machine that follows a program to work with data.
What is an algorithm?|An algorithm is a clear list of steps that solves a problem.
What is a programming language?|A programming language is a language in which people write instructions for a computer.
What is a variable?|In a program a variable is a name for a value, which may change.
What is a function in programming?|A function is a named piece of code that takes inputs, does a job and may return a result.
What is a bug in a program?|A bug is a mistake in a program that makes it do the wrong thing.
What is a database?|A database stores data in an ordered way, so that it can be found and changed quickly.
What is artificial intelligence?|Artificial intelligence means machines that do tasks for which people need intelligence, such as understanding language.
What is democracy?|In a democracy the people rule, mostly by electing those who make the laws.
What is a republic?|A republic is a state without a king or queen. Its head is elected.
What is inflation?|Inflation means that prices rise, so that money buys less than before.
What is a tax?|A tax is money that people and companies must pay to the state for common tasks.
What is a noun?|A noun is a word for a person, place, thing or idea, like teacher, city, apple or love.
What is a verb?|A verb is a word for an action or a state, like run, sleep or be.
What is an adjective?|An adjective is a word that describes a thing, like red, small or happy.
What is an adverb?|An adverb tells how, when or where something happens, like slowly, today or here.
What is a metaphor?|A metaphor speaks of one thing as if it were another, as in: time is money.
What is a haiku?|A haiku is a short Japanese poem of three lines with five, seven and five syllables.
What is a novel?|A novel is a long story in prose, mostly invented.
What is philosophy?|Philosophy asks basic questions, for example what is true, what is good and what we can know.
What is love?|Love is a deep feeling of care and closeness for someone. Poets have said much more about it than I can.
What is happiness?|Happiness is a feeling of joy and content. It often comes from friends, good work and small pleasures.
What is the meaning of life?|People answer this in many ways. Some say love, some say learning, and a well-known joke says 42.
What came first, the chicken or the egg?|The egg: other animals laid eggs long before there were chickens.
What is time?|Time is what clocks measure: the order of things that happen one after the other.
What is music?|Music is sound that people order by melody, rhythm and harmony.
What is art?|Art is what people make to express ideas and feelings, for example pictures, music and poems.
What is a leap year?|A leap year has 366 days. The extra day is 29 February.
What is a triangle?|A triangle is a shape with three sides and three corners.
What is a prime number?|A prime number is a whole number above 1 that only 1 and itself divide, like 2, 3, 5 and 7.
What is an even number?|An even number can be divided by two without rest, like 2, 4 and 6.
What is pi?|Pi is the distance round a circle divided by the distance across it: about 3.14159.
What is the Pythagorean theorem?|In a triangle with a right angle, the squares of the two short sides add up to the square of the long side.
What is zero?|Zero is the number of things you have when you have none.
What is infinity?|Infinity means without end. It is not an ordinary number.
What is a fraction?|A fraction is a part of a whole, like one half or three quarters.
What is an average?|The average is the sum of all values divided by how many there are.
What is yeast?|Yeast is a tiny fungus. It makes dough rise by turning sugar into gas.
Why does bread rise?|Yeast eats sugar in the dough and gives off gas. The gas bubbles make the dough rise.
Why do onions make us cry?|Cut onions give off a gas that stings the eyes, and tears wash it away.
Why is chili hot?|Chili contains capsaicin, which excites the nerves that feel heat.
Why do we need oxygen?|Our cells need oxygen to get energy from food.
Why do apples turn brown?|When an apple is cut, oxygen from the air reacts with its flesh and turns it brown.
Why does metal feel cold?|Metal carries heat away from the hand quickly, so it feels cold.
Why do we wear helmets?|A helmet protects the head when we fall or are hit.
Why should we brush our teeth?|Brushing removes plaque and food. That protects teeth and gums.
Why should we wash our hands?|Washing removes germs, so that we get ill less often.
Why is exercise good?|Exercise makes heart and muscles stronger, lifts the mood and helps us to sleep.
Why do we eat?|Food gives the body energy and the substances it is made of.
Why do we drink water?|The body is more than half water and loses some all the time. Drinking replaces it.
What is a mammal?|A mammal is an animal that breathes air, mostly has hair and feeds its young with milk.
What is a reptile?|A reptile is an animal with scales that mostly lays eggs, like a snake, a lizard or a turtle.
What is an amphibian?|An amphibian lives in water when it is young and on land later, like a frog.
What is an insect?|An insect is a small animal with six legs and a body of three parts.
What is a bird?|A bird is an animal with feathers, two wings and a beak. It lays eggs.
What is a vegetarian?|A vegetarian eats no meat. A vegan eats nothing that comes from animals.
What is the capital letter of a sentence?|The first letter of a sentence is a capital letter.
What is a holiday?|A holiday is a day or a time without work or school.
What is Christmas?|Christmas is the Christian feast of the birth of Jesus, on 25 December. Many people give presents.
What is Easter?|Easter is the Christian feast of the resurrection of Jesus, in spring.
What is Ramadan?|Ramadan is the month in which Muslims fast from dawn to sunset.
What is Hanukkah?|Hanukkah is a Jewish feast of lights that lasts eight days.
What is Diwali?|Diwali is the Hindu festival of lights.
What is chess?|Chess is a board game for two. You win when the other king cannot escape.
What are the Olympic Games?|The Olympic Games are a great sports event that takes place every four years, in summer and in winter.
What is a marathon?|A marathon is a run of 42.195 kilometres.
What is yoga?|Yoga is an old Indian practice of postures, breathing and calm of mind.
""")
