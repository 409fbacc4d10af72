/* Completion for bash.  Where a file or folder may stand nothing is offered, and bash offers files. */
#include "cli/cli_internal.h"

static void put_common_names(struct buf *to)
{
    for (size_t i = 0; i < CLI_OPTIONS; i++) {
        if (cli_options[i].help == NULL)
            continue;
        if (cli_options[i].letter != NULL)
            buf_printf(to, " -%s", cli_options[i].letter);
        if (cli_options[i].name != NULL)
            buf_printf(to, " --%s", cli_options[i].name);
    }
}

/* `-R|--key`: the options of every verb whose value is the next word. */
static void put_valued_names(struct buf *to)
{
    const char *between = "";
    for (size_t i = 0; i < CLI_OPTIONS; i++) {
        if (cli_options[i].value == NULL)
            continue;
        buf_printf(to, "%s%s%s", between, cli_options[i].letter != NULL ? "-" : "--",
                   cli_options[i].letter != NULL ? cli_options[i].letter : cli_options[i].name);
        between = "|";
    }
}

/* Does an option take one of few words, "en|ko"? */
static void put_choices(struct buf *to)
{
    for (size_t i = 0; i < CLI_OPTIONS; i++) {
        const char *value = cli_options[i].value;
        if (value == NULL || strchr(value, '|') == NULL || cli_options[i].name == NULL)
            continue;
        buf_printf(to, "    --%s) offer=\"", cli_options[i].name);
        for (; *value != 0; value++)
            buf_put_u8(to, *value == '|' ? ' ' : (uint8_t)*value);
        buf_put_text(to, "\" ;;\n");
    }
}

static void put_verb_case(struct buf *to, const struct verb *verb)
{
    if (verb->options[0].name == NULL)
        return;
    buf_printf(to, "    %s) options=\"", verb->name);
    for (size_t i = 0; i < VERBS_OPTIONS_MAX && verb->options[i].name != NULL; i++)
        buf_printf(to, "%s--%s", i == 0 ? "" : " ", verb->options[i].name);
    buf_put_text(to, "\" ;;\n");
}

void cli_completion(struct buf *to)
{
    buf_put_text(to, "# bash completion of groundwork, printed by groundwork --completion\n"
                     "_groundwork()\n{\n"
                     "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
                     "    local verb= options= offer= i=1\n"
                     "    COMPREPLY=()\n"
                     "    while [ \"$i\" -lt \"$COMP_CWORD\" ]; do\n"
                     "        case ${COMP_WORDS[i]} in\n        ");
    put_valued_names(to);
    buf_put_text(to, ") i=$((i + 1)) ;;\n"
                     "        -*) ;;\n"
                     "        *) verb=${COMP_WORDS[i]}; break ;;\n"
                     "        esac\n"
                     "        i=$((i + 1))\n"
                     "    done\n"
                     "    case $verb in\n");
    for (size_t i = 0; i < verbs_count; i++)
        put_verb_case(to, &verbs_table[i]);
    buf_put_text(to, "    esac\n"
                     "    case $word in\n    -*) offer=\"$options");
    put_common_names(to);
    buf_put_text(to, "\" ;;\n"
                     "    *) case $verb in '' | help) offer=\"help");
    for (size_t i = 0; i < verbs_count; i++)
        buf_printf(to, " %s", verbs_table[i].name);
    buf_put_text(to, "\" ;; esac ;;\n"
                     "    esac\n"
                     "    case $before in\n");
    put_choices(to);
    buf_put_text(to, "    ");
    put_valued_names(to);
    buf_put_text(to, ") offer= ;;\n"
                     "    esac\n"
                     "    [ -z \"$offer\" ] || COMPREPLY=($(compgen -W \"$offer\" -- \"$word\"))\n"
                     "}\n"
                     "complete -o default -F _groundwork groundwork\n");
}
