/* kernels/sort/radix_body.h - moving ITEMs to buckets, and a stable sort of one bucket by
 * KEY_OF(item), from the most significant digit down; radix.c compiles it once for each width.
 *
 * The sort:
 * 1. The range of the keys gives the digit: its highest bits, enough of them to make as many pieces
 *    as there are items, in one round or in several alike.
 * 2. Items are counted by digit, then moved to their pieces, in order.
 * 3. A piece of many items is sorted in the same way. Its range is that of its digit; when the
 *    piece is much longer than the others, it is looked up.
 * 4. One insertion pass over the whole bucket puts the few items of each other piece in order.
 * Each round takes at least MIN_BITS bits from the range.
 */
#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define NAMED(name) JOIN(name, SUFFIX)

enum { NAMED(LINE_ITEMS_) = LINE / sizeof(ITEM) };

/* Writes the line that ends with position `last` as far as it belongs to the bucket. */
static inline void NAMED(flush_)(const move *m, const void *line, uint64_t begin, uint64_t last,
                                 ITEM *out)
{
    uint64_t first = last / NAMED(LINE_ITEMS_) * NAMED(LINE_ITEMS_);
    if (first >= begin && m->far)
        write_far(out + first, line);
    else
        for (uint64_t i = first < begin ? begin : first; i <= last; i++)
            out[i] = ((const ITEM *)line)[i - first];
}

/* Moves n elements: ITEM_AT(i) is the i-th of them. */
static void NAMED(move_)(const move *m, const uint64_t key[], const uint16_t bucket[], size_t n,
                         const ITEM *x, uint64_t index, ITEM *out)
{
    (void)x;
    (void)index;
    for (size_t i = 0; i < n; i++) {
        size_t b = bucket[i];
        uint64_t position = m->next[b]++, slot = position % NAMED(LINE_ITEMS_);
        ITEM *line = (ITEM *)(void *)(m->lines + b * LINE);
        line[slot] = ITEM_AT(i);
        if (slot + 1 == NAMED(LINE_ITEMS_))
            NAMED(flush_)(m, line, m->begin[b], position, out);
    }
}

/* Writes what is left in the lines. */
static void NAMED(move_rest_)(const move *m, ITEM *out)
{
    move near = *m;
    near.far = false;
    for (size_t b = 0; b < m->buckets; b++)
        if (m->next[b] > m->begin[b] && m->next[b] % NAMED(LINE_ITEMS_) != 0)
            NAMED(flush_)(&near, m->lines + b * LINE, m->begin[b], m->next[b] - 1, out);
}

static range NAMED(range_of_)(const ITEM *in, size_t n)
{
    KEY low = KEY_OF(in[0]), high = low;
    for (size_t i = 1; i < n; i++) {
        KEY key = KEY_OF(in[i]);
        low = key < low ? key : low;
        high = key > high ? key : high;
    }
    return (range){low, high};
}

/* Moves the items to their pieces: piece k is out[k ? end[k - 1] : 0 .. end[k]). */
static void NAMED(distribute_)(const ITEM *in, size_t n, digit d, ITEM *out, size_t end[PIECES])
{
    const KEY least = (KEY)d.least;
    memset(end, 0, d.pieces * sizeof *end);
    for (size_t i = 0; i < n; i++)
        end[(KEY)(KEY_OF(in[i]) - least) >> d.shift]++;
    size_t first = 0;
    for (size_t k = 0; k < d.pieces; k++) {
        size_t count = end[k];
        end[k] = first;
        first += count;
    }
    for (size_t i = 0; i < n; i++)
        out[end[(KEY)(KEY_OF(in[i]) - least) >> d.shift]++] = in[i];
}

static void NAMED(split_)(ITEM *items, size_t n, range r, ITEM *spare);

static void NAMED(split_pieces_)(ITEM *items, size_t n, digit d, const size_t end[], ITEM *spare)
{
    size_t first = 0;
    for (size_t k = 0; k < d.pieces && d.shift > 0; first = end[k++]) {
        size_t count = end[k] - first;
        if (count > FEW)
            NAMED(split_)
        (items + first, count,
         count > LONG * (n / d.pieces + 1) ? NAMED(range_of_)(items + first, count)
                                           : range_of_piece(d, k),
         spare + first);
    }
}

/* Sorts the items but for their order in pieces of at most FEW, of neighbouring keys. */
static void NAMED(split_)(ITEM *items, size_t n, range r, ITEM *spare)
{
    size_t end[PIECES];
    if (r.least == r.most)
        return;
    digit d = choose_digit(r, n);
    NAMED(distribute_)(items, n, d, spare, end);
    memcpy(items, spare, n * sizeof *items);
    NAMED(split_pieces_)(items, n, d, end, spare);
}

static void NAMED(insert_)(ITEM *items, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        const ITEM item = items[i];
        size_t j = i;
        for (; j > 0 && KEY_OF(items[j - 1]) > KEY_OF(item); j--)
            items[j] = items[j - 1];
        items[j] = item;
    }
}

/* Sorts in[0 .. n) into out; spare: n items that it overwrites, which may be `in`. */
static void NAMED(sort_)(const ITEM *in, size_t n, ITEM *out, ITEM *spare)
{
    size_t end[PIECES];
    if (n <= FEW) {
        memcpy(out, in, n * sizeof *in);
    } else {
        digit d = choose_digit(NAMED(range_of_)(in, n), n);
        NAMED(distribute_)(in, n, d, out, end);
        NAMED(split_pieces_)(out, n, d, end, spare);
    }
    NAMED(insert_)(out, n);
}

#undef ITEM
#undef KEY
#undef KEY_OF
#undef ITEM_AT
#undef SUFFIX
#undef JOIN_
#undef JOIN
#undef NAMED
