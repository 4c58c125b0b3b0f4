/* kernels/reduce/extremes.c - least and greatest elements, and where they are.
 *
 * Elements are compared by their keys (kernels/sort/order.h), so that -0 < +0. A NaN shows as a key
 * beyond those of the infinities: the least and the greatest key say whether there was one.
 */
#include <math.h>
#include <trine/list.h>

#include "kernels/registry/isa.h"
#include "kernels/registry/list.h"
#include "kernels/sort/order.h"
#include "kernels/simd/simd.h"
#include "kernels/reduce/states.h"

/* The first element of the least key, with its index; a NaN precedes everything. argmax keeps the
 * complement of the key, which is in the opposite order. */
typedef struct place {
    int64_t key;
    uint64_t index;
    bool nan, any;
} place;

/* Two of them, for the least and for the greatest element. */
typedef struct place_pair {
    place least, greatest;
} place_pair;

static const extremes extremes_of_none = {INT64_MAX, INT64_MIN, false, false};

static void extremes_init(void *state, const void *param)
{
    (void)param;
    *(extremes *)state = extremes_of_none;
}

static void extremes_widen(extremes *s, int64_t least, int64_t most)
{
    s->least = least < s->least ? least : s->least;
    s->most = most > s->most ? most : s->most;
    s->any = true;
}

static void extremes_merge(void *left, const void *right, const void *param)
{
    extremes *l = left;
    const extremes *r = right;
    (void)param;
    l->least = r->least < l->least ? r->least : l->least;
    l->most = r->most > l->most ? r->most : l->most;
    l->nan |= r->nan;
    l->any |= r->any;
}

static void place_init(void *state, const void *param)
{
    (void)param;
    *(place *)state = (place){.any = false};
}

/* Whether a place that is at `least` or after it can come before s. */
static bool place_may_precede(const place *found, const place *s, uint64_t least)
{
    if (!s->any || found->nan != s->nan)
        return !s->any || found->nan;
    if (found->nan || found->key == s->key)
        return least < s->index;
    return found->key < s->key;
}

static void place_merge(void *left, const void *right, const void *param)
{
    place *l = left;
    const place *r = right;
    (void)param;
    if (r->any && place_may_precede(r, l, r->index))
        *l = *r;
}

static trine_status place_finish(void *result, const void *state, const void *param)
{
    const place *s = state;
    (void)param;
    if (!s->any)
        return TRINE_E_EMPTY;
    *(uint64_t *)result = s->index;
    return TRINE_OK;
}

static void place_pair_init(void *state, const void *param)
{
    place_pair *s = state;
    place_init(&s->least, param);
    place_init(&s->greatest, param);
}

static void place_pair_merge(void *left, const void *right, const void *param)
{
    place_pair *l = left;
    const place_pair *r = right;
    place_merge(&l->least, &r->least, param);
    place_merge(&l->greatest, &r->greatest, param);
}

#define GLUE(name, suffix) name##_##suffix
#define GLUED(name, suffix) GLUE(name, suffix)
#define NAMED(name) GLUED(name, SUFFIX)

/* What is not a number has one representation. */
#define NAN_OF(suffix, type)                                                                       \
    static type nan_##suffix(void)                                                                 \
    {                                                                                              \
        return (type)NAN;                                                                          \
    }                                                                                              \
    static void note_nan_##suffix(extremes *s, int64_t least, int64_t most)                        \
    {                                                                                              \
        s->nan |= least < ~INF_KEY_##suffix || most > INF_KEY_##suffix;                            \
    }
#define NAN_OF_NONE(suffix, type)                                                                  \
    static type nan_##suffix(void)                                                                 \
    {                                                                                              \
        return 0;                                                                                  \
    }                                                                                              \
    static void note_nan_##suffix(extremes *s, int64_t least, int64_t most)                        \
    {                                                                                              \
        (void)s, (void)least, (void)most;                                                          \
    }

NAN_OF(f64, double)
#define TYPE double
#define SUFFIX f64
#define KEY int64_t
#define REAL 1
#define SIGNED 1
#include "kernels/reduce/extremes_body.h"
NAN_OF(f32, float)
#define TYPE float
#define SUFFIX f32
#define KEY int32_t
#define REAL 1
#define SIGNED 1
#include "kernels/reduce/extremes_body.h"
NAN_OF_NONE(i64, int64_t)
#define TYPE int64_t
#define SUFFIX i64
#define KEY int64_t
#define REAL 0
#define SIGNED 1
#include "kernels/reduce/extremes_body.h"
NAN_OF_NONE(i32, int32_t)
#define TYPE int32_t
#define SUFFIX i32
#define KEY int32_t
#define REAL 0
#define SIGNED 1
#include "kernels/reduce/extremes_body.h"
NAN_OF_NONE(u64, uint64_t)
#define TYPE uint64_t
#define SUFFIX u64
#define KEY int64_t
#define REAL 0
#define SIGNED 0
#include "kernels/reduce/extremes_body.h"
NAN_OF_NONE(u32, uint32_t)
#define TYPE uint32_t
#define SUFFIX u32
#define KEY int32_t
#define REAL 0
#define SIGNED 0
#include "kernels/reduce/extremes_body.h"
NAN_OF_NONE(i16, int16_t)
#define TYPE int16_t
#define SUFFIX i16
#define KEY int16_t
#define REAL 0
#define SIGNED 1
#include "kernels/reduce/extremes_body.h"
NAN_OF_NONE(u16, uint16_t)
#define TYPE uint16_t
#define SUFFIX u16
#define KEY int32_t
#define REAL 0
#define SIGNED 0
#include "kernels/reduce/extremes_body.h"
NAN_OF_NONE(i8, int8_t)
#define TYPE int8_t
#define SUFFIX i8
#define KEY int8_t
#define REAL 0
#define SIGNED 1
#include "kernels/reduce/extremes_body.h"
NAN_OF_NONE(u8, uint8_t)
#define TYPE uint8_t
#define SUFFIX u8
#define KEY int16_t
#define REAL 0
#define SIGNED 0
#include "kernels/reduce/extremes_body.h"

#define EXTREMES(kernel, count, constant, suffix, type)                                            \
    {TRINE_INIT(trine_reducer),                                                                    \
     .name = #kernel,                                                                              \
     .nin = 1,                                                                                     \
     .in = {constant},                                                                             \
     .out = (count) == 1 ? (constant) : TRINE_DTYPE_NONE,                                          \
     .state_size = sizeof(extremes),                                                               \
     .result_size = (count) * sizeof(type),                                                        \
     .flags = TRINE_ORDER_FREE | TRINE_POSITION_FREE,                                              \
     .init = extremes_init,                                                                        \
     .accumulate = kernel##_accumulate_##suffix,                                                   \
     .merge = extremes_merge,                                                                      \
     .finish = kernel##_finish_##suffix},
#define ONE(kernel, constant, suffix, type) EXTREMES(kernel, 1, constant, suffix, type)
#define TWO(kernel, constant, suffix, type) EXTREMES(kernel, 2, constant, suffix, type)
#define PLACE(kernel, constant, suffix, type)                                                      \
    {TRINE_INIT(trine_reducer),                                                                    \
     .name = #kernel,                                                                              \
     .nin = 1,                                                                                     \
     .in = {constant},                                                                             \
     .out = TRINE_I64,                                                                             \
     .state_size = sizeof(place),                                                                  \
     .result_size = sizeof(uint64_t),                                                              \
     .flags = TRINE_ORDER_FREE,                                                                    \
     .init = place_init,                                                                           \
     .accumulate = kernel##_accumulate_##suffix,                                                   \
     .merge = place_merge,                                                                         \
     .finish = place_finish},

#define PLACES(kernel, constant, suffix, type)                                                     \
    {TRINE_INIT(trine_reducer),                                                                    \
     .name = #kernel,                                                                              \
     .nin = 1,                                                                                     \
     .in = {constant},                                                                             \
     .out = TRINE_DTYPE_NONE,                                                                      \
     .state_size = sizeof(place_pair),                                                             \
     .result_size = sizeof(indexed_pair_##suffix),                                                 \
     .flags = TRINE_ORDER_FREE,                                                                    \
     .init = place_pair_init,                                                                      \
     .accumulate = kernel##_accumulate_##suffix,                                                   \
     .merge = place_pair_merge,                                                                    \
     .finish = kernel##_finish_##suffix},

/* X(kernel, ...) for every element type. */
#define OF_EACH_TYPE(X, kernel)                                                                    \
    X(kernel, TRINE_F64, f64, double)                                                              \
    X(kernel, TRINE_F32, f32, float)                                                               \
    X(kernel, TRINE_I64, i64, int64_t)                                                             \
    X(kernel, TRINE_I32, i32, int32_t)                                                             \
    X(kernel, TRINE_U64, u64, uint64_t)                                                            \
    X(kernel, TRINE_U32, u32, uint32_t)                                                            \
    X(kernel, TRINE_I16, i16, int16_t)                                                             \
    X(kernel, TRINE_U16, u16, uint16_t)                                                            \
    X(kernel, TRINE_I8, i8, int8_t)                                                                \
    X(kernel, TRINE_U8, u8, uint8_t)
#define ELEMENT(kernel, text) OF_EACH_TYPE(ONE, kernel)
#define PAIR(kernel, text) OF_EACH_TYPE(TWO, kernel)
#define INDEX(kernel, text) OF_EACH_TYPE(PLACE, kernel)
#define PAIR_INDEX(kernel, text) OF_EACH_TYPE(PLACES, kernel)

const trine_reducer VARIANT(trine_extremes)[] = {
    TRINE_ELEMENT_REDUCTIONS(ELEMENT) TRINE_PAIR_REDUCTIONS(PAIR) TRINE_INDEX_REDUCTIONS(INDEX)
        TRINE_PAIR_INDEX_REDUCTIONS(PAIR_INDEX){.name = NULL}};
