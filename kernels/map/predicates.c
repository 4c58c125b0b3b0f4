/* kernels/map/predicates.c - which elements to keep. */
#include "kernels/registry/isa.h"

/* What is not a number is not itself. */
#define PREDICATES_OF(constant, suffix, type, NAME)                                                \
    static void nonzero_##suffix(const trine_chunk *chunk, const void *param)                      \
    {                                                                                              \
        const type *restrict x = chunk->in[0];                                                     \
        uint8_t *restrict keep = chunk->out[0];                                                    \
        (void)param;                                                                               \
        for (int64_t i = 0; i < chunk->n; i++)                                                     \
            keep[i] = x[i] != 0;                                                                   \
    }                                                                                              \
    static void not_nan_##suffix(const trine_chunk *chunk, const void *param)                      \
    {                                                                                              \
        const type *restrict x = chunk->in[0];                                                     \
        uint8_t *restrict keep = chunk->out[0];                                                    \
        (void)param;                                                                               \
        for (int64_t i = 0; i < chunk->n; i++) {                                                   \
            type other = x[i];                                                                     \
            keep[i] = x[i] == other;                                                               \
        }                                                                                          \
    }                                                                                              \
    static void between_##suffix(const trine_chunk *chunk, const void *param)                      \
    {                                                                                              \
        const type *restrict x = chunk->in[0];                                                     \
        const type *range = param;                                                                 \
        const type low = range[0], high = range[1];                                                \
        uint8_t *restrict keep = chunk->out[0];                                                    \
        for (int64_t i = 0; i < chunk->n; i++)                                                     \
            keep[i] = (x[i] >= low) & (x[i] <= high);                                              \
    }
TRINE_DTYPES(PREDICATES_OF)

#define NONZERO(constant, suffix, type, NAME)                                                      \
    {.name = "nonzero", .in = constant, .test = nonzero_##suffix},
#define NOT_NAN(constant, suffix, type, NAME)                                                      \
    {.name = "not_nan", .in = constant, .test = not_nan_##suffix},
#define BETWEEN(constant, suffix, type, NAME)                                                      \
    {.name = "between", .in = constant, .param_size = 2 * sizeof(type), .test = between_##suffix},

const trine_predicate VARIANT(trine_predicates)[] = {TRINE_DTYPES(NONZERO) TRINE_DTYPES(NOT_NAN)
                                                         TRINE_DTYPES(BETWEEN){.name = NULL}};
