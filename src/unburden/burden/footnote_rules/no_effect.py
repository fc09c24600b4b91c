"""Rules for footnotes that change neither who, how often, where nor when; and for gaps of the source."""

from unburden.burden.footnote_rules.rule import make_rule

_MEASURED = (
    r"(?:blood pressure|heart rate|pulse|temperature|respirat\w+|h(?:a)?emoglobin|h(?:a)?ematocrit"
    r"|platelets?|creatinine"
    r"|bilirubin|albumin|glucose|sodium|potassium|alt|ast|height|weight|bmi|demograph\w*|history|smoking"
    r"|medications?"
    r"|questionnaires?|scores?|scales?|index|antibod\w+|serolog\w+|serum|plasma|urine|blood|tissue|dna"
    r"|rna|biomarkers?"
    r"|chemistry|h(?:a)?ematology|urinalysis|coagulation|ecgs?|mri|ct|x-?ray|echocardiogra\w+|lvef"
    r"|cardiac|weight loss|criteria"
    r"|pharmacokinetics?|pk|immunogenicity|vital signs?|physical exam\w*|neurologic\w*|swabs?|dipstick"
    r"|crp|inr|aptt)"
)

SOURCE_GAPS = (
    make_rule(
        "not-printed",
        "not-understood",
        r"\b(?:not printed|not legible|illegible|not (?:defined|explained|shown) in the source"
        r"|no text is legible)\b|\bprinted on\b",
        "the source does not print the note; counted as always done",
        reads_reports=True,
    ),
)
"""Rules over a whole note that come before all others: what cannot be read is not classified."""

NO_EFFECT = (
    make_rule(
        "reporting",
        "no-effect",
        r"\b(?:saes?|aes?|aesis?|adverse (?:events?|drug)|medications?|therap(?:y|ies)|abnormalit\w+"
        r"|findings?|results?|changes?|death"
        r"|toxicit\w+|events?)\b.{0,160}\b(?:report|record|document|captur|collect|monitor|follow|notif"
        r"|grad|register)"
        r"|\b(?:e?crfs?|case report forms?)\b|\b(?:report|record|document|captur|collect"
        r"|notif)\w*\b.{0,160}\b(?:saes?|aes?|adverse events?"
        r"|medications?|therap(?:y|ies)|abnormalit\w+)\b",
        "what is reported",
        reads_reports=True,
    ),
    make_rule(
        "content",
        "no-effect",
        r"\b(?:includ\w+|consists?|comprises?|contains?|composed|measur\w+|parameters?|evaluat\w+"
        r"|assess\w+|consisting)\b",
        "what it contains",
        reads_reports=True,
    ),
    make_rule(
        "definition",
        "no-effect",
        r"\b(?:defined (?:as|by|in)|is defined|refers? to|means|is (?:a|an|the|\d{1,3} days)|equals?"
        r"|denotes?|abbreviat\w+|depends? on|based on)\b"
        r"|^\w[\w /()-]{2,40}[:=]",
        "a definition",
        reads_reports=True,
    ),
    make_rule(
        "recording",
        "no-effect",
        r"\b(?:record\w*|document\w*|collect\w*|register\w*|report\w*|captur\w*|review\w*|enter(?:ed)?"
        r"|not(?:e|ed)|check)\b",
        "what is recorded",
        reads_reports=True,
    ),
    make_rule(
        "reference",
        "no-effect",
        r"\b(?:see|refer|described|outlined|detailed|specified|listed|according to|per|following"
        r"|accordance with|as in)\b.{0,30}"
        r"\b(?:section|appendix|table|figure|protocol|manual|local|recist|study|guidelines?"
        r"|instructions?|criteria|attachment|schedule)\b"
        r"|\b(?:section|appendix|table|attachment|figure)s? [\d(a-z]",
        "a cross reference",
        reads_reports=True,
    ),
    make_rule(
        "conduct",
        "no-effect",
        r"\b(?:performed|done|completed|administered|used|obtained|discharged|sent|shipped|analy[sz]ed"
        r"|stored|retained|provided|dispensed|discuss"
        r"|instruct\w*|explained|single|consent\w*|shoes|position\w*|seated|supine|preferred"
        r"|randomi[sz]\w+|adapted|accepted|calculated|signed"
        r"|investigator|physician|nurse|sister|central|laborator\w+|device|method|tubes?|kits?|version"
        r"|assigned|using|conducted|carried out|checked|counted|scored|rated|graded|sign|signs|taken"
        r"|made|given|rater|operator|staff|pharmacist"
        r"|trained|qualified|authori[sz]ed|representative|instrument|machine|software|template|form"
        r"|diary|diaries|required|compliance|dose|cohorts?)\b",
        "how or by whom it is done",
        reads_reports=True,
    ),
    make_rule(
        "measured",
        "no-effect",
        rf"\b{_MEASURED}\b",
        "what is measured",
        reads_reports=True,
    ),
    make_rule(
        "how-done",
        "no-effect",
        r"\b(?:will|should|may|must|can|shall|need to|has to|have to) (?:not )?(?:be |have )?[a-z]{3,20}\b"
        r"|\b(?:is|are|was|were|to be) (?:not )?[a-z]{2,20}(?:ed|en|wn|ung|pt|de)\b"
        r"|^\W{0,3}(?:ensure|ask|inform|educate|train|remind|calculate|verify|confirm|use|monitor|obtain"
        r"|discuss)\b",
        "something about how it is done",
        reads_reports=True,
    ),
    make_rule(
        "prose",
        "no-effect",
        r"\b(?:for|of|both|by|with|without|the|an?|either|to|goes|all|any|only)\b(?:\W+\w+){2,}",
        "words about it that change nothing",
        unless=r"^\W{0,3}\w{1,12}\W{0,3}$|\bcontinued on\b|\bto be (?:determined|decided|defined)\b",
        reads_reports=True,
    ),
    make_rule(
        "names",
        "no-effect",
        r"^\W{0,3}[\w/+() -]{1,50}(?:, (?:and |or )?[\w/+() -]{1,50}){1,15}\W{0,3}$",
        "a list of what is measured",
        reads_reports=True,
    ),
)
