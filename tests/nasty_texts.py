"""Texts that mean something to a page, a script, a shell, a table, a terminal or a path, and are to mean nothing."""

PWNED = "window.pwned=1"

NASTY_NAMES = [
    "<unknown> - Track 01",
    "Best of <results>",
    f"<script>{PWNED}</script>",
    f"</script><script>{PWNED}</script>",
    f"<img src=x onerror={PWNED}>",
    f"\"'><svg onload='{PWNED}'>",
    f"</title></style></textarea><script>{PWNED}</script>",
    f"<!--<script>{PWNED}//",
    f"javascript:{PWNED}",
    f"`${{{PWNED}}}`",
    f"';{PWNED};//",
    f"\\u003cscript\\u003e{PWNED}",
    "&lt;b&gt; & &amp; &#60;",
    "{{7*7}} {% raise %} ${7*7} #{7*7}",
    "{} {{x}} {a b} {a[0]!r} {x,} {wildcards.track} {input} \\ #'",
    "$(touch pwned) `touch pwned` ; touch pwned & touch pwned | touch pwned > pwned",
    "-rf --help",
    "%s %n %(message)s %d",
    "=HYPERLINK(1) +1 @SUM(1)",
    "..",
    "../../pwned",
    "/etc/passwd",
    "~root $HOME %PATH%",
    "?" * 22,
    "Intro - - - - ...",
    "*.wav",
    "\U0001f3b5 \U0001f468‍\U0001f469‍\U0001f467 \u202edrow\u202c",
    "cafe\u0301",
    "caf\u00e9",
    "l" * 250,
    "NUL.txt ",
    "0",
    "None",
]
"""One line of text each."""

NASTY_TEXTS = [
    *NASTY_NAMES,
    "\x1b[2J\x1b]0;pwned\x07\x1b[31mred",
    "\x9b31m\x90\x9c\x08\x08\x7f\r",
    "two\nlines\nerror: all is well",
    "a\ttab\x0b\x0c\x85\u2028\u2029",
    "\x00nul",
    "]]> <![CDATA[ ]]>",
]
"""What stands in tags and messages, which may be more than a line."""
