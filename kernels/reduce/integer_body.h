/* kernels/reduce/integer_body.h - accumulate for integers TYPE, of which 2^13 times VALUE(x) add up
 * in SUM; called NAME. */
static void NAME(void *state, const trine_chunk *chunk, const void *param)
{
    const TYPE *x = chunk->in[0];
    SUM sum = 0;
    (void)param;
    for (int64_t i = 0; i < chunk->n; i++)
        sum += VALUE((SUM)x[i]);
    integer_add(state, (int128)sum, chunk->n);
}
#undef TYPE
#undef SUM
#undef NAME
