"""People and their works: authors, inventors, painters, composers, founders. Knows nothing but the tables."""

from __future__ import annotations

from .animals import article
from .relation import Relation, pairs

BOOKS = pairs("""
Romeo and Juliet|William Shakespeare; Hamlet|William Shakespeare; Macbeth|William Shakespeare;
Othello|William Shakespeare; King Lear|William Shakespeare; The Tempest|William Shakespeare; 1984|George Orwell;
Animal Farm|George Orwell; Pride and Prejudice|Jane Austen; Emma|Jane Austen; Sense and Sensibility|Jane Austen;
Jane Eyre|Charlotte Bronte; Wuthering Heights|Emily Bronte; Oliver Twist|Charles Dickens;
A Christmas Carol|Charles Dickens; David Copperfield|Charles Dickens; Great Expectations|Charles Dickens;
Frankenstein|Mary Shelley; Dracula|Bram Stoker; Moby-Dick|Herman Melville; Don Quixote|Miguel de Cervantes;
War and Peace|Leo Tolstoy; Anna Karenina|Leo Tolstoy; Crime and Punishment|Fyodor Dostoevsky;
The Idiot|Fyodor Dostoevsky; The Odyssey|Homer; The Iliad|Homer; Faust|Johann Wolfgang von Goethe;
The Metamorphosis|Franz Kafka; The Trial|Franz Kafka; Les Miserables|Victor Hugo;
The Hunchback of Notre-Dame|Victor Hugo; The Three Musketeers|Alexandre Dumas;
The Count of Monte Cristo|Alexandre Dumas; The Little Prince|Antoine de Saint-Exupery;
Madame Bovary|Gustave Flaubert; The Stranger|Albert Camus; The Plague|Albert Camus;
The Divine Comedy|Dante Alighieri; The Name of the Rose|Umberto Eco; Pinocchio|Carlo Collodi;
The Hobbit|J. R. R. Tolkien; The Lord of the Rings|J. R. R. Tolkien; Harry Potter|J. K. Rowling;
The Chronicles of Narnia|C. S. Lewis; Alice in Wonderland|Lewis Carroll; Peter Pan|J. M. Barrie;
The Jungle Book|Rudyard Kipling; Treasure Island|Robert Louis Stevenson; Robinson Crusoe|Daniel Defoe;
Gulliver's Travels|Jonathan Swift; Ulysses|James Joyce; The Picture of Dorian Gray|Oscar Wilde;
The Time Machine|H. G. Wells; The War of the Worlds|H. G. Wells; Brave New World|Aldous Huxley;
Lord of the Flies|William Golding; The Adventures of Tom Sawyer|Mark Twain; Huckleberry Finn|Mark Twain;
The Great Gatsby|F. Scott Fitzgerald; The Old Man and the Sea|Ernest Hemingway; To Kill a Mockingbird|Harper Lee;
The Catcher in the Rye|J. D. Salinger; The Grapes of Wrath|John Steinbeck; Of Mice and Men|John Steinbeck;
Fahrenheit 451|Ray Bradbury; Dune|Frank Herbert; Foundation|Isaac Asimov; I, Robot|Isaac Asimov;
The Handmaid's Tale|Margaret Atwood; Beloved|Toni Morrison; One Hundred Years of Solitude|Gabriel Garcia Marquez;
The Alchemist|Paulo Coelho; The Da Vinci Code|Dan Brown; The Shining|Stephen King; It|Stephen King;
Murder on the Orient Express|Agatha Christie; Sherlock Holmes|Arthur Conan Doyle;
Pippi Longstocking|Astrid Lindgren; Heidi|Johanna Spyri; Winnie-the-Pooh|A. A. Milne; Mary Poppins|P. L. Travers;
Matilda|Roald Dahl; The BFG|Roald Dahl; Charlie and the Chocolate Factory|Roald Dahl; The Gruffalo|Julia Donaldson;
The Very Hungry Caterpillar|Eric Carle; The Cat in the Hat|Dr. Seuss; The Secret Garden|Frances Hodgson Burnett;
Little Women|Louisa May Alcott; The Wonderful Wizard of Oz|L. Frank Baum; Black Beauty|Anna Sewell;
Around the World in Eighty Days|Jules Verne; Twenty Thousand Leagues Under the Seas|Jules Verne;
The Neverending Story|Michael Ende; Momo|Michael Ende; Perfume|Patrick Suskind; The Tin Drum|Gunter Grass;
Steppenwolf|Hermann Hesse; Siddhartha|Hermann Hesse; A Doll's House|Henrik Ibsen;
The Little Mermaid|Hans Christian Andersen; The Ugly Duckling|Hans Christian Andersen;
The Snow Queen|Hans Christian Andersen; Norwegian Wood|Haruki Murakami; Lolita|Vladimir Nabokov;
Doctor Zhivago|Boris Pasternak; The Hunger Games|Suzanne Collins;
The Hitchhiker's Guide to the Galaxy|Douglas Adams; A Game of Thrones|George R. R. Martin; The Republic|Plato;
The Prince|Niccolo Machiavelli; The Origin of Species|Charles Darwin; A Brief History of Time|Stephen Hawking;
Waiting for Godot|Samuel Beckett; The Raven|Edgar Allan Poe; The Aeneid|Virgil;
The Canterbury Tales|Geoffrey Chaucer; Paradise Lost|John Milton; Mrs Dalloway|Virginia Woolf;
The Wealth of Nations|Adam Smith
""")

INVENTIONS = pairs("""
the telephone|Alexander Graham Bell; the phonograph|Thomas Edison; dynamite|Alfred Nobel;
the World Wide Web|Tim Berners-Lee; the printing press with movable type in Europe|Johannes Gutenberg;
penicillin|Alexander Fleming; the aeroplane|the Wright brothers; the motor car|Karl Benz;
the diesel engine|Rudolf Diesel; the lightning rod|Benjamin Franklin; the electric battery|Alessandro Volta;
X-rays|Wilhelm Rontgen; radium|Marie and Pierre Curie; the smallpox vaccine|Edward Jenner;
the rabies vaccine|Louis Pasteur; Braille writing|Louis Braille; the theory of relativity|Albert Einstein;
the law of gravity|Isaac Newton; the theory of evolution|Charles Darwin; the periodic table|Dmitri Mendeleev;
the steam locomotive for railways|George Stephenson; the modern steam engine|James Watt;
the radio|Guglielmo Marconi; the hot-air balloon|the Montgolfier brothers; cinema|the Lumiere brothers;
the jet engine|Frank Whittle; the ballpoint pen|Laszlo Biro; Lego|Ole Kirk Christiansen;
the Rubik's Cube|Erno Rubik; the mechanical computer called the Analytical Engine|Charles Babbage;
the first computer program|Ada Lovelace; Linux|Linus Torvalds; Python|Guido van Rossum;
the C programming language|Dennis Ritchie; Java|James Gosling; JavaScript|Brendan Eich; C++|Bjarne Stroustrup;
Ruby|Yukihiro Matsumoto; Perl|Larry Wall; Git|Linus Torvalds; the telegraph code of dots and dashes|Samuel Morse;
the saxophone|Adolphe Sax; the safety match|Gustaf Erik Pasch; the thermometer with mercury|Daniel Fahrenheit;
the pendulum clock|Christiaan Huygens; the moons of Jupiter|Galileo Galilei; the electron|J. J. Thomson;
the neutron|James Chadwick; the atomic nucleus|Ernest Rutherford; oxygen|Carl Wilhelm Scheele and Joseph Priestley;
the planet Uranus|William Herschel; the structure of DNA|James Watson and Francis Crick;
the laws of heredity|Gregor Mendel; the alternating-current motor|Nikola Tesla; basketball|James Naismith;
the vacuum flask|James Dewar; the LZ77 compression method|Abraham Lempel and Jacob Ziv;
the laws of planetary motion|Johannes Kepler; electromagnetic induction|Michael Faraday;
the helicopter that was first mass-produced|Igor Sikorsky; the ENIAC|John Mauchly and J. Presper Eckert;
the transformer network|a team at Google in 2017; PageRank|Larry Page and Sergey Brin
""")

PAINTINGS = pairs("""
the Mona Lisa|Leonardo da Vinci; The Last Supper|Leonardo da Vinci; The Starry Night|Vincent van Gogh;
Sunflowers|Vincent van Gogh; Guernica|Pablo Picasso; The Scream|Edvard Munch;
Girl with a Pearl Earring|Johannes Vermeer; The Night Watch|Rembrandt; The Kiss|Gustav Klimt;
The Birth of Venus|Sandro Botticelli; Water Lilies|Claude Monet; Impression, Sunrise|Claude Monet;
the ceiling of the Sistine Chapel|Michelangelo; the statue of David|Michelangelo; The Thinker|Auguste Rodin;
The School of Athens|Raphael; The Persistence of Memory|Salvador Dali; Las Meninas|Diego Velazquez;
Nighthawks|Edward Hopper; American Gothic|Grant Wood; Campbell's Soup Cans|Andy Warhol; The Great Wave|Hokusai;
The Garden of Earthly Delights|Hieronymus Bosch; The Milkmaid|Johannes Vermeer;
Wanderer above the Sea of Fog|Caspar David Friedrich; Liberty Leading the People|Eugene Delacroix;
The Son of Man|Rene Magritte; Whistler's Mother|James McNeill Whistler; The Raft of the Medusa|Theodore Gericault;
The Two Fridas|Frida Kahlo
""")

MUSIC = pairs("""
The Magic Flute|Wolfgang Amadeus Mozart; Don Giovanni|Wolfgang Amadeus Mozart;
The Marriage of Figaro|Wolfgang Amadeus Mozart; Fur Elise|Ludwig van Beethoven;
the Moonlight Sonata|Ludwig van Beethoven; the Ode to Joy|Ludwig van Beethoven; The Four Seasons|Antonio Vivaldi;
the Brandenburg Concertos|Johann Sebastian Bach; Swan Lake|Pyotr Tchaikovsky; The Nutcracker|Pyotr Tchaikovsky;
The Blue Danube|Johann Strauss II; Carmen|Georges Bizet; Aida|Giuseppe Verdi; La Traviata|Giuseppe Verdi;
Tosca|Giacomo Puccini; Madama Butterfly|Giacomo Puccini; The Barber of Seville|Gioachino Rossini;
The Ring of the Nibelung|Richard Wagner; Messiah|George Frideric Handel; The Planets|Gustav Holst;
Bolero|Maurice Ravel; Clair de Lune|Claude Debussy; Peer Gynt|Edvard Grieg; The Rite of Spring|Igor Stravinsky;
Peter and the Wolf|Sergei Prokofiev; The Creation|Joseph Haydn; Rhapsody in Blue|George Gershwin;
the New World Symphony|Antonin Dvorak; Pictures at an Exhibition|Modest Mussorgsky;
The Carnival of the Animals|Camille Saint-Saens; Finlandia|Jean Sibelius; Thriller|Michael Jackson;
Imagine|John Lennon; Bohemian Rhapsody|Freddie Mercury; Yesterday|Paul McCartney
""")

FOUNDERS = pairs("""
Microsoft|Bill Gates and Paul Allen; Apple|Steve Jobs, Steve Wozniak and Ronald Wayne; Amazon|Jeff Bezos;
Google|Larry Page and Sergey Brin; Facebook|Mark Zuckerberg; Wikipedia|Jimmy Wales and Larry Sanger;
NVIDIA|Jensen Huang, Chris Malachowsky and Curtis Priem; IKEA|Ingvar Kamprad; Ford|Henry Ford;
Nintendo|Fusajiro Yamauchi; the Red Cross|Henry Dunant; Tesla Motors|Martin Eberhard and Marc Tarpenning;
SpaceX|Elon Musk; the Scouts|Robert Baden-Powell; the GNU project|Richard Stallman;
Intel|Robert Noyce and Gordon Moore; Hewlett-Packard|Bill Hewlett and David Packard; Adidas|Adolf Dassler;
Walmart|Sam Walton; Netflix|Reed Hastings and Marc Randolph
""")

WORK = pairs("""
Albert Einstein|physicist; Isaac Newton|physicist; Marie Curie|physicist and chemist; Charles Darwin|naturalist;
Galileo Galilei|astronomer; Leonardo da Vinci|painter and inventor; Mozart|composer; Beethoven|composer;
Shakespeare|playwright; Picasso|painter; Vincent van Gogh|painter; Plato|philosopher; Aristotle|philosopher;
Socrates|philosopher; Confucius|philosopher; Napoleon|general and emperor of France; Julius Caesar|Roman general;
Cleopatra|queen of Egypt; Alan Turing|mathematician; Euclid|mathematician; Pythagoras|mathematician;
Archimedes|mathematician; Carl Friedrich Gauss|mathematician; Ada Lovelace|mathematician;
Grace Hopper|computer scientist; Pele|footballer; Lionel Messi|footballer; Muhammad Ali|boxer; Usain Bolt|sprinter;
Roger Federer|tennis player; Serena Williams|tennis player; Michael Jordan|basketball player; Charlie Chaplin|actor;
Marilyn Monroe|actress; Elvis Presley|singer; Edith Piaf|singer; Louis Armstrong|jazz musician;
Bob Dylan|songwriter; Neil Armstrong|astronaut; Yuri Gagarin|cosmonaut; Florence Nightingale|nurse;
Sigmund Freud|psychologist; Louis Pasteur|chemist; Nikola Tesla|inventor; Thomas Edison|inventor;
Christopher Columbus|explorer; Marco Polo|traveller and merchant; Vasco da Gama|explorer; James Cook|explorer;
Roald Amundsen|polar explorer; Edmund Hillary|mountaineer; Amelia Earhart|pilot; Gutenberg|printer;
Coco Chanel|fashion designer; Antoni Gaudi|architect; Le Corbusier|architect; Frida Kahlo|painter;
Johann Sebastian Bach|composer; Rembrandt|painter; Stephen Hawking|physicist; Donald Knuth|computer scientist;
Alfred Hitchcock|film director; Walt Disney|film maker; Steven Spielberg|film director; Jane Goodall|zoologist;
Michelangelo|sculptor and painter;
Taylor Swift|singer; Beyonce|singer; Madonna|singer; Michael Jackson|singer; Freddie Mercury|singer; John Lennon|musician; Paul McCartney|musician; Bob Marley|musician; Jimi Hendrix|guitarist; David Bowie|singer; Lady Gaga|singer; Adele|singer; Elton John|singer; Justin Bieber|singer; Rihanna|singer; Ed Sheeran|singer; Elon Musk|entrepreneur; Bill Gates|entrepreneur; Steve Jobs|entrepreneur; Jeff Bezos|entrepreneur; Mark Zuckerberg|entrepreneur; Henry Ford|car maker; Jensen Huang|entrepreneur; Sam Altman|entrepreneur; Warren Buffett|investor; Cristiano Ronaldo|footballer; Diego Maradona|footballer; Zinedine Zidane|footballer; David Beckham|footballer; LeBron James|basketball player; Tiger Woods|golfer; Rafael Nadal|tennis player; Novak Djokovic|tennis player; Steffi Graf|tennis player; Michael Phelps|swimmer; Michael Schumacher|racing driver; Lewis Hamilton|racing driver; Magnus Carlsen|chess player; Garry Kasparov|chess player; Tom Hanks|actor; Brad Pitt|actor; Leonardo DiCaprio|actor; Emma Watson|actress; Angelina Jolie|actress; Daniel Radcliffe|actor; Audrey Hepburn|actress; Robert De Niro|actor; Meryl Streep|actress; Will Smith|actor; George Lucas|film director; Stanley Kubrick|film director; Quentin Tarantino|film director; Hayao Miyazaki|film director; J. K. Rowling|writer; Stephen King|writer; Agatha Christie|writer; J. R. R. Tolkien|writer; Jane Austen|writer; Charles Dickens|writer; Leo Tolstoy|writer; Franz Kafka|writer; George Orwell|writer; Mark Twain|writer; Ernest Hemingway|writer; Johann Wolfgang von Goethe|poet; Homer|poet; Dante Alighieri|poet; Hans Christian Andersen|writer of fairy tales; Astrid Lindgren|writer of children's books; Virginia Woolf|writer; Oscar Wilde|writer; Edgar Allan Poe|writer; Jules Verne|writer; Isaac Asimov|writer; Claude Monet|painter; Salvador Dali|painter; Andy Warhol|artist; Gustav Klimt|painter; Johannes Vermeer|painter; Raphael|painter; Henri Matisse|painter; Paul Cezanne|painter; Banksy|street artist; Auguste Rodin|sculptor; Frederic Chopin|composer; Franz Schubert|composer; Richard Wagner|composer; Giuseppe Verdi|composer; Pyotr Tchaikovsky|composer; Antonio Vivaldi|composer; Joseph Haydn|composer; Tim Berners-Lee|computer scientist; Linus Torvalds|programmer; Guido van Rossum|programmer; Dennis Ritchie|computer scientist; Geoffrey Hinton|computer scientist; Yann LeCun|computer scientist; Yoshua Bengio|computer scientist; Demis Hassabis|AI researcher; Claude Shannon|mathematician; John von Neumann|mathematician; Leonhard Euler|mathematician; Emmy Noether|mathematician; Kurt Godel|logician; Richard Feynman|physicist; Niels Bohr|physicist; Max Planck|physicist; Werner Heisenberg|physicist; Erwin Schrodinger|physicist; Enrico Fermi|physicist; Robert Oppenheimer|physicist; Michael Faraday|physicist; James Clerk Maxwell|physicist; Nicolaus Copernicus|astronomer; Johannes Kepler|astronomer; Edwin Hubble|astronomer; Carl Sagan|astronomer; Alexander Fleming|physician; Gregor Mendel|monk who found the laws of heredity; Carl Linnaeus|botanist; Alexander von Humboldt|naturalist; Immanuel Kant|philosopher; Friedrich Nietzsche|philosopher; Rene Descartes|philosopher; Karl Marx|philosopher; Ludwig Wittgenstein|philosopher; Adam Smith|economist; John Maynard Keynes|economist; Martin Luther|monk and reformer; Martin Luther King|leader of the American civil rights movement; Rosa Parks|civil rights activist; Nelson Mandela|fighter against apartheid and president of South Africa; Mahatma Gandhi|leader of India's independence movement; Mother Teresa|nun who cared for the poor; Greta Thunberg|climate activist; Malala Yousafzai|activist for girls' education; Anne Frank|girl who wrote a diary in hiding; Joan of Arc|French heroine; Alexander the Great|king of Macedon and conqueror; Genghis Khan|Mongol ruler; Augustus|Roman emperor; Nero|Roman emperor; Charlemagne|emperor; Louis XIV|king of France; Queen Victoria|queen of Britain; Elizabeth II|queen of Britain; Otto von Bismarck|German chancellor; Winston Churchill|British prime minister; Margaret Thatcher|British prime minister; Angela Merkel|German chancellor; Charles de Gaulle|French president; Abraham Lincoln|president of the United States; George Washington|president of the United States; John F. Kennedy|president of the United States; Barack Obama|president of the United States; Donald Trump|president of the United States; Joe Biden|president of the United States; Adolf Hitler|dictator of Nazi Germany; Joseph Stalin|dictator of the Soviet Union; Lenin|revolutionary; Che Guevara|revolutionary; Fidel Castro|ruler of Cuba; Mao Zedong|ruler of China; Mikhail Gorbachev|leader of the Soviet Union; Ferdinand Magellan|explorer; David Livingstone|explorer; Ernest Shackleton|polar explorer; Buzz Aldrin|astronaut; Valentina Tereshkova|cosmonaut; Laika|dog that flew into space; William the Conqueror|king of England; Henry VIII|king of England; Spartacus|leader of a slave revolt; Hannibal|general of Carthage; Lianmin Zheng|computer scientist, an author of SGLang; Ion Stoica|computer scientist
""")

FIRSTS = pairs("""
the first president of the United States|George Washington;
the third president of the United States|Thomas Jefferson;
the sixteenth president of the United States|Abraham Lincoln;
the president who ended slavery in the United States|Abraham Lincoln;
the first black president of South Africa|Nelson Mandela;
the first black president of the United States|Barack Obama;
the leader of India's independence movement|Mahatma Gandhi; the first prime minister of India|Jawaharlal Nehru;
the first emperor of Rome|Augustus; the first chancellor of united Germany in 1871|Otto von Bismarck;
the British prime minister during most of the Second World War|Winston Churchill;
the first woman to be prime minister of Britain|Margaret Thatcher;
the first woman to be chancellor of Germany|Angela Merkel; the queen of Britain from 1837 to 1901|Queen Victoria;
the queen of Britain from 1952 to 2022|Elizabeth II; the Sun King of France|Louis XIV;
the explorer who reached America in 1492|Christopher Columbus;
the first person to reach the South Pole|Roald Amundsen;
the first people on top of Mount Everest|Edmund Hillary and Tenzing Norgay;
the captain whose expedition first sailed round the world|Ferdinand Magellan;
the first person to sail from Europe round Africa to India|Vasco da Gama;
the first woman to fly alone across the Atlantic|Amelia Earhart; the first woman to win a Nobel Prize|Marie Curie;
the founder of psychoanalysis|Sigmund Freud; the founder of modern nursing|Florence Nightingale;
the teacher of Plato|Socrates; the teacher of Alexander the Great|Aristotle; the father of geometry|Euclid;
the father of computer science|Alan Turing; the detective who lives at 221B Baker Street|Sherlock Holmes;
the friend of Sherlock Holmes|Doctor Watson; the boy who never grows up|Peter Pan;
the outlaw of Sherwood Forest|Robin Hood; the king with the sword Excalibur|King Arthur;
the wizard of King Arthur|Merlin; the Greek god of the sea|Poseidon; the king of the Greek gods|Zeus;
the Greek goddess of wisdom|Athena; the Greek goddess of love|Aphrodite; the Greek god of the sun and music|Apollo;
the Roman god of war|Mars; the Roman goddess of love|Venus; the king of the Roman gods|Jupiter;
the Norse god of thunder|Thor; the father of Thor|Odin; the hero with the weak heel|Achilles;
the strongest hero of Greek myth|Heracles; the monster with snakes for hair|Medusa;
the wooden boy whose nose grows|Pinocchio; the girl with glass slippers|Cinderella;
the girl with the seven dwarfs|Snow White; the most famous mouse of cartoons|Mickey Mouse;
the snowman in Frozen|Olaf; the toy cowboy in Toy Story|Woody; the clownfish that was lost in a film|Nemo
""")


def _titled(work: str) -> str:
    return article(work)


def _works() -> tuple[tuple[str, str], ...]:
    first: dict[str, str] = {}
    for title, author in BOOKS:
        first.setdefault(author, title)
    return tuple(first.items())


RELATIONS = (
    Relation(
        "author",
        "literature",
        BOOKS,
        "the author of {s}",
        (
            "Who wrote {s}?",
            "Who is the author of {s}?",
            "Who's the writer of {s}?",
            "By whom is {s}?",
            "{s} was written by whom?",
            "Which author wrote {s}?",
        ),
        say="{s} was written by {o}.",
        kind="title",
        ask="Who",
    ),
    Relation(
        "book by",
        "literature",
        _works(),
        "a book by {s}",
        (
            "Name a book by {s}.",
            "What did {s} write?",
            "Which book did {s} write?",
            "Name a work by {s}.",
            "What is a famous work by {s}?",
        ),
        say="{s} wrote {o}.",
        kind="person",
    ),
    Relation(
        "inventor",
        "history of science",
        INVENTIONS,
        "the inventor or discoverer of {s}",
        (
            "Who invented {s}?",
            "Who discovered {s}?",
            "Who came up with {s}?",
            "Who gave us {s}?",
            "{s} goes back to whom?",
            "Who is behind {s}?",
        ),
        say="{s} goes back to {o}.",
        kind="gadget",
        ask="Who",
    ),
    Relation(
        "painter",
        "art",
        PAINTINGS,
        "the artist who made {s}",
        (
            "Who painted {s}?",
            "Who made {s}?",
            "Which artist made {s}?",
            "Who is the artist of {s}?",
            "{s} is a work by whom?",
        ),
        say="{s} is a work by {o}.",
        kind="title",
        ask="Who",
    ),
    Relation(
        "composer",
        "music",
        MUSIC,
        "the composer of {s}",
        ("Who composed {s}?", "Who wrote the music of {s}?", "By whom is the piece {s}?", "Which composer wrote {s}?"),
        say="{s} was composed by {o}.",
        kind="title",
        ask="Who",
    ),
    Relation(
        "founder",
        "business",
        FOUNDERS,
        "the founder of {s}",
        ("Who founded {s}?", "Who started {s}?", "Who set up {s}?"),
        say="{s} was founded by {o}.",
        kind="company",
        ask="Who",
    ),
    Relation(
        "work",
        "history",
        tuple((s, _titled(o)) for s, o in WORK),
        "the occupation of {s}",
        ("Who was {s}?", "What was {s} known as?", "What did {s} do?", "Who is {s}?", "What is {s} famous as?"),
        say="{s} is known as {o}.",
        kind="person",
    ),
    Relation("first", "history", FIRSTS, "{s}", ask="Who"),
)
