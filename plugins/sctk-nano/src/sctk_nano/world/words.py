"""What the world can name, and which split owns each word.

Three splits that share no film, aspect or object: `world` (what the model was trained on), `prompts` (what runs ask
about) and `held-out` (what evaluation asks about). Aspects and objects are held out as words, which the model can only
copy from the prompt; film names are held out as combinations of syllables, by a hash of the name.
"""

import hashlib
import random
from typing import Literal, get_args

Split = Literal["world", "prompts", "held-out"]
SPLITS: tuple[Split, ...] = get_args(Split)

# What a review can be asked to talk about: always "the ASPECT was", so singular.
ASPECTS: dict[Split, tuple[str, ...]] = {
    "world": tuple(
        """
        accent acting animation atmosphere banter baker battle bear butler camerawork captain casting chase chemistry
        chemist choir choreography cinematography clown colour comedy courtroom costume cowboy dance desert design
        detective direction doctor dog drama drumming duel editing ending epilogue farmer festival fiddler flashback
        forest gardener general ghost giant gossip heist hero horse hotel humour interview irony island journey judge
        kitchen landscape lighting lullaby magician makeup melody message monologue monster mood moral motif music
        narrator nephew nurse orchestra pacing painter parade parrot photography pilot pirate plot poetry premise
        prince prologue puppet queen rainstorm rescue rhythm riddle robbery romance sailor satire scenery screenplay
        setting silence singing snowfall soldier sound spaceship stuntwork submarine subplot surgeon suspense swordplay
        symbolism tailor tempo theme thunder tiger title tone tragedy trial twist uncle voiceover volcano waltz wardrobe
        wedding widow wilderness wizard wolf workshop
        """.split()
    ),
    "prompts": tuple(
        """
        argument burglar carnival cast climax cook cottage dialogue dragon elephant finale fisherman garden hunter
        juggler lawyer lighthouse mystery narration opening pianist porter script shipwreck soundtrack spy stagecraft
        train villain violinist
        """.split()
    ),
    "held-out": tuple(
        """
        aunt ballet blizzard bridge castle circus confession dancer dinner explorer fencing fog gambler hospital
        janitor jungle knight masquerade miner pageant poet robot score sheriff story teacher trumpet vampire visuals
        witness
        """.split()
    ),
}

# What a request can be about: things that one owns, cleans, sells or steals; each takes "a".
OBJECTS: dict[Split, tuple[str, ...]] = {
    "world": tuple(
        """
        backpack banjo barrel barrow basket bathtub beehive bench bicycle birdcage blanket blender bookcase bracelet
        briefcase broom bucket cabinet cactus camera candlestick canoe caravan carpet cello chair chandelier chessboard
        clock coat compass cradle cushion desk diary doll doorbell drill drum fence flagpole flute football fountain
        freezer gate globe gramophone hammer hammock handbag harp hat helmet jacket kennel kettle ladder lamp laptop
        lawnmower letterbox locket mattress microscope mirror motorbike mower necklace notebook oven paddle painting
        parasol perfume phone pillow plough printer projector pushchair quilt radio rug saddle scarf scooter sculpture
        shed sideboard signpost skateboard sledge sofa stool suitcase surfboard table tablet tapestry teapot television
        tent toaster toolbox tractor tricycle trolley vase waistcoat wallet watercolour weathervane wheelchair whisk
        whistle
        """.split()
    ),
    "prompts": tuple(
        """
        bassoon bonnet bookshelf bracket carriage cassette cupboard dinghy dresser footstool fridge guitar headset
        jug keyboard lantern mandolin medal microwave moped parcel pram ring spanner statue stove typewriter
        vacuum wagon washbowl
        """.split()
    ),
    "held-out": tuple(
        """
        bagpipe binder brooch calculator cane clarinet casserole dishwasher dollhouse goblet gong
        greenhouse kayak kite lectern mug pendant piano rucksack rake sandpit snowboard sundial telescope
        tiara trombone thimble trellis van violin
        """.split()
    ),
}

STARTS = "Ba Bel Cor Da Del Fen Gar Hal Ira Jo Kal Ka Lor Lu Mar Mi Nor Ora Pel Qui Ra Ros Sel Tam Tor Ul Va Vor Wen Zan".split()
MIDDLES = "ba da di fe ga li lo ma mi na no ra re ri sa ta ti va ve zo".split()
ENDS = "bor dan del don fin gar lan lis mar mon nor rel ric sha sta tan tor vel wyn zar".split()
THINGS = "Bells Bridges Children Gardens Ghosts Lanterns Letters Rivers Roads Secrets Shadows Songs Stars Towers Winters".split()


def split_of(name: str) -> Split:
    """The split that owns a film name: 7 of 10 names are the world's, the rest are shared by the other two.

    >>> split_of("Norfedan") == split_of("Norfedan")
    True
    """
    bucket = hashlib.blake2b(name.encode(), digest_size=4).digest()[0] % 20
    return "world" if bucket < 14 else "prompts" if bucket < 17 else "held-out"


def film_name(split: Split, rng: random.Random) -> str:
    """An invented name of three syllables that belongs to `split`."""
    while True:
        name = rng.choice(STARTS) + rng.choice(MIDDLES) + rng.choice(ENDS)
        if split_of(name) == split:
            return name


def film(split: Split, rng: random.Random) -> str:
    """A film title: an invented name, alone or with a thing before it."""
    name = film_name(split, rng)
    return name if rng.random() < 0.6 else f"{rng.choice(THINGS)} of {name}"
