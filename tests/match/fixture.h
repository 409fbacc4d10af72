/*
 * People made up for tests: each person is told one to three times, with slips, and who is who is known.
 */
#ifndef TESTS_MATCH_FIXTURE_H
#define TESTS_MATCH_FIXTURE_H

#include "match/match_internal.h"

/* A frame with the plan and the words that a linkage of it begins with. */
struct fixture {
    struct match_frame *f;
    uint32_t *person;
    struct match_plan plan;
    struct match_words words;
    struct match_search s;
};
void fixture_start(struct fixture *x, unsigned records, bool across);
void fixture_of(struct fixture *x, struct match_frame *f); /* takes ${f} */
void fixture_stop(struct fixture *x);
/* fixture_crowd: as fixture_people, of few names and places, so that blocks soon are too large. */
struct match_frame *fixture_crowd(unsigned records, bool across, uint32_t **ret_person);
/* Texts of made-up words, some of them rare, with names beside: their words make pairs. */
struct match_frame *fixture_texts(unsigned records);
/* fixture_people(records, across, ret_person): given, surname, dob, place, sex; the caller frees both. */
struct match_frame *fixture_people(unsigned records, bool across, uint32_t **ret_person);
struct match_name fixture_name(const char *text);

#endif
