/*
 * Sheets: what groundwork-match does with plain files.  Options in, files out; rules of matching live in match/, of
 * lists
 * in screen/.
 */
#ifndef SHEET_SHEET_H
#define SHEET_SHEET_H

/* sheet_main(argc, argv): the exit code of the program: 0 done, 2 wrong usage, 3 refused, 4 input or output. */
int sheet_main(int argc, char **argv);

#endif
