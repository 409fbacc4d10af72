/*
 * Screening: is a name on a list?  Lists of persons, organisations and vessels come in, hits with their reasons go out.
 *
 * A hit is a name match and not a finding.  Indexed, names that share no sound, beginning or pair of words with the
 * query
 * are not looked at; exhaustive, every name is compared.  Nothing is remembered between calls.
 */
#ifndef SCREEN_SCREEN_H
#define SCREEN_SCREEN_H

#include "match/match.h"

enum {
    SCREEN_PARSER_VERSION = 1, /* of all list formats; it is part of every result */
    SCREEN_LIST_BYTES_MAX = 1 << 30,
    SCREEN_LISTS_MAX = 32,
    SCREEN_THRESHOLD = 920, /* the score from which a hit is told by default */
    SCREEN_HITS_MAX = 64,
};

enum screen_format { SCREEN_UN_XML, SCREEN_OFAC_CSV, SCREEN_EU_CSV, SCREEN_FTM_JSON, SCREEN_PLAIN_CSV };
extern const char *const screen_format_names[];

enum screen_detail { SCREEN_BIRTH, SCREEN_PASSPORT, SCREEN_IMO, SCREEN_NATIONALITY, SCREEN_DETAILS };

struct screen; /* lists, their names, and the index over them */

struct screen_entry {
    const char *id;                     /* as the list calls it */
    const char *detail[SCREEN_DETAILS]; /* values separated by "; ", "" when there are none */
    unsigned list;                      /* in the order of adding */
    enum match_kind kind;
    uint64_t content; /* the same for the same content, whatever the list's date */
};

int screen_new(struct screen **ret_screen, struct err *e);
void screen_free(struct screen *s);
void screen_drop(struct screen **s);
/*
 * screen_add(s, content, name, e):
 * Read one more list; its format is seen from its beginning.  OFAC's alt.csv adds its names to the entries of an
 * sdn.csv
 * added before.  Errors: ERR_DAMAGED (not such a list, cut in the middle, no entry in it), ERR_REFUSED, ERR_IO.
 */
int screen_add(struct screen *s, struct bytes content, const char *name, struct err *e);
/* screen_known(s, before): entries that stand in ${before} with the same content are not screened again. */
int screen_known(struct screen *s, const struct screen *before, struct err *e);
int screen_index(struct screen *s, struct err *e); /* when all lists are added, before the first query */

size_t screen_entries(const struct screen *s);
size_t screen_names(const struct screen *s);
size_t screen_skipped(const struct screen *s); /* entries that were known */
void screen_entry_at(const struct screen *s, size_t entry, struct screen_entry *ret);
enum screen_format screen_list_format(const struct screen *s, unsigned list);
const char *screen_list_date(const struct screen *s, unsigned list); /* as it says itself, "" when it does not */
uint64_t screen_list_damaged(const struct screen *s, unsigned list); /* bytes of it that cannot be text */
size_t screen_list_entries(const struct screen *s, unsigned list);

struct screen_query {
    struct bytes name;
    struct bytes detail[SCREEN_DETAILS]; /* empty: not known */
    unsigned threshold;                  /* 0: SCREEN_THRESHOLD */
    bool exhaustive;
};
enum screen_agreement { SCREEN_UNKNOWN, SCREEN_AGREES, SCREEN_NEAR, SCREEN_DIFFERS };
struct screen_hit {
    uint32_t entry;
    unsigned score;      /* of the name, with what the details add or take, 0..1000 */
    unsigned name_score; /* of the name alone */
    struct bytes name;   /* the name of the entry that was hit */
    enum screen_agreement detail[SCREEN_DETAILS];
    struct match_reason reason;
};
/*
 * screen_find(s, query, hits, ret_count, ret_compared):
 * The hits at the threshold or above, best first, one for each entry.  ${ret_compared}: names that were compared.
 */
void screen_find(const struct screen *s, const struct screen_query *query, struct screen_hit hits[SCREEN_HITS_MAX],
                 size_t *ret_count, uint64_t *ret_compared);

/* ---- Goods ---- */

struct screen_ban {
    const char *resolution, *paragraph, *goods, *hs; /* HS chapters or headings, separated by blanks */
    const char *from, *wind_down, *until;            /* dates; "" when there are none */
    const char *exemption;
    bool exports;    /* from the DPRK; otherwise to it */
    bool hs_checked; /* the codes stand so in the resolution or its annex */
};
/* screen_goods(hs, on, exports, ret, max): the bans on a code on a date, at most ${max}; how many there are. */
size_t screen_goods(const char *hs, struct match_date on, bool exports, const struct screen_ban **ret, size_t max);
/* screen_ban_state: English, for the catalogue: in force, winding down, not yet. */
const char *screen_ban_state(const struct screen_ban *ban, struct match_date on);

#endif
