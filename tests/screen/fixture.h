#ifndef TESTS_SCREEN_FIXTURE_H
#define TESTS_SCREEN_FIXTURE_H

#include "screen/screen.h"

/* Invented lists in each format. */
extern const char fixture_un[], fixture_sdn[], fixture_alt[], fixture_eu[], fixture_ftm[], fixture_plain[];
struct screen *fixture_screen(void); /* all of them, indexed */

#endif
