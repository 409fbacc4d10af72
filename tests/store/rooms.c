/* A second compartment, and members who come to hold it. */
#include "rooms.h"

#include "base/clock.h"

const char ROOMS_SECOND[] = "the second room";

void rooms_asks(const struct fixture *f, struct keyring_identity *ret)
{
    assert_int_equal(keyring_identity_make(f->id.origin, ret, NULL), 0);
    ret->pin = f->pin;
    memcpy(ret->holdings[0].compartment, f->id.holdings[0].compartment, KEYRING_ID);
}

struct statement rooms_added(const struct keyring_identity *id, enum statement_role role)
{
    struct statement st = {
        .kind = STATEMENT_ADDED, .at_unix_s = time_now_unix_s(), .added = {.key = id->member, .role = role}};
    uint8_t receiving[KEYRING_EPOCHS][CRYPT_PUBLIC];
    keyring_identity_public(id, st.added.box, receiving);
    for (size_t i = 0; i < KEYRING_EPOCHS; i++) {
        st.added.receiving[i].epoch = id->holdings[0].seeds[i].epoch;
        memcpy(st.added.receiving[i].key, receiving[i], CRYPT_PUBLIC);
    }
    return st;
}

void rooms_as(struct fixture *f, const struct keyring_identity *id, const char *compartment)
{
    f->place.identity = id;
    f->place.compartment = compartment;
}

int rooms_acts(struct fixture *f, struct statement *act, const char *name)
{
    struct store_acted a = {.done = false};
    struct store *s = NULL;
    int rc = store_open(&f->place, STORE_WRITE, &s, &f->e);
    if (rc == 0)
        rc = store_act(s, act, name, &a, &f->e);
    if (rc == 0)
        assert_true(a.done);
    store_close(s);
    return rc;
}

void rooms_done(struct fixture *f, struct statement act, const char *name)
{
    if (rooms_acts(f, &act, name) != 0)
        fail_msg("%s", f->e.text);
}

void rooms_joins(struct fixture *f, struct keyring_identity *id, enum statement_role role)
{
    struct store_adopted adopted;
    rooms_asks(f, id);
    rooms_as(f, &f->id, NULL);
    rooms_done(f, rooms_added(id, role), NULL);
    rooms_as(f, id, NULL);
    if (store_adopt(&f->place, bytes_of("", 0), false, &adopted, &f->e) != 0)
        fail_msg("%s", f->e.text);
    rooms_as(f, &f->id, NULL);
}

struct statement rooms_about(enum statement_kind kind, const uint8_t id[STATEMENT_ID], const char *name)
{
    struct statement st = {.kind = kind, .at_unix_s = time_now_unix_s(), .compartment = {.name = name}};
    memcpy(st.compartment.compartment, id, STATEMENT_ID);
    return st;
}

void rooms_makes(struct fixture *f, uint8_t ret_id[STATEMENT_ID])
{
    crypt_random(ret_id, STATEMENT_ID);
    rooms_as(f, &f->id, NULL);
    rooms_done(f, rooms_about(STATEMENT_COMPARTMENT, ret_id, NULL), ROOMS_SECOND);
}

void rooms_takes_in(struct fixture *f, const char *name, size_t bytes, uint64_t seed)
{
    const struct thing things[] = {{name, 'r', bytes, seed}};
    struct store *s = fixture_open(f, STORE_WRITE);
    if (fixture_intake(s, "g", things, 1, &f->e) != 0)
        fail_msg("%s", f->e.text);
    store_close(s);
}
