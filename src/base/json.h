/*
 * JSON in two directions.
 *
 * Writing (struct json_out) produces the canonical subset of RFC 8785 that we sign: no white space, object keys in
 * ascending byte order (asserted), integers only, within 2^53-1 or as decimal strings, shortest escapes, UTF-8 out.
 * Reading takes any JSON without duplicate keys and says whether it was in that subset, so that a signed line has
 * exactly one form: the one that json_write gives.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/bytes.h"

enum { JSON_DEPTH_MAX = 16 };
#define JSON_INTEGER_MAX ((int64_t)9007199254740991)

/* Writer.  Zero it, set .to; calls nest as the text does.  Keys of one object must ascend. */
struct json_out {
    struct buf *to;
    unsigned depth;
    bool filled[JSON_DEPTH_MAX];          /* the container at this depth has a member already */
    const char *last_key[JSON_DEPTH_MAX]; /* for the assertion of order; keys are literals */
    bool after_key;
};
void json_object_begin(struct json_out *j);
void json_object_end(struct json_out *j);
void json_array_begin(struct json_out *j);
void json_array_end(struct json_out *j);
void json_key(struct json_out *j, const char *key);
void json_string(struct json_out *j, const char *utf8); /* asserted: valid UTF-8 without zero bytes */
void json_string_bytes(struct json_out *j, struct bytes utf8);
void json_u64(struct json_out *j, uint64_t v); /* a decimal string above JSON_INTEGER_MAX */
void json_i64(struct json_out *j, int64_t v);  /* likewise beyond +-JSON_INTEGER_MAX */
void json_bool(struct json_out *j, bool v);
void json_null(struct json_out *j);
void json_base64(struct json_out *j, struct bytes x);
void json_hex(struct json_out *j, struct bytes x);

/* Reader.  A document owns its tree; nodes borrow from it, and from the text that was read what json_span gives. */
struct json;
struct json_node; /* opaque; NULL means "not there" in every getter */
/*
 * json_parse: ERR_DAMAGED with a reason when it is not JSON, has duplicate keys or a zero byte, or is nested too deep;
 * ERR_IO when memory is out.  Source: RFC 8259.
 * json_parse_again: the same into the memory of a document that was read before (NULL: there is none yet), which is
 * gone, also when this fails: *document may be dropped and read into again then, and nothing else.
 */
int json_parse(struct bytes text, struct json **ret_document, struct err *e);
int json_parse_again(struct bytes text, struct json **document, struct err *e);
void json_free(struct json *document);
void json_drop(struct json **document);
const struct json_node *json_root(const struct json *document);
bool json_is_canonical(const struct json *document); /* was the text the one canonical form of what it holds? */
struct bytes json_span(const struct json_node *node); /* as it stands in the text */
bool json_is_object(const struct json_node *node);
bool json_is_array(const struct json_node *node);
const struct json_node *json_get(const struct json_node *object, const char *key);
size_t json_count(const struct json_node *node); /* members of an object or array, else 0 */
const struct json_node *json_at(const struct json_node *array, size_t index);
/* json_keys_are: true when the object's keys are exactly these ${count} (ascending) names. */
bool json_keys_are(const struct json_node *object, const char *const *keys, size_t count);
const char *json_text(const struct json_node *node); /* NULL unless a string without zero bytes */
/* Integers have one form: a number within +-JSON_INTEGER_MAX, a decimal string beyond.  The other one is refused. */
bool json_get_u64(const struct json_node *node, uint64_t *ret);
bool json_get_i64(const struct json_node *node, int64_t *ret);
/* json_write: write a node again in canonical form (keys sorted), appended; false, with nothing appended, when it is
 * outside the subset (a fraction, a larger integer, a key with a character beyond U+FFFF) or memory is out. */
bool json_write(const struct json_node *node, struct buf *to);
/* json_canonical: is ${text} exactly the canonical form of the JSON it holds? */
bool json_canonical(struct bytes text);

#endif
