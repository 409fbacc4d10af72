/*
 * Looking for a few texts in bytes that come piece by piece, whatever they are: as UTF-8 and as UTF-16 in either order,
 * in any canonical form and any case.  What lies compressed in them is not seen.
 *
 * The texts may be names that must reach no disk: what is kept of them lies in the caller's room alone.
 */
#ifndef BASE_SEEK_H
#define BASE_SEEK_H

#include "base/bytes.h"

enum {
    SEEK_TEXTS_MAX = 256,
    SEEK_POINTS_MAX = 4096, /* characters of one text, decomposed */
};

/*
 * seek_new: ${room} holds ${room_bytes}, zeroed, and is used until seek_free: seek_room says how much is enough for
 * texts of ${bytes} together.  A text of fewer than two characters is found everywhere and is not looked for.
 * ERR_IO: no memory.  The texts are valid UTF-8.
 * seek_begin: of another stretch of bytes.  seek_feed: its next piece.  seek_found: was this text in it?
 */
struct seek;
size_t seek_room(size_t count, size_t bytes);
int seek_new(const struct bytes *texts, size_t count, void *room, struct seek **ret, struct err *e);
void seek_free(struct seek *s);
void seek_drop(struct seek **s);
void seek_begin(struct seek *s);
void seek_feed(struct seek *s, struct bytes piece);
bool seek_found(const struct seek *s, size_t text);
bool seek_found_any(const struct seek *s);

#endif
