"""Everyday activities as steps in order. Knows nothing but the texts."""

from __future__ import annotations

# activity | steps, each a clause that continues "He ..." or "She ..."
ACTIVITIES: tuple[tuple[str, tuple[str, ...]], ...] = tuple(
    (name.strip(), tuple(step.strip() for step in steps.split(";")))
    for name, steps in (
        line.split("|")
        for line in """
making tea|fills the kettle with water; waits until the water boils; pours the water over the tea bag; takes out the tea bag after a few minutes; drinks the tea slowly
frying an egg|puts a pan on the stove; melts some butter in the pan; cracks an egg into the pan; waits until the white is firm; slides the egg onto a plate
washing the car|parks the car in the yard; sprays the car with water; rubs the car with a soapy sponge; rinses off the foam; dries the car with a cloth
brushing teeth|picks up the toothbrush; squeezes toothpaste onto the brush; brushes every tooth; spits out the foam; rinses the mouth with water
planting a tree|digs a deep hole; sets the young tree into the hole; fills the hole with earth; presses the earth down; waters the tree
painting a wall|covers the floor with paper; stirs the paint; dips the roller into the paint; rolls the paint over the wall; lets the wall dry
baking a cake|mixes flour, eggs and sugar; pours the batter into a tin; puts the tin into the oven; takes the hot cake out of the oven; covers the cake with icing
posting a letter|writes a letter; folds the letter and puts it into an envelope; writes the address on the envelope; sticks a stamp on it; drops it into the letter box
building a sandcastle|fills a bucket with wet sand; turns the bucket over; lifts the bucket carefully; digs a moat round the castle; puts a small flag on top
changing a tyre|stops at the side of the road; loosens the nuts of the wheel; lifts the car with a jack; puts on the spare wheel; tightens the nuts again
cutting the grass|rolls the mower out of the shed; starts the motor of the mower; pushes the mower up and down the lawn; empties the bag of cut grass; puts the mower back
catching a fish|puts a worm on the hook; throws the line into the water; waits quietly; feels a pull on the line; reels in a wriggling fish
riding a horse|puts the saddle on the horse; climbs into the saddle; takes the reins; rides the horse along the path; brings the horse back to the stable
going to bed|puts on pyjamas; gets under the blanket; reads a few pages; turns off the lamp; falls asleep
taking a photo|takes out the camera; looks through the viewfinder; asks everybody to smile; presses the button; looks at the picture
washing dishes|fills the sink with hot water; adds some washing-up liquid; scrubs the plates; rinses the plates; dries the plates with a towel
building a snowman|rolls a large ball of snow; sets a smaller ball on top; puts a carrot in as the nose; ties a scarf round the neck; steps back to look at the snowman
getting a haircut|sits down in the barber's chair; explains how short the hair should be; keeps still while the scissors snip; looks into the mirror; pays the barber
playing tennis|walks onto the court; bounces the ball a few times; throws the ball up and serves; runs to return the ball; shakes hands at the net
shopping for food|takes a trolley; puts bread and milk into it; waits in the queue; pays at the till; carries the bags home
going swimming|changes into a swimsuit; takes a quick shower; jumps into the pool; swims ten lengths; dries off with a towel
borrowing a book|walks into the library; looks along the shelves; pulls out a book; shows the library card; takes the book home
travelling by train|buys a ticket; waits on the platform; gets on the train; finds a seat by the window; gets off at the right station
making a salad|washes the lettuce; cuts the tomatoes; puts everything into a bowl; pours oil and vinegar over it; mixes it well
playing the piano|sits down on the stool; opens the lid; puts the fingers on the keys; plays a quiet melody; bows while the others clap
walking the dog|takes the lead from the hook; fastens the lead to the collar; walks with the dog to the park; throws a stick for the dog; comes home with a tired dog
lighting a campfire|gathers dry wood; piles the wood up; strikes a match; blows gently on the small flames; warms cold hands at the fire
sewing on a button|threads the needle; holds the button against the cloth; pushes the needle through the holes; ties a knot; cuts the thread
wrapping a present|lays the gift on the paper; folds the paper round it; fixes the paper with tape; ties a ribbon round it; writes a card
making a phone call|picks up the phone; dials the number; waits for an answer; says hello; talks for a while and hangs up
cleaning a window|fills a bucket with warm water; wets the glass with a sponge; scrubs off the dirt; pulls the water off with a squeegee; polishes the edges with a dry cloth
pitching a tent|chooses a flat place; spreads the tent on the ground; puts the poles together; hammers the pegs into the ground; crawls inside
bowling|puts on bowling shoes; picks a heavy ball; swings the arm back; rolls the ball down the lane; watches the pins fall
skiing|clicks the boots into the skis; rides up on the lift; pushes off at the top; turns left and right down the slope; stops in a spray of snow
playing the guitar|tunes the strings; puts a finger on the fret; strums a chord; sings along; puts the guitar back into its case
archery|takes an arrow; lays the arrow on the string; pulls the string back; aims at the target; lets the arrow fly
doing laundry|sorts the clothes by colour; puts them into the washing machine; adds detergent and presses start; takes the wet clothes out; hangs them on the line
ironing a shirt|unfolds the ironing board; waits until the iron is hot; runs the iron over the sleeves; irons the collar; hangs the shirt on a hanger
making coffee|grinds the beans; puts a filter into the machine; fills in the ground coffee; switches the machine on; pours the coffee into a cup
giving a talk|walks to the front; switches on the first slide; greets the audience; explains the results; answers questions
climbing a wall|puts on a harness; ties in the rope; reaches for the first hold; climbs up step by step; is lowered to the ground
feeding ducks|walks to the pond; opens a bag of oats; throws some oats on the water; watches the ducks come; leaves when the bag is empty
repairing a bicycle|turns the bicycle upside down; takes off the wheel; finds the hole in the tube; glues a patch on it; pumps up the tyre
shovelling snow|puts on a warm coat; takes the shovel; pushes the snow aside; clears the path to the gate; stamps the snow off the boots
running a race|ties the laces; waits at the starting line; starts at the shot; runs round the track; crosses the finish line
visiting the doctor|sits in the waiting room; is called in; tells where it hurts; opens the mouth wide; gets a prescription
making a sandwich|takes two slices of bread; spreads butter on them; lays cheese on one slice; puts the other slice on top; takes a bite
throwing a party|sends out invitations; hangs up balloons; welcomes the guests; cuts the cake; cleans up when all have left
opening a bank account|goes to the bank; shows a passport; fills in a form; signs the form; gets a card by post
drawing a portrait|sharpens a pencil; looks closely at the face; sketches the outline; shades the cheeks; signs the drawing
sailing|unties the boat; hoists the sail; steers into the wind; ducks under the boom; ties the boat to the pier
gardening|pulls out the weeds; loosens the soil; makes small holes; drops seeds into the holes; waters the bed
shaving|wets the face; spreads foam on the cheeks; pulls the razor over the skin; rinses the razor; pats the face dry
making popcorn|heats oil in a pot; pours in the corn; closes the lid; hears the corn pop; fills a bowl with popcorn
""".strip().splitlines()
    )
)

# Endings that make no sense anywhere.
NONSENSE: tuple[str, ...] = tuple(
    part.strip()
    for part in """
eats the hammer with a spoon; flies to the moon on a sandwich; paints the soup blue and sings to it; turns into a teapot; sells the river to a cloud;
puts the piano into a pocket; drinks the carpet; reads the newspaper to the stones; plants the shoes in the oven; marries the umbrella; sleeps on the ceiling;
washes the fire with paper; counts the holes in the wind; fries the telephone; throws the house over the lake; teaches the spoon to swim; irons the cat;
pours the mountain into a cup; climbs into the envelope; brushes the bread with a ladder; rides the sofa to school; combs the soup; nails the water to the wall;
lends the sun a coat; hides the road under the bed; milks the bicycle; waters the television; knits a bridge from butter; whistles at the potatoes until they dance;
folds the lake and puts it away; asks the door for its name; cuts the fog with scissors; drives the bathtub through the wall; boils the clock; writes on the rain
""".replace("\n", " ").split(";")
)
