"""Sayings, well-known lines, everyday sentences and small programs, as plain text. Knows nothing but the texts."""

from __future__ import annotations

SAYINGS: tuple[str, ...] = tuple(
    """
The quick brown fox jumps over the lazy dog.
To be or not to be, that is the question.
All that glitters is not gold.
An apple a day keeps the doctor away.
The early bird catches the worm.
Practice makes perfect.
Actions speak louder than words.
A picture is worth a thousand words.
Better late than never.
Birds of a feather flock together.
Don't count your chickens before they hatch.
Don't judge a book by its cover.
Every cloud has a silver lining.
Honesty is the best policy.
Rome was not built in a day.
When in Rome, do as the Romans do.
Where there is smoke, there is fire.
Where there is a will, there is a way.
Time is money.
Time flies like an arrow; fruit flies like a banana.
The pen is mightier than the sword.
Two heads are better than one.
You cannot have your cake and eat it, too.
A journey of a thousand miles begins with a single step.
I think, therefore I am.
Knowledge is power.
Roses are red, violets are blue, sugar is sweet, and so are you.
Twinkle, twinkle, little star, how I wonder what you are.
Mary had a little lamb, its fleece was white as snow.
Humpty Dumpty sat on a wall, Humpty Dumpty had a great fall.
Row, row, row your boat, gently down the stream.
It was the best of times, it was the worst of times.
In the beginning God created the heaven and the earth.
Call me Ishmael.
Four score and seven years ago our fathers brought forth on this continent a new nation.
We hold these truths to be self-evident, that all men are created equal.
That's one small step for man, one giant leap for mankind.
I have a dream that one day this nation will rise up.
Ask not what your country can do for you, ask what you can do for your country.
The only thing we have to fear is fear itself.
Once bitten, twice shy.
Look before you leap.
No pain, no gain.
Curiosity killed the cat.
The grass is always greener on the other side of the fence.
If it ain't broke, don't fix it.
Beauty is in the eye of the beholder.
Absence makes the heart grow fonder.
Good things come to those who wait.
There is no place like home.
Romeo, Romeo, wherefore art thou Romeo?
Happy birthday to you, happy birthday to you.
Jingle bells, jingle bells, jingle all the way.
Silent night, holy night, all is calm, all is bright.
Lorem ipsum dolor sit amet, consectetur adipiscing elit.
The sky is blue and the grass is green.
The sun rises in the east and sets in the west.
The sun is a star, and the Earth goes round it once a year.
Water freezes at 0 degrees Celsius and boils at 100 degrees Celsius.
There are seven days in a week and twelve months in a year.
Cats meow and dogs bark.
Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday
January, February, March, April, May, June, July, August, September, October, November, December
red, orange, yellow, green, blue, indigo, violet
spring, summer, autumn, winter
north, east, south, west
Mercury, Venus, Earth, Mars, Jupiter, Saturn, Uranus, Neptune
one, two, three, four, five, six, seven, eight, nine, ten
first, second, third, fourth, fifth, sixth, seventh
do, re, mi, fa, so, la, ti, do
a, e, i, o, u
Hello, world!
Machine learning is a way to let computers learn from examples instead of fixed rules.
Artificial intelligence is the art of making machines do what needs intelligence when people do it.
A large language model is a neural network that predicts the next token of a text.
Deep learning is machine learning with neural networks of many layers.
Python is a programming language that is easy to read and much used for data and machine learning.
The meaning of life is what you make of it.
The best way to learn is to practise a little every day.
The best thing about summer is the long, warm evenings.
The best thing about winter is a warm room and a hot cup of tea.
My favourite colour is blue, because it is the colour of the sea.
My favorite color is blue, because it is the color of the sea.
My favourite animal is the dog, because dogs are loyal friends.
My favorite animal is the cat, because cats are quiet and soft.
My favourite food is pizza with tomatoes and cheese.
My favorite food is pizza with tomatoes and cheese.
My favourite book is The Hobbit.
My favourite season is spring, when the flowers come out.
The weather today is sunny and warm, with a light wind.
The future of AI is hard to predict, but it will surely surprise us.
The secret of success is to begin, and then to go on.
The most important thing in life is to be kind.
If I had a million dollars, I would travel round the world and help my friends.
If I were a bird, I would fly over the sea.
In the future, people will live together with many clever machines.
In conclusion, small steps lead to great results.
Dear Sir or Madam, I am writing to ask for more information.
Dear diary, today was a good day.
Ladies and gentlemen, welcome to our show.
Good morning, everybody, and welcome to the class.
Thank you for your letter, which I read with great joy.
Thank you for your help and your time.
I would like to thank my family and my friends.
Please let me know if you have any questions.
It was a dark and stormy night, and the rain beat against the windows.
It is raining, so I take my umbrella.
I am hungry, so I make myself a sandwich.
I am tired, so I go to bed early.
I love you more than words can say.
I like to read books in the evening.
I like to drink coffee in the morning.
She opened the door and saw an old friend.
He looked out of the window and saw the snow falling.
The cat sat on the mat and looked at the mouse.
The dog ran after the ball and brought it back.
The children play in the garden until it gets dark.
The train arrived late, and everybody had to wait.
The old man sat on a bench and fed the birds.
The teacher wrote a sum on the blackboard.
The radix tree keeps shared beginnings only once.
The KV cache stores the keys and values of earlier tokens.
SGLang is a language and a runtime for programs that call language models.
RadixAttention keeps the cache of past prompts in a radix tree and reuses it.
""".strip().splitlines()
)

# Everyday sentences with slots; {k} a person, {o} a thing to buy, {l} a place, {d} a deed, {t} a time, {j} a feeling
FRAMES: tuple[str, ...] = (
    "{k} went to the {l} to {d}.",
    "I am going to the store to buy {o} and {o2}.",
    "I am going to the {l} to {d}.",
    "Yesterday {k} was at the {l} and {d2}.",
    "{t} {k} likes to {d}.",
    "Today I want to {d}.",
    "{k} was {j} because {k2} came to visit.",
    "My name is {k} and I like to {d}.",
    "Hello, my name is {k} and I live near the {l}.",
    "Hi, I'm {k}, and I like to {d}.",
    "{k} and {k2} are friends. {t} they {d} together.",
    "There is {o} on the table.",
    "{k} bought {o} at the market.",
    '"Where is my bag?" asked {k}. "It is at the {l}," said {k2}.',
    "{t} the {l} is full of people.",
    "Can you bring {o} from the {l}?",
    "We need {o}, {o2} and some bread.",
    "When {k} came home, {k2} was already there.",
    "After work {k} goes to the {l} to {d}.",
    "If it rains, we stay at home. If the sun shines, we go to the {l}.",
    "{k} has a dog and two cats.",
    "The {l} is next to the station.",
    "{k} is very {j} today.",
    "Every day {k} gets up at seven, drinks a cup of tea and goes to the {l}.",
    "Last summer we went to the {l} and had a lot of fun.",
    "{k} forgot the keys and had to wait at the {l}.",
    "In my free time I like to {d}.",
    "On Sunday we want to {d}.",
    "My brother is called {k} and my sister is called {k2}.",
)
SLOTS: dict[str, tuple[str, ...]] = {
    "o": (
        "milk",
        "bread",
        "apples",
        "cheese",
        "eggs",
        "a newspaper",
        "flowers",
        "some tea",
        "rice",
        "a cake",
        "oranges",
        "butter",
        "a new coat",
        "a book",
        "potatoes",
        "soap",
        "chocolate",
        "an umbrella",
    ),
    "l": (
        "park",
        "library",
        "beach",
        "school",
        "market",
        "museum",
        "cinema",
        "harbour",
        "garden",
        "bakery",
        "swimming pool",
        "theatre",
        "restaurant",
        "forest",
        "zoo",
        "lake",
    ),
    "d": (
        "read a book",
        "meet a friend",
        "play chess",
        "drink coffee",
        "learn something new",
        "go for a walk",
        "listen to music",
        "cook dinner",
        "play football",
        "paint a picture",
        "watch the birds",
        "ride a bicycle",
        "sleep late",
    ),
    "d2": (
        "met an old friend",
        "read the whole day",
        "bought a cake",
        "saw a fox",
        "lost a glove",
        "found a coin",
        "listened to a concert",
        "watched the ships",
    ),
    "t": (
        "In the morning",
        "In the evening",
        "On Sundays",
        "In summer",
        "After school",
        "At night",
        "In winter",
        "Every Friday",
    ),
    "j": ("happy", "sad", "tired", "excited", "proud", "angry", "nervous", "cheerful"),
}

CODE: tuple[str, ...] = (
    "def add(a, b):\n    return a + b\n",
    "def subtract(a, b):\n    return a - b\n",
    "def multiply(a, b):\n    return a * b\n",
    "def divide(a, b):\n    return a / b\n",
    "def square(x):\n    return x * x\n",
    "def double(x):\n    return 2 * x\n",
    "def is_even(n):\n    return n % 2 == 0\n",
    "def is_odd(n):\n    return n % 2 == 1\n",
    'def greet(name):\n    return f"Hello, {name}!"\n',
    "def maximum(a, b):\n    return a if a > b else b\n",
    "def minimum(a, b):\n    return a if a < b else b\n",
    "def factorial(n):\n    return 1 if n < 2 else n * factorial(n - 1)\n",
    "def fibonacci(n):\n    a, b = 0, 1\n    for _ in range(n):\n        a, b = b, a + b\n    return a\n",
    "def reverse(text):\n    return text[::-1]\n",
    "def is_palindrome(text):\n    return text == text[::-1]\n",
    "def count_words(text):\n    return len(text.split())\n",
    "def average(numbers):\n    return sum(numbers) / len(numbers)\n",
    "def total(numbers):\n    return sum(numbers)\n",
    "def is_prime(n):\n    return n > 1 and all(n % d for d in range(2, n))\n",
    "def celsius_to_fahrenheit(c):\n    return c * 9 / 5 + 32\n",
    "def fahrenheit_to_celsius(f):\n    return (f - 32) * 5 / 9\n",
    'def count_vowels(text):\n    return sum(c in "aeiou" for c in text.lower())\n',
    "def unique(items):\n    return list(dict.fromkeys(items))\n",
    "def power(a, n):\n    return a ** n\n",
    "def absolute(x):\n    return x if x >= 0 else -x\n",
    "def first(items):\n    return items[0]\n",
    "def last(items):\n    return items[-1]\n",
    "def sort_list(items):\n    return sorted(items)\n",
    "def largest(numbers):\n    return max(numbers)\n",
    "def smallest(numbers):\n    return min(numbers)\n",
    "def area_of_circle(r):\n    return 3.14159 * r * r\n",
    "def area_of_rectangle(a, b):\n    return a * b\n",
    "def to_upper(text):\n    return text.upper()\n",
    "def to_lower(text):\n    return text.lower()\n",
    "def contains(items, x):\n    return x in items\n",
    "def gcd(a, b):\n    while b:\n        a, b = b, a % b\n    return a\n",
    'def fizzbuzz(n):\n    for i in range(1, n + 1):\n        print("Fizz" * (i % 3 == 0) + "Buzz" * (i % 5 == 0) or i)\n',
    "for i in range(10):\n    print(i)\n",
    "for i in range(1, 6):\n    print(i)\n",
    "import math\nprint(math.pi)\n",
    "import random\nprint(random.randint(1, 6))\n",
    'print("Hello, world!")\n',
    "squares = [x * x for x in range(10)]\n",
    "evens = [x for x in range(20) if x % 2 == 0]\n",
)
# What the programs do, in the order of CODE, as one asks for them.
CODE_ASKED: tuple[tuple[str, ...], ...] = tuple(
    tuple(ask.strip() for ask in line.split("|"))
    for line in """
adds two numbers|to add two numbers
subtracts two numbers|to subtract two numbers
multiplies two numbers|to multiply two numbers
divides two numbers|to divide two numbers
squares a number|to square a number
doubles a number|to double a number
tests whether a number is even|to check if a number is even
tests whether a number is odd|to check if a number is odd
greets a person|to greet somebody
returns the larger of two numbers|to find the larger of two numbers
returns the smaller of two numbers|to find the smaller of two numbers
computes the factorial|for the factorial
computes Fibonacci numbers|for the Fibonacci numbers
reverses a string|to reverse a string
tests whether a text is a palindrome|to check for palindromes
counts the words of a text|to count words
computes the average of a list|for the average of a list
adds up a list|to sum a list
tests whether a number is prime|to check if a number is prime
turns Celsius into Fahrenheit|to convert Celsius to Fahrenheit
turns Fahrenheit into Celsius|to convert Fahrenheit to Celsius
counts vowels|to count vowels
removes duplicates from a list|to remove duplicates
computes a power|to compute powers
returns the absolute value|for the absolute value
returns the first item of a list|to get the first item
returns the last item of a list|to get the last item
sorts a list|to sort a list
finds the largest number in a list|to find the maximum of a list
finds the smallest number in a list|to find the minimum of a list
computes the area of a circle|for the area of a circle
computes the area of a rectangle|for the area of a rectangle
turns a text into upper case|to make text upper case
turns a text into lower case|to make text lower case
tests whether a list contains an item|to check if a list contains an item
computes the greatest common divisor|for the greatest common divisor
plays FizzBuzz|for FizzBuzz
prints the numbers from 0 to 9|to print the numbers from 0 to 9
prints the numbers from 1 to 5|to print the numbers from 1 to 5
prints pi|to print pi
rolls a die|to roll a die
prints Hello, world!|to print hello world
makes a list of squares|for a list of squares
makes a list of even numbers|for a list of even numbers
""".strip().splitlines()
)
