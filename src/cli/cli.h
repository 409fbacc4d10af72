/*
 * The command line: one face over the verbs.
 *
 * It reads arguments, environment and terminal, calls one verb, and renders what the verb says.  No rule of the domain
 * lives here: verbs, options and help come from verbs_table alone, and so do the manual and the completion.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#define CLI_VERSION "0.1"

/* cli_main(argc, argv): the whole program.  Returns its exit code (DESIGN section 6). */
int cli_main(int argc, char **argv);

#endif
