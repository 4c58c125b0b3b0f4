/* kernels/radix_body.h - a stable sort of one bucket of ITEMs by KEY_OF(item), from the most
 * significant digit down; radix.c compiles it once for each width.
 *
 * 1. The range of the bucket's keys gives the digit: as many of its highest bits as make pieces of
 *    a few items.
 * 2. Items are counted by digit, then moved to their pieces, in order.
 * 3. Each piece is sorted in the same way. A few items go to their ranks, which all their
 *    comparisons add up to without a branch.
 * Each round takes at least one bit from the range, and nearly always all of its bits.
 */
#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define NAMED(name) JOIN(name, SUFFIX)

/* in and out do not overlap. */
static inline __attribute__((always_inline)) void NAMED(sort_few_)(const ITEM *in, size_t n,
                                                                   ITEM *out)
{
    uint32_t rank[FEW];
    for (size_t i = 0; i < n; i++) {
        uint64_t key = KEY_OF(in[i]);
        uint32_t before = 0;
        for (size_t j = 0; j < i; j++) {
            uint32_t after = KEY_OF(in[j]) > key;
            rank[j] += after;
            before += 1 - after;
        }
        rank[i] = before;
    }
    for (size_t i = 0; i < n; i++)
        out[rank[i]] = in[i];
}

static void NAMED(range_of_)(const ITEM *in, size_t n, uint64_t *least, uint64_t *most)
{
    KEY low = KEY_OF(in[0]), high = low;
    for (size_t i = 1; i < n; i++) {
        KEY key = KEY_OF(in[i]);
        low = key < low ? key : low;
        high = key > high ? key : high;
    }
    *least = low;
    *most = high;
}

/* Moves the items to their pieces: piece d is out[d ? end[d - 1] : 0 .. end[d]). */
static digit NAMED(distribute_)(const ITEM *in, size_t n, ITEM *out, size_t end[PIECES])
{
    uint64_t least, most;
    NAMED(range_of_)(in, n, &least, &most);
    digit d = choose_digit(least, most, n);
    memset(end, 0, d.pieces * sizeof *end);
    for (size_t i = 0; i < n; i++)
        end[(KEY_OF(in[i]) - least) >> d.shift]++;
    size_t first = 0;
    for (size_t k = 0; k < d.pieces; k++) {
        size_t count = end[k];
        end[k] = first;
        first += count;
    }
    for (size_t i = 0; i < n; i++)
        out[end[(KEY_OF(in[i]) - least) >> d.shift]++] = in[i];
    return d;
}

static void NAMED(sort_here_)(ITEM *items, size_t n, ITEM *spare);

/* Sorts `in`, which it overwrites, into `out`. */
static void NAMED(sort_over_)(ITEM *in, size_t n, ITEM *out)
{
    size_t end[PIECES];
    if (n <= FEW) {
        NAMED(sort_few_)(in, n, out);
        return;
    }
    digit d = NAMED(distribute_)(in, n, out, end);
    size_t first = 0;
    for (size_t k = 0; k < d.pieces && d.shift > 0; first = end[k++])
        NAMED(sort_here_)(out + first, end[k] - first, in + first);
}

static void NAMED(sort_here_)(ITEM *items, size_t n, ITEM *spare)
{
    size_t end[PIECES];
    if (n < 2)
        return;
    if (n <= FEW) {
        memcpy(spare, items, n * sizeof *items);
        NAMED(sort_few_)(spare, n, items);
        return;
    }
    digit d = NAMED(distribute_)(items, n, spare, end);
    if (d.shift == 0) {
        memcpy(items, spare, n * sizeof *items);
        return;
    }
    size_t first = 0;
    for (size_t k = 0; k < d.pieces; first = end[k++])
        NAMED(sort_over_)(spare + first, end[k] - first, items + first);
}

/* Sorts in[0 .. n) into out; spare: n items that it overwrites. */
static void NAMED(sort_items_)(const ITEM *in, size_t n, ITEM *out, ITEM *spare)
{
    size_t end[PIECES];
    if (n <= FEW) {
        NAMED(sort_few_)(in, n, out);
        return;
    }
    digit d = NAMED(distribute_)(in, n, out, end);
    size_t first = 0;
    for (size_t k = 0; k < d.pieces && d.shift > 0; first = end[k++])
        NAMED(sort_here_)(out + first, end[k] - first, spare + first);
}

#undef ITEM
#undef KEY
#undef KEY_OF
#undef SUFFIX
#undef JOIN_
#undef JOIN
#undef NAMED
