#include "cosign/cosign.h"

int main(int argc, char **argv)
{
    return cosign_main(argc, argv);
}
