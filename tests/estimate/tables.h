/*
 * Published capture-history tables and reference values: facts, with their sources.
 *
 * A cell is written as in the sources: one digit per list, 1 = on the list, then the count.
 * kosovo: Kosovo killings, 20 March - 22 June 1999. Ball, Betts, Scheuren, Dudukovich, Asher (2002), report to the
 *   ICTY; table as distributed in the R package LCMCR 0.4.14 (kosovo_aggregate).
 * UK: UK potential victims of trafficking 2013 (six lists). Bales, Hesketh, Silverman 2015; table from R package
 *   SparseMSE 2.0.1 (UKdat).
 * UK5: UK 2013, PF and NCA merged. SparseMSE UKdat_5.
 * Ned: Netherlands trafficking victims (six lists). SparseMSE Ned.
 * Ned5: Netherlands, I and O merged. SparseMSE Ned_5.
 * NewOrl: Greater New Orleans trafficking (eight lists). SparseMSE NewOrl; Bales, Murphy, Silverman 2019.
 * NewOrl5: New Orleans, B E F G merged. SparseMSE NewOrl_5.
 * Artificial3: Artificial table: MLE does not exist for several models (refusal test). SparseMSE Artificial_3;
 *   Chan, Silverman, Vincent, Table 2.
 * hare: Snowshoe hare, six occasions. Rcapture hare (Cormack 1989; Agresti 1994).
 * HIV: HIV, four reporting centres, Rome. Rcapture HIV; Abeni, Brancato, Perucci 1994.
 * spina: Spina bifida, New York 1969-1974, three lists (ethnicity collapsed). R package conting 1.7 (spina);
 *   Madigan & York 1997.
 */
#ifndef TESTS_ESTIMATE_TABLES_H
#define TESTS_ESTIMATE_TABLES_H

#include "estimate/estimate.h"

#include <string.h>

struct tables_entry {
    const char *name;
    unsigned lists;
    const char *cells; /* "1000 1131 0100 845 ..." */
};
static const struct tables_entry tables[] = {
    {"kosovo", 4,
        "1000 1131 0100 845 1100 177 0010 936 1010 228 0110 217 1110 181 0001 306 1001 106 0101 31 1101 18 "
        "0011 123 1011 42 0111 32 1111 27"},
    {"UK", 6,
        "100000 54 010000 463 110000 15 001000 907 101000 19 011000 56 111000 1 000100 695 100100 3 010100 19 "
        "110100 1 001100 69 011100 4 111100 1 000010 316 010010 1 001010 10 000110 8 000001 57 010001 3 "
        "001001 31 011001 3 000101 6 001101 1 000011 1"},
    {"UK5", 5,
        "10000 54 01000 463 11000 15 00100 995 10100 19 01100 62 11100 1 00010 695 10010 3 01010 19 11010 1 "
        "00110 76 01110 4 11110 1 00001 316 01001 1 00101 11 00011 8"},
    {"Ned", 6,
        "100000 352 010000 1299 001000 403 101000 1 011000 1 000100 4466 100100 18 010100 44 001100 59 101100 "
        "4 000010 650 100010 3 001010 2 000110 82 001110 2 000001 632 100001 16 010001 4 001001 57 000101 125 "
        "100101 4 001101 7 000011 2 000111 1"},
    {"Ned5", 5,
        "10000 756 01000 1299 11000 1 00100 4466 10100 81 01100 44 00010 650 10010 5 00110 82 10110 2 00001 "
        "632 10001 73 01001 4 00101 125 10101 11 00011 2 00111 1"},
    {"NewOrl", 8,
        "10000000 25 01000000 5 00100000 70 10100000 1 00010000 33 10010000 2 00110000 1 00001000 6 10001000 "
        "1 00101000 1 00011000 2 10011000 1 00000100 6 01000100 1 00000010 6 00100010 1 10100010 1 00000001 "
        "21 00001001 1"},
    {"NewOrl5", 5,
        "10000 25 01000 24 11000 1 00100 70 10100 1 01100 2 11100 1 00010 33 10010 2 01010 2 11010 1 00110 1 "
        "00001 21 01001 1"},
    {"Artificial3", 3,
        "100 40 010 30 110 6 001 20"},
    {"hare", 6,
        "100000 3 010000 6 001000 5 101000 1 000100 3 100100 2 010100 3 101100 1 000010 4 100010 2 010010 3 "
        "110010 1 101010 1 000110 1 000001 4 100001 1 010001 1 110001 1 001001 2 011001 2 000101 4 010101 3 "
        "001101 1 011101 2 000011 2 010011 1 001011 1 011011 1 000111 1 100111 1 010111 1 011111 1 111111 2"},
    {"HIV", 4,
        "1000 403 0100 545 1100 33 0010 621 1010 20 0110 35 1110 3 0001 205 1001 6 0101 10 1101 1 0011 11 "
        "0111 3"},
    {"spina", 3,
        "100 244 010 48 110 142 001 60 101 111 011 4 111 12"},
};

/* tables_get: the table of that name; ends the test when there is none. */
static inline void tables_get(const char *name, struct estimate_table *ret)
{
    for (size_t i = 0; i < COUNT(tables); i++) {
        if (strcmp(tables[i].name, name) != 0)
            continue;
        *ret = (struct estimate_table){.lists = tables[i].lists, .key = i + 1};
        for (char *at = (char *)(uintptr_t)tables[i].cells; *at != 0;) {
            size_t cell = 0;
            for (unsigned list = 0; list < ret->lists; list++)
                cell |= (size_t)(*at++ - '0') << list;
            ret->cells[cell] = strtoull(at, &at, 10);
            at += *at == ' ';
        }
        return;
    }
    abort();
}

#endif
