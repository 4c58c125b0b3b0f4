/* kernels/reduce/extremes_body.h - extremes of elements of TYPE, called by SUFFIX, with keys of
 * KEY. REAL: whether there are NaNs, beyond the keys of the infinities. */

static void NAMED(extremes_accumulate)(void *state, const trine_chunk *chunk, const void *param)
{
    extremes *s = state;
    const TYPE *x = chunk->in[0];
    KEY least = NAMED(key)(x), most = least;
    const int64_t piece = PREFETCH_PIECE / (int64_t)sizeof(TYPE);
    (void)param;
    for (int64_t first = 0; first < chunk->n; first += piece) {
        int64_t end = chunk->n - first < piece ? chunk->n : first + piece;
        prefetch_piece(x + first);
        for (int64_t i = first; i < end; i++) {
            KEY key = NAMED(key)(x + i);
            least = key < least ? key : least;
            most = key > most ? key : most;
        }
    }
    extremes_widen(s, least, most);
    NAMED(note_nan)(s, least, most);
}

/* NaN passed over. */
static void NAMED(nan_extremes_accumulate)(void *state, const trine_chunk *chunk, const void *param)
{
#if REAL
    extremes *s = state;
    const TYPE *x = chunk->in[0];
    const KEY top = NAMED(INF_KEY), bottom = ~top, none = top + 1;
    KEY least = none, most = ~none;
    const int64_t piece = PREFETCH_PIECE / (int64_t)sizeof(TYPE);
    (void)param;
    for (int64_t first = 0; first < chunk->n; first += piece) {
        int64_t end = chunk->n - first < piece ? chunk->n : first + piece;
        prefetch_piece(x + first);
        for (int64_t i = first; i < end; i++) {
            KEY key = NAMED(key)(x + i);
            KEY low = key < bottom ? none : key, high = key > top ? ~none : key;
            least = low < least ? low : least;
            most = high > most ? high : most;
        }
    }
    if (least != none)
        extremes_widen(s, least, most);
#else
    NAMED(extremes_accumulate)(state, chunk, param);
#endif
}

/* Element of the chunk with that key; there is one. */
static size_t NAMED(find)(const trine_chunk *chunk, int64_t key)
{
    const TYPE *x = chunk->in[0];
    size_t i = 0;
    while (NAMED(key)(x + i) != key)
        i++;
    return i;
}

static size_t NAMED(find_nan)(const trine_chunk *chunk)
{
    size_t i = 0;
#if REAL
    const TYPE *x = chunk->in[0];
    while (x[i] == x[i])
        i++;
#else
    (void)chunk;
#endif
    return i;
}

/* Takes in the chunk, whose extremes are e. */
TRINE_INLINE void NAMED(place_widen)(place *s, const trine_chunk *chunk, const extremes *e,
                                     bool greatest)
{
    int64_t key = greatest ? ~e->most : e->least;
    place found = {.key = key, .nan = e->nan, .any = e->any};
    if (!e->any || !place_may_precede(&found, s, chunk->offset))
        return;
    found.index = chunk->offset + (e->nan ? NAMED(find_nan)(chunk)
                                          : NAMED(find)(chunk, greatest ? e->most : e->least));
    place_merge(s, &found, NULL);
}

TRINE_INLINE void NAMED(place_accumulate)(place *s, const trine_chunk *chunk, bool greatest)
{
    extremes e = extremes_of_none;
    NAMED(extremes_accumulate)(&e, chunk, NULL);
    NAMED(place_widen)(s, chunk, &e, greatest);
}

TRINE_INLINE void NAMED(nan_place_accumulate)(place *s, const trine_chunk *chunk, bool greatest)
{
    extremes e = extremes_of_none;
    NAMED(nan_extremes_accumulate)(&e, chunk, NULL);
    NAMED(place_widen)(s, chunk, &e, greatest);
}

static void NAMED(argmin_accumulate)(void *state, const trine_chunk *chunk, const void *param)
{
    (void)param;
    NAMED(place_accumulate)(state, chunk, false);
}

static void NAMED(argmax_accumulate)(void *state, const trine_chunk *chunk, const void *param)
{
    (void)param;
    NAMED(place_accumulate)(state, chunk, true);
}

static void NAMED(nanargmin_accumulate)(void *state, const trine_chunk *chunk, const void *param)
{
    (void)param;
    NAMED(nan_place_accumulate)(state, chunk, false);
}

static void NAMED(nanargmax_accumulate)(void *state, const trine_chunk *chunk, const void *param)
{
    (void)param;
    NAMED(nan_place_accumulate)(state, chunk, true);
}

static void NAMED(argminmax_accumulate)(void *state, const trine_chunk *chunk, const void *param)
{
    place_pair *s = state;
    extremes e = extremes_of_none;
    (void)param;
    NAMED(extremes_accumulate)(&e, chunk, NULL);
    NAMED(place_widen)(&s->least, chunk, &e, false);
    NAMED(place_widen)(&s->greatest, chunk, &e, true);
}

/* Two indices, then two elements. */
typedef struct NAMED(indexed_pair) {
    uint64_t index[2];
    TYPE element[2];
} NAMED(indexed_pair);

static trine_status NAMED(argminmax_finish)(void *result, const void *state, const void *param)
{
    const place_pair *s = state;
    NAMED(indexed_pair) *pair = result;
    (void)param;
    if (!s->least.any)
        return TRINE_E_EMPTY;
    memset(pair, 0, sizeof *pair);
    pair->index[0] = s->least.index;
    pair->index[1] = s->greatest.index;
    pair->element[0] = s->least.nan ? NAMED(nan)() : NAMED(value)(s->least.key);
    pair->element[1] = s->least.nan ? NAMED(nan)() : NAMED(value)(~s->greatest.key);
    return TRINE_OK;
}

static trine_status NAMED(min_finish)(void *result, const void *state, const void *param)
{
    const extremes *s = state;
    (void)param;
    if (!s->any)
        return TRINE_E_EMPTY;
    *(TYPE *)result = s->nan ? NAMED(nan)() : NAMED(value)(s->least);
    return TRINE_OK;
}

static trine_status NAMED(max_finish)(void *result, const void *state, const void *param)
{
    const extremes *s = state;
    (void)param;
    if (!s->any)
        return TRINE_E_EMPTY;
    *(TYPE *)result = s->nan ? NAMED(nan)() : NAMED(value)(s->most);
    return TRINE_OK;
}

static trine_status NAMED(minmax_finish)(void *result, const void *state, const void *param)
{
    TYPE *pair = result;
    trine_status status = NAMED(min_finish)(pair, state, param);
    return status ? status : NAMED(max_finish)(pair + 1, state, param);
}

static trine_status NAMED(absmax_finish)(void *result, const void *state, const void *param)
{
    TYPE least = 0, most = 0, *most_abs = result;
    trine_status status = NAMED(min_finish)(&least, state, param);
    if (status)
        return status;
    NAMED(max_finish)(&most, state, param);
#if REAL
    double low = fabs((double)least), high = fabs((double)most);
    *most_abs = (TYPE)(low > high ? low : high);
#elif SIGNED
    /* Compared as negative numbers, which have headroom for the least of all. */
    int64_t low = least < 0 ? least : -(int64_t)least, high = most < 0 ? most : -(int64_t)most;
    low = low < high ? low : high;
    if (low == INT64_MIN >> (64 - 8 * sizeof(TYPE)))
        return TRINE_E_OVERFLOW;
    *most_abs = (TYPE)-low;
#else
    *most_abs = most;
#endif
    return TRINE_OK;
}

static trine_status NAMED(ptp_finish)(void *result, const void *state, const void *param)
{
    TYPE least = 0, most = 0;
    trine_status status = NAMED(min_finish)(&least, state, param);
    if (status)
        return status;
    NAMED(max_finish)(&most, state, param);
#if REAL
    TYPE range = most - least;
    *(TYPE *)result = range == range ? range : NAMED(nan)();
#else
    uint64_t range = (uint64_t)most - (uint64_t)least;
    if (range > (UINT64_MAX >> (64 - 8 * sizeof(TYPE) + SIGNED)))
        return TRINE_E_OVERFLOW;
    *(TYPE *)result = (TYPE)range;
#endif
    return TRINE_OK;
}

static trine_status NAMED(nanmin_finish)(void *result, const void *state, const void *param)
{
    return NAMED(min_finish)(result, state, param);
}

static trine_status NAMED(nanmax_finish)(void *result, const void *state, const void *param)
{
    return NAMED(max_finish)(result, state, param);
}

/* How each kernel takes in a chunk. */
#define ACCUMULATES(kernel, kind)                                                                  \
    static void NAMED(kernel##_accumulate)(void *state, const trine_chunk *chunk,                  \
                                           const void *param)                                      \
    {                                                                                              \
        NAMED(kind##_accumulate)(state, chunk, param);                                             \
    }
ACCUMULATES(min, extremes)
ACCUMULATES(max, extremes)
ACCUMULATES(minmax, extremes)
ACCUMULATES(absmax, extremes)
ACCUMULATES(ptp, extremes)
ACCUMULATES(nanmin, nan_extremes)
ACCUMULATES(nanmax, nan_extremes)

#undef ACCUMULATES
#undef TYPE
#undef SUFFIX
#undef KEY
#undef REAL
#undef SIGNED
