#include "match/match_internal.h"

uint32_t match_next_code(const uint8_t **p, const uint8_t *end)
{
    const uint8_t *s = *p;
    uint32_t code = *s;
    unsigned more = code < 0x80                   ? 0
                    : code >= 0xC2 && code < 0xE0 ? 1
                    : code >= 0xE0 && code < 0xF0 ? 2
                    : code >= 0xF0 && code < 0xF5 ? 3
                                                  : 9;
    if (more == 0 || more == 9 || (size_t)(end - s) <= more) {
        *p = s + 1;
        return more == 0 ? code : 0xFFFD;
    }
    code &= 0x3Fu >> more;
    for (unsigned i = 1; i <= more; i++) {
        if ((s[i] & 0xC0) != 0x80) {
            *p = s + 1;
            return 0xFFFD;
        }
        code = code << 6 | (s[i] & 0x3Fu);
    }
    *p = s + more + 1;
    return code;
}

static const char *latin_find(uint32_t code)
{
    unsigned low = 0, high = match_latin_count;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (match_latin_table[middle].code < code)
            low = middle + 1;
        else
            high = middle;
    }
    return low < match_latin_count && match_latin_table[low].code == code ? match_latin_table[low].latin : NULL;
}

const char *match_letter(uint32_t code)
{
    static const char ascii[] = "0\0001\0002\0003\0004\0005\0006\0007\0008\0009\0a\0b\0c\0d\0e\0f\0g\0h\0i\0j\0k\0l\0"
                                "m\0n\0o\0p\0q\0r\0s\0t\0u\0v\0w\0x\0y\0z";
    if (code >= '0' && code <= '9')
        return ascii + (size_t)2 * (code - '0');
    if ((code | 0x20) >= 'a' && (code | 0x20) <= 'z')
        return ascii + (size_t)2 * ((code | 0x20) - 'a' + 10);
    if (code == '\'' || code == 0x2018 || code == 0x2019 || code == 0x02BC || code == 0x02BB || code == '`' ||
        code == 0xB4 || (code >= 0x200B && code <= 0x200F) || code == 0xFEFF)
        return "";
    if (code < 0xAA)
        return NULL;
    if (code >= 0xFF10 && code <= 0xFF5A) /* full width */
        return match_letter(code - 0xFEE0);
    return code > 0xFFFF ? NULL : latin_find(code);
}

const struct match_han *match_han_find(uint32_t code)
{
    if (code < 0x3400 || code > 0xFAFF)
        return NULL;
    unsigned low = 0, high = match_han_count;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (match_han_table[middle].code < code)
            low = middle + 1;
        else
            high = middle;
    }
    return low < match_han_count && match_han_table[low].code == code ? &match_han_table[low] : NULL;
}

uint64_t match_hash(const void *p, size_t n)
{
    const uint8_t *s = p;
    uint64_t h = 0x9E3779B97F4A7C15u ^ n;
    for (; n >= 8; s += 8, n -= 8) {
        uint64_t v = (uint64_t)u32_get(s) << 32 | u32_get(s + 4);
        h = match_mix(h ^ v);
    }
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++)
        v = v << 8 | s[i];
    return match_mix(h ^ v ^ (uint64_t)n << 56);
}
