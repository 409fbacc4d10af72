/*
 * People made up for tests: each person is told one to three times, with slips, and who is who is known.
 */
#ifndef TESTS_MATCH_FIXTURE_H
#define TESTS_MATCH_FIXTURE_H

#include "match/match_internal.h"

/* fixture_people(records, across, ret_person): given, surname, dob, place, sex; the caller frees both. */
struct match_frame *fixture_people(unsigned records, bool across, uint32_t **ret_person);
struct match_name fixture_name(const char *text);

#endif
