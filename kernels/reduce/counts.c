/* kernels/reduce/counts.c - any, all, and how many. */
#include "kernels/registry/isa.h"
#include "kernels/registry/list.h"
#include "kernels/simd/simd.h"

/* found: elements of the kind that is looked for, among n. */
typedef struct counts {
    uint64_t found, n;
} counts;

static void counts_init(void *state, const void *param)
{
    (void)param;
    *(counts *)state = (counts){0, 0};
}

static void counts_merge(void *left, const void *right, const void *param)
{
    counts *l = left;
    const counts *r = right;
    (void)param;
    l->found += r->found;
    l->n += r->n;
}

static trine_status count_finish(void *result, const void *state, const void *param)
{
    (void)param;
    *(int64_t *)result = (int64_t)((const counts *)state)->found;
    return TRINE_OK;
}

static trine_status any_finish(void *result, const void *state, const void *param)
{
    (void)param;
    *(int64_t *)result = ((const counts *)state)->found > 0;
    return TRINE_OK;
}

static trine_status all_finish(void *result, const void *state, const void *param)
{
    const counts *s = state;
    (void)param;
    *(int64_t *)result = s->found == s->n;
    return TRINE_OK;
}

#define GLUE(name, suffix) name##_##suffix
#define GLUED(name, suffix) GLUE(name, suffix)
#define NAMED(name) GLUED(name, SUFFIX)
/* Elements that are fetched ahead at a time. */
#define PIECE ((int64_t)(PREFETCH_PIECE / sizeof(TYPE)))

#define TYPE double
#define SUFFIX f64
#define IS_NAN(x) ((x) != (x))
#define COUNT_TYPE int64_t
#include "kernels/reduce/counts_body.h"
#define TYPE float
#define SUFFIX f32
#define IS_NAN(x) ((x) != (x))
#define COUNT_TYPE int32_t
#include "kernels/reduce/counts_body.h"
#define TYPE int64_t
#define SUFFIX i64
#define IS_NAN(x) ((x) != 0 && false)
#define COUNT_TYPE int64_t
#include "kernels/reduce/counts_body.h"
#define TYPE int32_t
#define SUFFIX i32
#define IS_NAN(x) ((x) != 0 && false)
#define COUNT_TYPE int32_t
#include "kernels/reduce/counts_body.h"
#define TYPE uint64_t
#define SUFFIX u64
#define IS_NAN(x) ((x) != 0 && false)
#define COUNT_TYPE int64_t
#include "kernels/reduce/counts_body.h"
#define TYPE uint32_t
#define SUFFIX u32
#define IS_NAN(x) ((x) != 0 && false)
#define COUNT_TYPE int32_t
#include "kernels/reduce/counts_body.h"
#define TYPE int16_t
#define SUFFIX i16
#define IS_NAN(x) ((x) != 0 && false)
#define COUNT_TYPE int16_t
#include "kernels/reduce/counts_body.h"
#define TYPE uint16_t
#define SUFFIX u16
#define IS_NAN(x) ((x) != 0 && false)
#define COUNT_TYPE int16_t
#include "kernels/reduce/counts_body.h"
#define TYPE int8_t
#define SUFFIX i8
#define IS_NAN(x) ((x) != 0 && false)
#define COUNT_TYPE int32_t
#include "kernels/reduce/counts_body.h"
#define TYPE uint8_t
#define SUFFIX u8
#define IS_NAN(x) ((x) != 0 && false)
#define COUNT_TYPE int32_t
#include "kernels/reduce/counts_body.h"

#define COUNTS(NAME, kind, finish_kind, param_bytes, constant, suffix)                             \
    {TRINE_INIT(trine_reducer),                                                                    \
     .name = NAME,                                                                                 \
     .nin = 1,                                                                                     \
     .in = {constant},                                                                             \
     .out = TRINE_I64,                                                                             \
     .param_size = param_bytes,                                                                    \
     .state_size = sizeof(counts),                                                                 \
     .result_size = sizeof(uint64_t),                                                              \
     .flags = TRINE_ORDER_FREE | TRINE_POSITION_FREE,                                              \
     .init = counts_init,                                                                          \
     .accumulate = kind##_accumulate_##suffix,                                                     \
     .merge = counts_merge,                                                                        \
     .finish = finish_kind##_finish},

#define ANY(constant, suffix, type, name) COUNTS("any", nonzero, any, 0, constant, suffix)
#define ALL(constant, suffix, type, name) COUNTS("all", nonzero, all, 0, constant, suffix)
#define NONZERO(constant, suffix, type, name)                                                      \
    COUNTS("count_nonzero", nonzero, count, 0, constant, suffix)
#define NANS(constant, suffix, type, name) COUNTS("count_nan", nan, count, 0, constant, suffix)
#define BETWEEN(constant, suffix, type, name)                                                      \
    COUNTS("count_between", between, count, 2 * sizeof(type), constant, suffix)

const trine_reducer VARIANT(trine_counts)[] = {TRINE_DTYPES(ANY) TRINE_DTYPES(ALL)
                                                   TRINE_DTYPES(NONZERO) TRINE_DTYPES(NANS)
                                                       TRINE_DTYPES(BETWEEN){.name = NULL}};
