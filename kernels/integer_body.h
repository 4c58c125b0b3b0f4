/* kernels/integer_body.h - accumulate for integers TYPE, 2^13 of which add up in SUM; called NAME.
 */
static void NAME(void *state, const trine_chunk *chunk, const void *param)
{
    const TYPE *x = chunk->in[0];
    SUM sum = 0;
    (void)param;
    for (size_t i = 0; i < chunk->n; i++)
        sum += (SUM)x[i];
    ((integer_state *)state)->sum += sum;
}
#undef TYPE
#undef SUM
#undef NAME
