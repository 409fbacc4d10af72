#include "fixture.h"

const char fixture_un[] =
    "<?xml version=\"1.0\"?><CONSOLIDATED_LIST dateGenerated=\"2026-01-02\"><INDIVIDUALS><INDIVIDUAL>"
    "<FIRST_NAME>PAEK</FIRST_NAME><SECOND_NAME>TONG SU</SECOND_NAME><REFERENCE_NUMBER>KPi.901</REFERENCE_NUMBER>"
    "<NATIONALITY><VALUE>Nowhere</VALUE></NATIONALITY>"
    "<INDIVIDUAL_ALIAS><ALIAS_NAME>Baek Dong-su</ALIAS_NAME></INDIVIDUAL_ALIAS>"
    "<INDIVIDUAL_DATE_OF_BIRTH><DATE>1961-04-05</DATE></INDIVIDUAL_DATE_OF_BIRTH>"
    "<INDIVIDUAL_DOCUMENT><NUMBER>P1234567</NUMBER></INDIVIDUAL_DOCUMENT></INDIVIDUAL></INDIVIDUALS>"
    "<ENTITIES><ENTITY><FIRST_NAME>Blue Lamp Trading Corporation</FIRST_NAME>"
    "<REFERENCE_NUMBER>KPe.901</REFERENCE_NUMBER></ENTITY></ENTITIES></CONSOLIDATED_LIST>";
const char fixture_sdn[] =
    "9001,\"MOROZ, Ignat\",\"individual\",\"X\",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,\"DOB 07 Oct 1954; nationality "
    "Z.\"\r\n"
    "9002,\"GREY HERON\",\"vessel\",\"X\",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,\"IMO 7406784.\"\r\n\x1A";
const char fixture_alt[] = "9001,1,\"aka\",\"MAROZ, Ihnat\",-0- \r\n9999,2,\"aka\",\"NOBODY\",-0- \r\n";
const char fixture_eu[] = "celex,recordId,schema,name,alias,birthDate,passportNumber,imoNumber,nationality\n"
                          "32017R1509,1,Person,Ko Chang-nam,Go Jang Nam;Ko C. N.,13.10.1944,,,DPRK\n"
                          "32017R1509,2,Vessel,Green Stork,,,,8412345,\n";
const char fixture_ftm[] =
    "{\"id\":\"Q1\",\"schema\":\"Person\",\"properties\":{\"name\":[\"Tamar Oz\"],\"birthDate\":[\"1970\"]}}\n\n";
const char fixture_plain[] = "id,name,date_of_birth\np1,Sora Linn,1980-01-01\np2,,\n";

struct screen *fixture_screen(void)
{
    const char *const lists[] = {fixture_un, fixture_sdn, fixture_alt, fixture_eu, fixture_ftm, fixture_plain};
    struct screen *s = NULL;
    if (screen_new(&s, NULL) != 0)
        abort();
    for (size_t i = 0; i < COUNT(lists); i++)
        if (screen_add(s, bytes_text(lists[i]), "list", NULL) != 0)
            abort();
    if (screen_index(s, NULL) != 0)
        abort();
    return s;
}
