/* fuzz_npy.c - libFuzzer's way into the header of a .npy file:
 * cmake -DTRINE_FUZZ=ON -DCMAKE_C_COMPILER=clang, then tests/io/fuzz_npy -max_len=4096 CORPUS. */
#include <stdlib.h>

#include "io/npy/npy_header.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    trine_npy_info info = {TRINE_INIT(trine_npy_info)};
    size_t whole;
    uint64_t size;
    size_t prefix = n < TRINE_NPY_PREFIX ? n : TRINE_NPY_PREFIX;
    if (trine_npy_prefix("fuzz", bytes, prefix, &info, &whole) || whole > n)
        return 0;
    if (trine_npy_parse("fuzz", bytes, whole, &info) == TRINE_OK &&
        (info.ndim > TRINE_DIMS || !trine_npy_data_size(&info, &size)))
        abort();
    return 0;
}
