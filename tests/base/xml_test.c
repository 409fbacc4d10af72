/* XML: elements and text as they come, and every refusal. */
#include "base/xml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static int begin(void *context, const char *name, const char *const *attributes, struct err *e)
{
    struct buf *to = context;
    buf_printf(to, "<%s", name);
    for (; attributes[0] != NULL; attributes += 2)
        buf_printf(to, " %s=%s", attributes[0], attributes[1]);
    buf_put_text(to, ">");
    return strcmp(name, "stop") == 0 ? err_set(e, ERR_REFUSED, "more than %d lists", 1) : 0;
}

static int end(void *context, const char *name, struct bytes text, struct err *e)
{
    (void)e;
    buf_printf(context, "[%.*s]%s;", (int)text.n, (const char *)text.p, name);
    return 0;
}

static void is(const char *document, int rc, const char *expected)
{
    OWN(buf_drop) struct buf got = {0};
    const struct xml_handler handler = {&got, begin, end};
    struct err e = {0};
    assert_int_equal(xml_read(bytes_text(document), "x", &handler, &e), rc);
    assert_string_equal(rc == 0 ? buf_text(&got) : e.text, expected);
}

static void read_fine(void **state)
{
    (void)state;
    is("<a b='1'> x <c>y&amp;z</c> w </a>", 0, "<a b=1><c>[y&z]c;[x  w]a;");
    is("<?xml version=\"1.0\"?>\n<a/>", 0, "<a>[]a;");
    const struct xml_handler none = {0};
    assert_int_equal(xml_read(bytes_text("<a>x</a>"), "x", &none, NULL), 0);
}

static void refused(void **state)
{
    (void)state;
    is("<a><b></a>", ERR_DAMAGED, "x, line 1: not well-formed XML, or cut off");
    is("<a>\n<b>", ERR_DAMAGED, "x, line 2: not well-formed XML, or cut off");
    is("", ERR_DAMAGED, "x, line 1: not well-formed XML, or cut off");
    is("<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", ERR_DAMAGED, "x, line 1: it declares a document type");
    is("<a><stop/></a>", ERR_REFUSED, "more than 1 lists");
}

static void limits(void **state)
{
    (void)state;
    for (unsigned over = 0; over < 2; over++) {
        OWN(buf_drop) struct buf deep = {0}, wide = {0};
        const struct xml_handler none = {0};
        struct err e = {0};
        for (unsigned i = 0; i < XML_DEPTH_MAX + over; i++)
            buf_put_text(&deep, "<a>");
        for (unsigned i = 0; i < XML_DEPTH_MAX + over; i++)
            buf_put_text(&deep, "</a>");
        assert_int_equal(xml_read(buf_bytes(&deep), "x", &none, &e), over ? ERR_DAMAGED : 0);
        buf_put_text(&wide, "<a>");
        memset(buf_more(&wide, XML_TEXT_MAX + over), 'x', XML_TEXT_MAX + over);
        buf_put_text(&wide, "</a>");
        assert_int_equal(xml_read(buf_bytes(&wide), "x", &none, &e), over ? ERR_DAMAGED : 0);
        if (over)
            assert_string_equal(e.text, "x, line 1: a text is longer than 1 MiB");
    }
}

static void written(void **state)
{
    (void)state;
    OWN(buf_drop) struct buf to = {0};
    xml_put_text(&to, "a<b>&\"c\"\n\x01가");
    assert_string_equal(buf_text(&to), "a&lt;b&gt;&amp;&quot;c&quot;  가");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(read_fine),
        cmocka_unit_test(refused),
        cmocka_unit_test(limits),
        cmocka_unit_test(written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
