/*
 * groundwork-estimate: a plain table in, a result that can be computed again out.
 *
 * Reads arguments, tables (table/) and claims, asks estimate/, and writes the result file, plain words and pictures
 * (chart/).  The result file holds everything that was asked, so that `verify` can ask again and compare the bytes.
 */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

/*
 * report_main(argc, argv): the whole program.  Returns its exit code: 0 done, 1 differs, 2 usage, 3 refused, 4 else.
 */
int report_main(int argc, char **argv);

#endif
