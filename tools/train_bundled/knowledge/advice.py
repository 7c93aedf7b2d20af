"""Tips for topics, each with its reason. Knows nothing but the texts."""

from __future__ import annotations

# A group of topics shares tips ("tip: reason"); a topic adds tips of its own.
GROUPS: dict[str, tuple[tuple[str, str], ...]] = {
    name.strip(): tuple((tip.split(":")[0].strip(), tip.split(":")[1].strip()) for tip in tips.split(";"))
    for name, tips in (
        line.split("|")
        for line in """
health|Drink enough water: The body needs water for almost everything it does; Sleep seven to eight hours: Good sleep lets body and mind recover; Move every day: Even a short walk strengthens heart and muscles; Eat more vegetables: Vegetables give vitamins and fibre with few calories; Take short breaks: A break of five minutes clears the head; Spend time outdoors: Daylight and fresh air lift the mood; See a doctor when in doubt: A professional finds out early what is wrong; Laugh with friends: Good company lowers stress
study|Make a simple plan: A plan shows what comes next and what can wait; Work in short sessions: The mind stays fresh for half an hour or so; Put the phone away: Every message breaks the thread of thought; Test yourself often: Recalling things makes them stick better than reading them again; Teach it to somebody: Explaining shows what you have not understood; Sleep before the big day: A rested brain remembers more; Take notes by hand: Writing slows you down and makes you think; Repeat after a few days: Spaced repetition keeps knowledge alive
home|Do a little every day: Small steps add up and never feel heavy; Give every thing a place: What has a place is easy to put back; Write a list: A list keeps the head free; Ask for help: Two people finish sooner and have more fun; Use what you already have: It saves money and room; Start with the hardest part: The rest then feels easy; Set a timer: Fifteen minutes are easier to begin than a whole day; Throw out what you do not need: Less stuff means less work
money|Write down what you spend: You can only change what you see; Set a monthly limit: A limit makes choices easier; Compare prices: The same thing often costs less elsewhere; Wait a day before you buy: Many wishes are gone by the next morning; Put savings aside first: What is out of sight is not spent; Avoid new debts: Interest makes everything more expensive; Cook at home: It is cheaper and often healthier than eating out; Check contracts once a year: Old contracts are often too expensive
travel|Pack light: A light bag makes every step easier; Book early: Early bookings are often cheaper; Learn a few words of the language: A greeting opens many doors; Keep copies of your papers: A copy helps when the original is lost; Leave room in the plan: The best moments are rarely planned; Carry water and a snack: Hunger and thirst spoil the best view; Check the weather: The right clothes decide how a day goes; Tell somebody where you go: So somebody can help if needed
social|Listen more than you talk: People feel respected when they are heard; Smile and say hello: A friendly start makes the rest easier; Ask open questions: They invite more than a yes or a no; Be honest and kind: Trust grows where words are true and gentle; Remember names: A name shows that you paid attention; Keep your promises: Small promises kept build great trust; Say thank you: Thanks cost nothing and mean much; Give people time: Good relations grow slowly
skill|Practise a little every day: Ten minutes a day beat two hours on Sunday; Start slowly: Speed comes by itself once the movement is right; Find a good teacher: A teacher sees mistakes that you cannot see; Learn from others: Watching good people shows what is possible; Set a small goal: A goal in reach keeps you going; Record yourself: A recording shows progress and mistakes; Be patient: Every skill takes longer than one hopes; Have fun: What is fun is done again
work|Choose the most important task: It should get your best hour; Plan the day in the morning: A clear plan saves many decisions; Say no politely: Each yes costs time for something else; Keep meetings short: Short meetings leave time for work; Answer mail in blocks: Constant mail breaks concentration; Ask questions early: Early questions are cheap, late ones are not; Write things down: Paper forgets nothing; Leave work at work: Rest makes tomorrow better
tech|Make backups: A backup turns a disaster into a nuisance; Use strong passwords: Long passwords are hard to guess; Install updates: Updates close holes that others know about; Read the manual: The answer is often already written; Start with a small example: Small things are easy to understand and to mend; Change one thing at a time: Then you know what made the difference; Test often: Errors found early are cheap; Ask a colleague to look at it: Four eyes see more than two
nature|Start with easy kinds: Early success keeps you going; Water in the morning: Less water is lost before the heat; Watch closely every day: Who looks often sees trouble early; Use good soil: Healthy roots need air and food; Be gentle: Living things do not like haste; Give enough light: Light is food for plants; Keep things clean: Clean tools and places prevent illness; Follow the seasons: Each thing has its time
care|Learn about their needs: Knowledge prevents most mistakes; Be patient: Trust takes time; Keep things clean: Clean places prevent illness; Watch closely every day: Who looks often sees trouble early; Be gentle: Living things do not like haste; Ask people with experience: They have seen your problem before; Keep a fixed rhythm: A regular day gives calm; Respect their space: Every creature needs a place of its own
""".strip().splitlines()
    )
}

# topic | group | tips of its own
TOPICS: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...] = tuple(
    (
        name.strip(),
        group.strip(),
        tuple((tip.split(":")[0].strip(), tip.split(":")[1].strip()) for tip in tips.split(";")),
    )
    for name, group, tips in (
        line.split("|")
        for line in """
staying healthy|health|Wash your hands: Clean hands stop many infections; Eat less sugar: Too much sugar harms teeth and weight
sleeping well|health|Go to bed at the same time: A fixed rhythm makes falling asleep easier; Keep the bedroom dark and cool: The body sleeps best in a cool, dark room; Avoid screens before bed: Bright light keeps the brain awake; Avoid coffee in the evening: Caffeine works for many hours
losing weight|health|Eat slowly: The feeling of being full takes time to arrive; Use smaller plates: Smaller plates make smaller meals look enough; Avoid sweet drinks: They hold many calories and do not fill
reducing stress|health|Breathe deeply: Slow breaths calm the body at once; Do one thing at a time: A single task is easier to carry; Say what bothers you: A spoken worry is half a worry
eating healthily|health|Choose whole grains: They keep you full for longer; Cook fresh food: You know what is in it; Eat fruit for dessert: It is sweet and full of vitamins
exercising|health|Warm up first: Warm muscles are hurt less easily; Start gently: Too much at once ends in pain; Choose a sport you like: You will keep doing what you enjoy
running a marathon|health|Increase the distance slowly: The body needs weeks to adapt; Buy good shoes: Good shoes protect knees and feet; Run one long run a week: Long runs teach the body to last
a healthy back|health|Sit upright: A straight back carries the load better; Lift with your legs: The legs are stronger than the back; Stretch in the morning: Stretching loosens stiff muscles
quitting smoking|health|Choose a day to stop: A fixed day makes the plan real; Avoid old habits: Places and times can bring the wish back; Tell your friends: They can support you
studying for an exam|study|Start early: An early start takes the fear away; Solve old exams: They show what may be asked
learning a language|study|Learn five words a day: Small numbers add up quickly; Speak from the first day: Speaking makes words your own; Listen to songs and films: The ear gets used to the sound
writing an essay|study|Make an outline: An outline keeps the thread; Write a rough draft first: A bad page can be improved, an empty one cannot; Read it aloud: The ear hears what the eye misses
reading more books|study|Carry a book with you: Free minutes turn into pages; Read before bed: A quiet habit at a fixed time lasts; Stop bad books: Life is too short for a boring book
learning mathematics|study|Solve many problems: Understanding grows by doing; Draw a picture: A picture often shows the way; Go back to the basics: Gaps make everything harder
memorising things|study|Make a story of it: Stories are easier to keep than lists; Use pictures: The mind loves pictures; Group things: Small groups fit into memory
concentrating|study|Clear your desk: A clear desk helps a clear mind; Choose a quiet place: Noise pulls at attention; Do one thing at a time: The mind cannot really do two
giving a presentation|study|Practise aloud: The mouth has to learn the talk, too; Tell a story: People remember stories; Use few words on slides: People cannot read and listen at once; Look at the audience: Eyes connect you with people
keeping a house clean|home|Wipe surfaces at once: Fresh dirt comes off easily; Take off shoes at the door: Much of the dirt never gets in
cooking|home|Read the recipe first: Surprises in the middle spoil the dish; Taste as you go: Only tasting tells whether salt is missing; Use sharp knives: Sharp knives are safer than blunt ones; Prepare everything before: Then nothing burns while you search
baking bread|home|Weigh the flour: Exact amounts make good dough; Let the dough rest: Time gives taste and air; Heat the oven well: Strong heat makes a good crust
moving house|home|Label every box: Labels save hours at the other end; Start packing early: The last week is always too short; Measure the furniture: What does not fit should not come along
saving energy|home|Turn off lights: A dark empty room costs nothing; Lower the heating a little: One degree saves much energy; Wash with cold water: Most clothes get clean without heat
reducing waste|home|Bring your own bag: A bag can be used for years; Buy less packaging: What is not bought need not be thrown away; Repair things: A repaired thing is a new thing saved
childproofing a home|home|Cover sockets: Small fingers reach everywhere; Lock away medicine: Pills look like sweets; Fix shelves to the wall: Children climb
planning a party|home|Invite early: Guests need to plan, too; Prepare food the day before: Then you have time for guests; Choose good music: Music makes the mood
saving money|money|Cancel what you do not use: Unused subscriptions cost every month; Buy used things: Used things are often as good as new
making a budget|money|Start with fixed costs: Rent and bills come first; Leave something for fun: A budget without fun does not last
buying a used car|money|Test the brakes: Brakes decide about life; Look for rust: Rust is expensive to repair; Ask for the papers: Papers tell the history of the car
buying a house|money|Look at the place twice: A second look shows other things; Ask the neighbours: Neighbours know what the seller does not say; Keep a reserve: A house always needs repairs
investing|money|Spread the risk: Not all things fall at once; Think in years: Time smooths the ups and downs; Understand what you buy: What you do not understand may surprise you
travelling|travel|Arrive early: Haste is the worst companion; Respect local customs: You are a guest
packing a suitcase|travel|Roll your clothes: Rolled clothes take less room; Make a packing list: A list forgets nothing; Put heavy things at the bottom: The case stands better
camping|travel|Try the tent at home: The first time should not be in the rain; Bring a torch: Nights outside are really dark; Keep food closed: Smells attract animals
hiking|travel|Wear good boots: Boots decide about joy and blisters; Start early in the day: Afternoons bring storms; Take a map: Phones run out of power
flying with children|travel|Bring small toys: New toys win half an hour each; Ask for seats together: Families should not be apart; Let them move before the flight: Tired children sleep
a road trip|travel|Check the tyres: Good tyres keep you on the road; Take turns driving: A rested driver is a safe driver; Make a list of songs: Music shortens the way
visiting a museum|travel|Choose a few rooms: Nobody can look at everything; Come early: Mornings are quiet; Sit down in front of one picture: Long looking shows more
making friends|social|Join a club: Shared interests make talk easy; Invite people: Somebody must take the first step
being a good listener|social|Do not interrupt: Every person needs time to finish; Repeat in your own words: It shows that you understood
resolving a conflict|social|Stay calm: Anger makes ears deaf; Speak about yourself: I feel is better than you are; Look for common ground: What you share is the bridge
public speaking|social|Speak slowly: Slow words are understood; Pause: A pause gives weight to words; Breathe before you start: Breath carries the voice
being a good parent|social|Play with your child: Play is the language of children; Set clear rules: Rules give safety; Read aloud: Stories build language and closeness
a happy marriage|social|Spend time together: Love needs hours; Talk about small things: Small things become large when hidden; Forgive: Nobody is perfect
a first date|social|Choose a quiet place: You want to hear each other; Be yourself: A mask gets heavy; Be on time: Waiting is a bad beginning
writing a letter|social|Begin with a warm word: The first line sets the tone; Write as you speak: Plain words reach the heart; End with a wish: The last line stays
learning the guitar|skill|Tune it first: A guitar out of tune spoils the ear; Learn three chords: Three chords are enough for many songs; Change chords slowly: Clean changes come before speed
learning to draw|skill|Look longer than you draw: Drawing is mostly seeing; Begin with simple shapes: All things are made of simple shapes; Fill a sketchbook: Many bad drawings lead to good ones
learning to swim|skill|Breathe out under water: Calm breath gives calm movement; Stay where you can stand: Safety gives courage; Float first: Who can float need not fear
playing chess|skill|Control the centre: From the centre pieces reach more; Castle early: The king needs safety; Think about the other side's plan: Every move has a reason; Solve puzzles: Patterns win games
taking good photos|skill|Mind the light: Light makes the picture; Go closer: Many pictures show too much; Hold the camera still: Still hands make sharp pictures
dancing|skill|Listen to the beat: The beat tells when to move; Wear good shoes: Shoes should glide and hold; Look up, not down: The feet know where they are
singing|skill|Warm up the voice: A warm voice is a safe voice; Stand upright: Breath needs room; Drink water: A wet throat sounds better
juggling|skill|Start with one ball: One good throw is the base; Throw to eye height: Equal throws give time; Practise over a bed: Balls fall softly
writing a story|skill|Begin with a problem: A story needs something to solve; Show, do not tell: Actions say more than words; Cut what is not needed: Short is strong
being productive|work|Begin with the hardest task: The morning has the most force; Take real breaks: Rest is part of work
finding a job|work|Write a short clear CV: Nobody reads long ones; Use your contacts: Many jobs are never advertised; Apply for more than one: A choice gives calm
a job interview|work|Learn about the company: Knowledge shows interest; Prepare examples: Examples prove what you say; Ask a question at the end: Questions show that you think; Arrive ten minutes early: Calm people speak better
working from home|work|Make a fixed workplace: A place tells the mind to work; Get dressed: Clothes change the mood; End the day on time: Home should stay home
leading a team|work|Set clear goals: People work better when they know why; Praise in public: Praise gives wings; Listen to everybody: The best idea may come from the quietest
starting a business|work|Talk to customers first: They decide what is needed; Keep costs low: Money lasts longer than you think only when you save it; Test the idea small: A small test prevents a large mistake
time management|work|Make a list for tomorrow: A list lets you sleep; Group small tasks: Small tasks go quickly together
writing an email|work|Use a clear subject: The subject decides whether it is read; Keep it short: Short mails get answers; Say what you need: A clear request is easy to meet
learning to program|tech|Build something you need: A real goal keeps you going; Read other people's code: Good code teaches style; Type the examples yourself: Fingers learn, too
protecting privacy|tech|Share less: What is not shared cannot leak; Check app permissions: Many apps ask for too much
writing clean code|tech|Use clear names: Names explain what comments need not; Keep functions short: Short functions are easy to test; Delete dead code: Dead code confuses
debugging|tech|Read the error message: It often says exactly what is wrong; Make the case smaller: Small cases show the cause; Explain it to a rubber duck: Speaking reveals wrong assumptions
writing good prompts|tech|Be specific: A clear task gives a clear answer; Give an example: An example says more than a rule; Say which form you want: The model then knows how to answer; Put the shared part first: A common beginning can be cached
making a model fast|tech|Share prefixes: A shared beginning is computed once; Batch requests: Batches use the hardware better; Measure first: Without numbers you guess
gardening|nature|Pull weeds early: Small weeds have small roots; Make compost: Kitchen waste turns into good soil
caring for a dog|care|Walk it every day: Dogs need movement; Be consistent: Clear rules make calm dogs; Visit the vet once a year: Many illnesses can be prevented
caring for a cat|care|Clean the litter box: Cats love clean places; Offer a place to scratch: Otherwise the sofa serves; Play every day: Play keeps cats fit
caring for houseplants|nature|Do not water too much: More plants drown than dry out; Turn the pot: All sides need light; Wipe the leaves: Dust takes away light
growing tomatoes|nature|Give them sun: Tomatoes love warmth; Tie them to a stick: Fruits are heavy; Keep the leaves dry: Wet leaves get ill
keeping fish|care|Change part of the water: Fresh water keeps fish healthy; Do not feed too much: Leftovers spoil the water; Let the tank settle first: Good bacteria need weeks
watching birds|care|Get up early: Birds sing at dawn; Move slowly: Fast steps frighten birds; Bring binoculars: Small birds sit high
protecting the environment|care|Ride a bicycle: A bicycle makes no smoke; Eat less meat: Meat takes much land and water; Save water: Clean water is precious
""".strip().splitlines()
    )
)

# For topics that no table holds; {t} is the topic.
GENERIC: tuple[tuple[str, str], ...] = (
    ("Start with a small step", "A small beginning is better than a large plan for {t}"),
    ("Ask somebody who knows {t} well", "Experience saves many mistakes"),
    ("Take your time", "Haste spoils more than it helps"),
    ("Make a simple plan", "A plan shows what comes next"),
    ("Practise regularly", "A little every day goes a long way with {t}"),
    ("Learn from mistakes", "Each mistake shows what to do better"),
    ("Write down what works", "Notes keep what you have learnt about {t}"),
    ("Read about {t}", "Others have solved the same problems before"),
    ("Set a clear goal", "A goal shows whether you move in the right direction"),
    ("Keep going when it is hard", "Most success comes after the dull part"),
)
EXAMPLES: dict[str, tuple[str, ...]] = {
    "health": (
        "Begin with a small change today and keep it for a week.",
        "Your body will thank you after a few days.",
        "Make it a habit by tying it to something you already do, such as breakfast.",
    ),
    "study": (
        "Try it for one week and look at what has changed.",
        "A timer of twenty-five minutes works well for many people.",
        "Write down each evening what you have learnt.",
    ),
    "home": (
        "Choose one corner and begin there.",
        "After a month it will feel natural.",
        "Everybody in the home can take a part.",
    ),
    "money": (
        "Even small sums add up over a year.",
        "A simple table on paper is enough.",
        "Look at the result at the end of each month.",
    ),
    "travel": (
        "You will enjoy the way as much as the place.",
        "It takes a few minutes and saves hours.",
        "Experienced travellers do this every time.",
    ),
    "social": (
        "Try it in your next conversation.",
        "People will notice, even if they say nothing.",
        "It feels strange at first and natural soon after.",
    ),
    "skill": (
        "Ten quiet minutes are enough to begin.",
        "You will hear and see the difference within weeks.",
        "Mark each day on a calendar to see how far you have come.",
    ),
    "work": (
        "Try it tomorrow morning.",
        "Tell your colleagues about it, so that they can help.",
        "At the end of the week you will see what it has changed.",
    ),
    "tech": (
        "It costs a few minutes and saves days.",
        "Make it part of your routine.",
        "Good teams do this without thinking about it.",
    ),
    "nature": (
        "Look every morning how things have changed.",
        "Nature answers slowly, but it does answer.",
        "Neighbours with experience like to help.",
    ),
    "care": (
        "A few minutes a day are enough.",
        "You will soon see how good it is.",
        "Living things answer to kindness.",
    ),
    "": ("Begin today with ten minutes.", "Be patient with yourself.", "After some weeks you will see a difference."),
}
