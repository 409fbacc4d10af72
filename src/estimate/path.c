#include "estimate/path.h"

bool estimate_path_works(enum estimate_path path)
{
#if ESTIMATE_WIDE
    __builtin_cpu_init();
    if (path == ESTIMATE_PATH_AVX512)
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512vl");
    if (path == ESTIMATE_PATH_AVX2)
        return __builtin_cpu_supports("avx2");
#endif
    return path == ESTIMATE_PATH_PLAIN;
}

enum estimate_path estimate_path_best(void)
{
    return estimate_path_works(ESTIMATE_PATH_AVX512) ? ESTIMATE_PATH_AVX512
           : estimate_path_works(ESTIMATE_PATH_AVX2) ? ESTIMATE_PATH_AVX2
                                                     : ESTIMATE_PATH_PLAIN;
}
