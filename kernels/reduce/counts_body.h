/* kernels/reduce/counts_body.h - counts over elements of TYPE, called by SUFFIX. */

static void NAMED(nonzero_accumulate)(void *state, const trine_chunk *chunk, const void *param)
{
    const TYPE *x = chunk->in[0];
    counts *s = state;
    COUNT_TYPE found = 0;
    (void)param;
    for (int64_t first = 0; first < chunk->n; first += PIECE) {
        int64_t left = chunk->n - first, end = left < PIECE ? chunk->n : first + PIECE;
        prefetch_piece(x + first);
        for (int64_t i = first; i < end; i++)
            found += (COUNT_TYPE)(x[i] != 0);
    }
    s->found += (uint64_t)found;
    s->n += (uint64_t)chunk->n;
}

static void NAMED(nan_accumulate)(void *state, const trine_chunk *chunk, const void *param)
{
    const TYPE *x = chunk->in[0];
    counts *s = state;
    COUNT_TYPE found = 0;
    (void)param;
    for (int64_t first = 0; first < chunk->n; first += PIECE) {
        int64_t left = chunk->n - first, end = left < PIECE ? chunk->n : first + PIECE;
        prefetch_piece(x + first);
        for (int64_t i = first; i < end; i++)
            found += (COUNT_TYPE)IS_NAN(x[i]);
    }
    s->found += (uint64_t)found;
    s->n += (uint64_t)chunk->n;
}

static void NAMED(between_accumulate)(void *state, const trine_chunk *chunk, const void *param)
{
    const TYPE *x = chunk->in[0], *range = param, low = range[0], high = range[1];
    counts *s = state;
    COUNT_TYPE found = 0;
    for (int64_t first = 0; first < chunk->n; first += PIECE) {
        int64_t left = chunk->n - first, end = left < PIECE ? chunk->n : first + PIECE;
        prefetch_piece(x + first);
        for (int64_t i = first; i < end; i++)
            found += (COUNT_TYPE)((x[i] >= low) & (x[i] <= high));
    }
    s->found += (uint64_t)found;
    s->n += (uint64_t)chunk->n;
}

#undef TYPE
#undef SUFFIX
#undef COUNT_TYPE
#undef IS_NAN
