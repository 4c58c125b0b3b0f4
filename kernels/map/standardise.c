/* kernels/map/standardise.c - distances from the mean in deviations (trine_standardisation). */
#include "kernels/registry/isa.h"
#include "kernels/simd/loops.h"

#define STANDARDISED_REAL(constant, s, type, name)                                                 \
    static void standardised_##s(const trine_chunk *chunk, const void *param)                      \
    {                                                                                              \
        const trine_standardisation by = *(const trine_standardisation *)param;                    \
        const type *x = chunk->in[0];                                                              \
        type *y = chunk->out[0];                                                                   \
        TRINE_INDEPENDENT                                                                          \
        for (int64_t i = 0; i < chunk->n; i++) {                                                   \
            double scaled = (double)x[i] * by.up[0] * by.up[1];                                    \
            y[i] = trine_result_##s((type)(((scaled - by.mean) - by.rest) / by.sd));               \
        }                                                                                          \
    }
TRINE_REAL_DTYPES(STANDARDISED_REAL)

/* wide: 64 bits of the type's sign; the distance from the integer of the mean is exact before it is
 * made a double. */
#define STANDARDISED_INTEGER(s, type, wide, mean)                                                  \
    static void standardised_##s(const trine_chunk *chunk, const void *param)                      \
    {                                                                                              \
        const trine_standardisation by = *(const trine_standardisation *)param;                    \
        const type *x = chunk->in[0];                                                              \
        double *y = chunk->out[0];                                                                 \
        for (int64_t i = 0; i < chunk->n; i++) {                                                   \
            wide v = (wide)x[i];                                                                   \
            double above = (double)((uint64_t)v - (uint64_t)by.integer.mean);                      \
            double below = (double)((uint64_t)by.integer.mean - (uint64_t)v);                      \
            double d = v < by.integer.mean ? -below : above;                                       \
            y[i] = trine_result_f64((d - by.rest) / by.sd);                                        \
        }                                                                                          \
    }
STANDARDISED_INTEGER(i64, int64_t, int64_t, i64)
STANDARDISED_INTEGER(i32, int32_t, int64_t, i64)
STANDARDISED_INTEGER(u64, uint64_t, uint64_t, u64)
STANDARDISED_INTEGER(u32, uint32_t, uint64_t, u64)
STANDARDISED_INTEGER(i16, int16_t, int64_t, i64)
STANDARDISED_INTEGER(u16, uint16_t, uint64_t, u64)
STANDARDISED_INTEGER(i8, int8_t, int64_t, i64)
STANDARDISED_INTEGER(u8, uint8_t, uint64_t, u64)

#define ENTRY(from, to, s)                                                                         \
    {TRINE_INIT(trine_map),                                                                        \
     .name = "standardised",                                                                       \
     .nin = 1,                                                                                     \
     .nout = 1,                                                                                    \
     .in = {from},                                                                                 \
     .out = {to},                                                                                  \
     .param_size = sizeof(trine_standardisation),                                                  \
     .apply = standardised_##s},

const trine_map VARIANT(trine_standardisers)[] = {
    ENTRY(TRINE_F64, TRINE_F64, f64) ENTRY(TRINE_F32, TRINE_F32, f32)
        ENTRY(TRINE_I64, TRINE_F64, i64) ENTRY(TRINE_I32, TRINE_F64, i32)
            ENTRY(TRINE_U64, TRINE_F64, u64) ENTRY(TRINE_U32, TRINE_F64, u32)
                ENTRY(TRINE_I16, TRINE_F64, i16) ENTRY(TRINE_U16, TRINE_F64, u16)
                    ENTRY(TRINE_I8, TRINE_F64, i8) ENTRY(TRINE_U8, TRINE_F64, u8){.name = NULL}};
