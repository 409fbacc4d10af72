/* What stands on a recovery sheet, in both languages, whatever the language of the person who prints it. */
#include "paper/paper_internal.h"

static void say_facts(struct paper_telling *t, const struct paper_sheet *s, enum text_language l)
{
    paper_say(t, PAPER_TITLE, l, "Groundwork recovery sheet %u of %u", s->index, s->count);
    paper_say(t, PAPER_FACT, l, "Repository: %s", s->origin);
    paper_say(t, PAPER_FACT, l, "Pin: %s", s->pin);
    paper_say(t, PAPER_FACT, l, "Set of sheets: %s, made %s", s->set, s->made);
    paper_say(t, PAPER_FACT, l, "Newest checkpoint then: %llu leaves", (unsigned long long)s->leaves);
    paper_say(t, PAPER_FACT, l, "Its root: %s", s->root);
}

static void say_purpose(struct paper_telling *t, const struct paper_sheet *s, enum text_language l)
{
    if (s->needed == 1)
        paper_say(
            t, PAPER_PARAGRAPH, l,
            "This one sheet is enough: whoever has it and a copy of the repository reads everything in it, and can "
            "take its member's place.");
    else
        paper_say(
            t, PAPER_PARAGRAPH, l,
            "Any %u of the %u sheets of this set, with a copy of the repository, give back everything in it and make a "
            "new member when the key file or its passphrase is lost. Fewer tell nothing.",
            s->needed, s->count);
    paper_say(
        t, PAPER_PARAGRAPH, l,
        "Keep it like a key: dry, and apart from the other sheets and from the repository. Do not photograph, scan or "
        "mail it. The sheets work once. When newer ones are made, and every copy of the repository is as new as they, "
        "destroy this one.");
    paper_say(
        t, PAPER_PARAGRAPH, l,
        "To use it: type the six lines, with their numbers, into a text file, in either kind of letters, or let a "
        "camera read the square code into one; one file for each sheet. Then: groundwork recover COPY NEW-FOLDER "
        "FILE... Without files the lines are asked for one by one.");
    paper_say(
        t, PAPER_PARAGRAPH, l,
        "Without this program: each syllable is 6 bits, counted from 0: b d g h j k m n p r s t, each with a e i o u, "
        "then ya ye yo yu. A line is 9 bytes and 12 bits of check. The six lines are: version, sheets needed, sheets, "
        "number of this sheet, 1 byte each; set, 16 bytes; share, 32 bytes; check, 2 bytes. Shares are Shamir's over "
        "GF(2^8) with the polynomial 11d, at x = number of the sheet. What their secret opens stands in Groundwork's "
        "FORMAT.md, 2.6.");
}

int paper_sheet_tell(const struct paper_sheet *s, const struct paper_layout *layout, struct err *e)
{
    static const enum text_language languages[] = {TEXT_ENGLISH, TEXT_KOREAN};
    struct paper_telling t = {.layout = layout};
    for (size_t i = 0; i < COUNT(languages); i++)
        say_facts(&t, s, languages[i]);
    paper_say_code(&t, PAPER_SHEET, s->code);
    for (size_t i = 0; i < COUNT(languages); i++)
        say_purpose(&t, s, languages[i]);
    return t.failed ? err_memory(e) : 0;
}
