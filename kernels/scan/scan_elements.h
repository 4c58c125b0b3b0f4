/* kernels/scan/scan_elements.h - scans whose results are of the elements' type: running extremes,
 * by keys (kernels/sort/order.h), and differences, a scan by the reducer "the last element". */
#include "kernels/simd/groups.h"
#include "kernels/simd/loops.h"
#include "kernels/sort/order.h"
#include "kernels/reduce/states.h"

/* Bytes of results that go past the caches at a time. */
enum { BUFFER = 4096 };

/* The last element's bytes. */
typedef struct last_state {
    uint64_t bytes;
    bool any;
} last_state;

static void last_init(void *state, const void *param)
{
    (void)param;
    *(last_state *)state = (last_state){.any = false};
}

static void last_merge(void *left, const void *right, const void *param)
{
    (void)param;
    if (((const last_state *)right)->any)
        *(last_state *)left = *(const last_state *)right;
}

/* The result of the reduction is what no caller sees. */
static trine_status last_finish(void *result, const void *state, const void *param)
{
    (void)param;
    memcpy(result, &((const last_state *)state)->bytes, sizeof(uint64_t));
    return TRINE_OK;
}

static inline int64_t wide_key(int64_t key)
{
    return key;
}

#define NO_NUMBER_f64(key) ((key) > INF_KEY_f64 || (key) < ~INF_KEY_f64)
#define NO_NUMBER_f32(key) ((key) > INF_KEY_f32 || (key) < ~INF_KEY_f32)
#define NO_NUMBER_OF_REALS(suffix, key) NO_NUMBER_##suffix(key)
#define ALWAYS_A_NUMBER(suffix, key) false

/* The elements before an exclusive scan's first are none, of which there is no extreme. */
#define EXTREME_SCAN(name, suffix, type, nan_value, no_number, field, beyond)                      \
    static trine_status name##_scan_##suffix(const trine_chunk *chunk, const void *prefix,         \
                                             unsigned flags, const void *param)                    \
    {                                                                                              \
        const extremes *before = prefix;                                                           \
        const type *x = chunk->in[0];                                                              \
        type *out = chunk->out[0];                                                                 \
        bool nan = before->nan, exclusive = flags & TRINE_SCAN_EXCLUSIVE;                          \
        int64_t extreme = before->any ? before->field : wide_key(key_##suffix(x));                 \
        (void)param;                                                                               \
        if (exclusive && !before->any)                                                             \
            return TRINE_E_EMPTY;                                                                  \
        for (int64_t i = 0; i < chunk->n; i++) {                                                   \
            int64_t key = wide_key(key_##suffix(x + i));                                           \
            type earlier = nan ? (nan_value) : value_##suffix(extreme);                            \
            extreme = key beyond extreme ? key : extreme;                                          \
            nan |= no_number(suffix, key);                                                         \
            out[i] = exclusive ? earlier : nan ? (nan_value) : value_##suffix(extreme);            \
        }                                                                                          \
        return TRINE_OK;                                                                           \
    }

/* Differences of integers are formed as unsigned numbers, which wrap. In place, the element before
 * is kept. */
#define DIFFERENCE_SCAN(suffix, type, wide, result)                                                \
    static void last_accumulate_##suffix(void *state, const trine_chunk *chunk, const void *param) \
    {                                                                                              \
        last_state *s = state;                                                                     \
        (void)param;                                                                               \
        *s = (last_state){.any = true};                                                            \
        memcpy(&s->bytes, (const type *)chunk->in[0] + chunk->n - 1, sizeof(type));                \
    }                                                                                              \
    static void differences_##suffix(type *restrict out, const type *restrict x, size_t n)         \
    {                                                                                              \
        for (size_t i = 1; i < n; i++)                                                             \
            out[i] = result((wide)x[i] - (wide)x[i - 1]);                                          \
    }                                                                                              \
    static void store_differences_##suffix(type *out, const type *x, size_t n, type first)         \
    {                                                                                              \
        double buffer[BUFFER / sizeof(double)];                                                    \
        const size_t step = BUFFER / sizeof(type);                                                 \
        for (size_t i = 0; i < n; i += step) {                                                     \
            size_t some = n - i < step ? n - i : step;                                             \
            type *part = (type *)(void *)buffer;                                                   \
            differences_##suffix(part, x + i, some);                                               \
            part[0] = i ? result((wide)x[i] - (wide)x[i - 1]) : first;                             \
            nt_store_bytes(out + i, buffer, some * sizeof(type));                                  \
        }                                                                                          \
        nt_store_fence();                                                                          \
    }                                                                                              \
    static void differences_in_place_##suffix(type *x, size_t n)                                   \
    {                                                                                              \
        type before = x[0];                                                                        \
        for (size_t i = 1; i < n; i++) {                                                           \
            type now = x[i];                                                                       \
            x[i] = result((wide)now - (wide)before);                                               \
            before = now;                                                                          \
        }                                                                                          \
    }                                                                                              \
    static trine_status difference_scan_##suffix(const trine_chunk *chunk, const void *prefix,     \
                                                 unsigned flags, const void *param)                \
    {                                                                                              \
        const last_state *last = prefix;                                                           \
        const type *x = chunk->in[0];                                                              \
        type *out = chunk->out[0], before, first = x[0];                                           \
        (void)param;                                                                               \
        if (flags & TRINE_SCAN_EXCLUSIVE)                                                          \
            return TRINE_E_ARGUMENT;                                                               \
        memcpy(&before, &last->bytes, sizeof before);                                              \
        first = result((wide)first - (wide)before);                                                \
        if (may_store_non_temporal(chunk, flags)) {                                                \
            store_differences_##suffix(out, x, chunk->n, first);                                   \
            return TRINE_OK;                                                                       \
        }                                                                                          \
        if (out == x)                                                                              \
            differences_in_place_##suffix(out, chunk->n);                                          \
        else                                                                                       \
            differences_##suffix(out, x, chunk->n);                                                \
        out[0] = first;                                                                            \
        return TRINE_OK;                                                                           \
    }                                                                                              \
    static const trine_reducer last_##suffix = {TRINE_INIT(trine_reducer),                         \
                                                .name = "last",                                    \
                                                .nin = 1,                                          \
                                                .in = {DTYPE_##suffix},                            \
                                                .state_size = sizeof(last_state),                  \
                                                .result_size = sizeof(uint64_t),                   \
                                                .flags = TRINE_POSITION_FREE,                      \
                                                .init = last_init,                                 \
                                                .accumulate = last_accumulate_##suffix,            \
                                                .merge = last_merge,                               \
                                                .finish = last_finish};

#define ELEMENT_SCANS(suffix, type, wide, result, nan_value, no_number)                            \
    EXTREME_SCAN(cummin, suffix, type, nan_value, no_number, least, <)                             \
    EXTREME_SCAN(cummax, suffix, type, nan_value, no_number, most, >)                              \
    DIFFERENCE_SCAN(suffix, type, wide, result)
ELEMENT_SCANS(f64, double, double, trine_result_f64, (double)NAN, NO_NUMBER_OF_REALS)
ELEMENT_SCANS(f32, float, float, trine_result_f32, (float)NAN, NO_NUMBER_OF_REALS)
ELEMENT_SCANS(i64, int64_t, uint64_t, (int64_t), 0, ALWAYS_A_NUMBER)
ELEMENT_SCANS(i32, int32_t, uint64_t, (int32_t), 0, ALWAYS_A_NUMBER)
ELEMENT_SCANS(u64, uint64_t, uint64_t, (uint64_t), 0, ALWAYS_A_NUMBER)
ELEMENT_SCANS(u32, uint32_t, uint64_t, (uint32_t), 0, ALWAYS_A_NUMBER)
ELEMENT_SCANS(i16, int16_t, uint64_t, (int16_t), 0, ALWAYS_A_NUMBER)
ELEMENT_SCANS(u16, uint16_t, uint64_t, (uint16_t), 0, ALWAYS_A_NUMBER)
ELEMENT_SCANS(i8, int8_t, uint64_t, (int8_t), 0, ALWAYS_A_NUMBER)
ELEMENT_SCANS(u8, uint8_t, uint64_t, (uint8_t), 0, ALWAYS_A_NUMBER)
