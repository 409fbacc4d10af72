/*
 * Hostile result files.
 *
 * Held: what is taken from one lies within the limits that the command line holds too, so that verify computes nothing
 * that could not have been asked.
 */
#include "base/json.h"
#include "report/report_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OWN(json_drop) struct json *document = NULL;
    struct report_options o;
    if (report_asked(bytes_of(data, size), &document, &o, NULL) != 0)
        return 0;
    if (o.classes < 2 || o.classes > ESTIMATE_CLASSES_MOST || o.samples > 100000 || o.bound > 1000 || o.ess < 400 ||
        o.model_count > REPORT_MODELS_MAX)
        abort();
    for (size_t i = 0; i < o.model_count; i++)
        if (o.models[i] == NULL)
            abort();
    for (unsigned code = 0; code < ESTIMATE_CODES; code++)
        if (o.override[code] && !report_overridable(code))
            abort();
    return 0;
}
