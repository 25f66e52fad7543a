"""The ways in which a judge gives a number in a sentence, as expressions; each ends right before the number.

`prose` reads them, and `neutral` takes them apart in a candidate's text, so that what the one knows the other knows.
"""

from __future__ import annotations

from sctk_core.parsing.figures import NUMBER, WORDS

_TEXT = (
    r"(?:response|answer|reply|output|text|completion|draft|submission|essay|summary|translation|story|poem|letter|email|"
    r"explanation|code|solution)"
)
_WHOSE = r"(?:(?:assistant|model|candidate|student|ai|ai assistant|chatbot|bot|system)'s )?"
THIS = rf"(?:(?:the|this) {_WHOSE}{_TEXT}|it|this one|this|that)"
HOW = (
    r"(?: (?:overall|total|final|solid|strong|weak|fair|good|high|low|clear|decent|perfect|generous|firm|clean|modest|respectable|"
    r"very \w+))?"
)
_OF = r"(?: (?:score|rating|grade|mark)(?: of| is|(?=:)))?\s*:?(?: a)?\s+"
_ENDS = r"(?:lowest|highest|minimum|maximum|top|best|worst|full)(?: possible)? (?:score|rating|grade|mark|marks)"
_MOST = rf"(?: the {_ENDS}(?: of|\s?:|,)?)?"
ABOUT = (
    r"(?:about|around|roughly|approximately|probably|approx\.|circa|ca\.|etwa|ungefähr|rund|environ|alrededor de|cerca de|"
    r"около|примерно|大约|大概|約|约|およそ)"
)
"""A hedge of so little weight that the number is still the judge's."""
FIGURE = rf"(?=[*_`\"'(\[（［|\s]{{0,6}}(?:{ABOUT} (?:an? )?|[~≈]\s?)?(?:[-+]?[\d.½¼¾]|(?:minus|negative) \d|{WORDS}))"
_VERBS = (
    r"(?:gave|given|awarded|assigned|rated|scored|graded|decided on|decided to give|settled? (?:on|for)|chose|went with|think|"
    r"give|rate|score|grade|award|assign|say|go (?:with|for)|choose|arrive at|land on|place(?= .{1,40} at\b)|"
    rf"put(?= {THIS} at\b)|evaluate|judge|mark|call|estimate|assess|be inclined to give|have to give|"
    r"(?:come to|came to|end(?:ed)? up (?:with|at))(?= an? (?:(?:overall|final) |(?:score|rating) of )))"
)
MOVES = rf"(?:lower|raise|reduce|increase|bring) {THIS} (?:up |down |back )?to"
_I = r"(?:i (?:think|guess|believe|suppose)(?: that)? (?=i\b))?"
_I += r"(?:i|we)(?:'ve|'d|'ll| have| would| will| shall| must| can only)? (?:\w+ly |therefore |thus |still |hence |also |then )?"
_IM = r"(?:i'm|i am|we are|we're) (?:going with|giving|rating|assigning|awarding|settling (?:on|for))|giving(?= (?:it|this)\b)"
PART = (
    r"(?:tone|style|clarity|accuracy|correctness|grammar|spelling|length|structure|format|formatting|writing|language|relevance|"
    r"coherence|completeness|depth|detail|logic|organi[sz]ation|creativity|originality|content|form|helpfulness|harmlessness|honesty|"
    r"safety|fluency|consistency|conciseness|brevity|readability|first|second|third|last|other|user|author|film|movie|book|product|"
    r"question|prompt|request|title|introduction|conclusion|ending|beginning|opening)\b"
)
_OBJECT = rf"(?: {THIS}| (?:the|this) (?!{PART}){_WHOSE}\w+)?"
GIVES = (
    rf"(?:(?:{_I}(?:{_VERBS}|{MOVES})|{_IM}|rated){_OBJECT}"
    rf"(?: (?:an?|as|as an?|at|at an?|with|with an?))?{HOW}{_MOST}{_OF}{FIGURE})"
)
_THINKS = r"(?:i(?:'d| would)? (?:say|think|believe|feel|consider)(?: that)? )?"
_GETS = (
    r"(?:scores|gets|earns|deserves|receives|merits|warrants|achieves|obtains|is worth|rates|comes in at|stands at|"
    r"(?:is|was|can be|is best) (?:rated|scored|graded|given|awarded|assigned)(?: as| at)?)"
)
EARNS = rf"{_THINKS}{THIS}(?: \w+ly| therefore| thus)? {_GETS}(?: an?)?{HOW}{_MOST}{_OF}{FIGURE}"
FITS = rf"{_THINKS}an?{HOW} (?:score|rating|grade|mark) of {FIGURE}"
FITTING = (
    r"\s*(?:is|seems|feels|sounds|would be|looks) (?:about |just )?"
    r"(?:fair|right|appropriate|justified|reasonable|warranted|deserved|fitting)\b"
)
_FAIR = r"\s(?:is|seems|would be) (?:fair|appropriate|justified|reasonable|warranted|deserved|fitting)\b"
FEELS = rf"(?:{_THINKS}an?{HOW} (?={NUMBER}(?:\s?/\s?\d+)?{FITTING})|{_THINKS}(?:and |but )?(?={NUMBER}(?:\s?/\s?\d+)?{_FAIR}))"
"""What a number fits: "a 3 feels right"."""
_ISES = r"(?:'s| is|(?<=that) makes|(?:(?<=that)|(?<=this)) makes it)(?: an?)?"
IS = rf"(?:{_THINKS}{THIS}{_ISES}{HOW}|(?:an? )?(?:solid|strong|weak|fair|good|easily|clearly)) {FIGURE}"
_PARTY = rf"(?:the|this) {_WHOSE}(?:response|reply|output|draft|submission|essay|story|poem)"
CALLS = (
    rf"(?:(?:i(?:'d| would)? (?:say|think|believe|feel)(?: that)? {THIS}(?:'s| is)|{_PARTY} is|"
    rf"this is(?= an? (?:solid|strong|weak|clear|firm|decent|fair) )|"
    rf"{THIS} (?:can only be|has to be|must be)|"
    r"(?:so|hence|thus|therefore),? (?:it's|it is|this is|that's|that is|that makes it|this makes it))"
    rf"(?: {ABOUT})? an?{HOW} {FIGURE}|"
    rf"(?:so|hence|thus|therefore),? an?{HOW}(?: (?:score|rating|grade|mark) of)? {FIGURE}|"
    rf"(?:for me|to me|in my (?:view|opinion|book)),? {THIS}(?:'s| is) an?{HOW} {FIGURE}|"
    rf"(?:so|hence|therefore),? (?:full marks|the {_ENDS})\s?[:,]? {FIGURE}|"
    rf"an?{HOW} (?={NUMBER}(?:\s?/\s?\d+)? from me\b))"
)
"""With its article the number is a mark, with or without a scale: "I think it's a 4", "the response is a solid 4"."""
_LEVEL = r"(?:a |the )?(?:score|rating|grade|level)(?: of)?"
MEETS = (
    rf"{THIS} (?:(?:corresponds to|results in|leads to|gives|yields|warrants|falls (?:into|under)|fits|matches) (?:a |an |the )?"
    r"(?:(?:final|overall|total) )?(?:score|rating|grade|level)(?: of)?|"
    rf"(?:meets|fits|matches) the (?:criteria|requirements|description) (?:for|of) {_LEVEL}) {FIGURE}"
)
"""What the rubric says of the reply: "this corresponds to a score of 3"."""
EARNED = (
    rf"(?:(?:earning|earns|bringing|brings|putting|puts|which gives) {THIS}(?: (?:down|up))?(?: (?:an?|at|to|at an?|to an?))?|"
    rf"resulting in an?|for an?(?= (?:total|final|overall)))(?: (?:final|overall|total))?(?: score of)? {FIGURE}"
)
"""What a fault or a merit brings the reply to: "the wrong date brings it down to a 3"."""
_WOULD_GET = r"(?:would|should) (?:therefore |thus |then )?(?:get|receive|earn|score|merit|be (?:rated|scored|graded)(?: as| at)?)"
WOULD = rf"{THIS} {_WOULD_GET}(?: an?)?{HOW}{_OF}{FIGURE}"
"""What the reply would get: its score where nothing stands against it, neither before nor behind."""
WOULD_GIVE = rf"(?:that )?i(?: would|'d|'ll| will)? (?:give|assign)(?: (?:to )?{THIS})?"
"""Between a label and its copula: "the score I would give it is 4"."""
LEAVES = rf"(?:(?:which|that) leaves|leaving)(?: it at)?(?: an?)?(?: (?:score|total) of)? {FIGURE}"
DEDUCTS = r"\b(?:deduct|subtract|dock|minus|lose|loses|take off|taking off|took off|knock)"
