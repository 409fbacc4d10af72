#include "sheet/sheet.h"

int main(int argc, char **argv)
{
    return sheet_main(argc, argv);
}
