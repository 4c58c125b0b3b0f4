/* kernels/linalg/transposes.c - transposing a block of elements.
 *
 * 1. The block goes by tiles of 64 columns by as many rows as give 1 KiB of a row of the output.
 * 2. A tile is turned into a buffer that stays in cache, in blocks as large as vector registers:
 *    16 bytes by 16 bytes with the perfect shuffle (unpack vectors i and i + N/2 of N, log2(N)
 *    times: H. S. Stone, Parallel processing with the perfect shuffle, IEEE Trans. Comp. C-20
 *    (1971)), 64 by 64 bytes for elements of 8 bytes with AVX-512.
 * 3. The buffer's rows, each a run of a row of the output, are copied there: by whole lines past
 *    the caches when the output is large.
 */
#include "kernels/registry/isa.h"
#include "kernels/simd/non_temporal.h"

/* Rows of the buffer begin a line further, so that they do not fall on the same sets of the
 * cache. */
enum { COLUMNS = 64, RUN_BYTES = 1024, BUFFER_ROW = RUN_BYTES + LINE, AHEAD_ROWS = 32 };

/* One block of registers: from's rows and to's rows lie from_row and to_row bytes apart. */
typedef void (*turn_block)(const unsigned char *from, size_t from_row, unsigned char *to,
                           size_t to_row);

#if defined(__SSE2__)
/* N x N elements, N = 2^rounds of which fill 16 bytes. */
#define TURN_BLOCK(item, N, rounds, suffix)                                                        \
    TRINE_INLINE void turn_block_##item(const unsigned char *from, size_t from_row,                \
                                        unsigned char *to, size_t to_row)                          \
    {                                                                                              \
        __m128i v[N], w[N];                                                                        \
        for (int i = 0; i < (N); i++)                                                              \
            v[i] = _mm_loadu_si128((const __m128i *)(const void *)(from + i * from_row));          \
        for (int round = 0; round < (rounds); round++) {                                           \
            for (int i = 0; i < (N) / 2; i++) {                                                    \
                w[2 * i] = _mm_unpacklo_epi##suffix(v[i], v[i + (N) / 2]);                         \
                w[2 * i + 1] = _mm_unpackhi_epi##suffix(v[i], v[i + (N) / 2]);                     \
            }                                                                                      \
            for (int i = 0; i < (N); i++)                                                          \
                v[i] = w[i];                                                                       \
        }                                                                                          \
        for (int i = 0; i < (N); i++)                                                              \
            _mm_storeu_si128((__m128i *)(void *)(to + i * to_row), v[i]);                          \
    }
TURN_BLOCK(1, 16, 4, 8)
TURN_BLOCK(2, 8, 3, 16)
TURN_BLOCK(4, 4, 2, 32)
#if !defined(__AVX512F__)
TURN_BLOCK(8, 2, 1, 64)
#endif
#undef TURN_BLOCK
enum { BLOCK_1 = 16, BLOCK_2 = 8, BLOCK_4 = 4 };
#else
enum { BLOCK_1 = 1, BLOCK_2 = 1, BLOCK_4 = 1, BLOCK_8 = 1 };
#define TURN_BLOCK(item)                                                                           \
    TRINE_INLINE void turn_block_##item(const unsigned char *from, size_t from_row,                \
                                        unsigned char *to, size_t to_row)                          \
    {                                                                                              \
        (void)from_row;                                                                            \
        (void)to_row;                                                                              \
        memcpy(to, from, item);                                                                    \
    }
TURN_BLOCK(1)
TURN_BLOCK(2)
TURN_BLOCK(4)
TURN_BLOCK(8)
#undef TURN_BLOCK
#endif

#if defined(__AVX512F__)
enum { BLOCK_8 = 8 };

TRINE_INLINE void turn_block_8(const unsigned char *from, size_t from_row, unsigned char *to,
                               size_t to_row)
{
    __m512d v[8], w[8];
    for (int i = 0; i < 8; i++)
        v[i] = _mm512_loadu_pd(from + i * from_row);
    for (int i = 0; i < 8; i += 2) {
        w[i] = _mm512_unpacklo_pd(v[i], v[i + 1]);
        w[i + 1] = _mm512_unpackhi_pd(v[i], v[i + 1]);
    }
    /* Pairs of rows 0 1, 2 3, ...; quarters of the register from columns 0, 2, 4, 6 or 1, 3, ....
     */
    for (int odd = 0; odd < 2; odd++) {
        for (int half = 0; half < 2; half++) {
            const __m512d *p = w + 4 * half + odd;
            v[4 * odd + half] = _mm512_shuffle_f64x2(p[0], p[2], 0x88);
            v[4 * odd + 2 + half] = _mm512_shuffle_f64x2(p[0], p[2], 0xdd);
        }
        for (int i = 0; i < 2; i++) {
            const __m512d *p = v + 4 * odd + 2 * i;
            _mm512_storeu_pd(to + (2 * i + odd) * to_row, _mm512_shuffle_f64x2(p[0], p[1], 0x88));
            _mm512_storeu_pd(to + (4 + 2 * i + odd) * to_row,
                             _mm512_shuffle_f64x2(p[0], p[1], 0xdd));
        }
    }
}
#elif defined(__SSE2__)
enum { BLOCK_8 = 2 };
#endif

/* Elements [r0, r1) x [c0, c1), one by one. */
#define TURN_EDGE(item, type)                                                                      \
    static void turn_edge_##item(const trine_transpose_block *block, size_t r0, size_t r1,         \
                                 size_t c0, size_t c1)                                             \
    {                                                                                              \
        for (size_t c = c0; c < c1; c++) {                                                         \
            type *to = (type *)(void *)((unsigned char *)block->to + c * block->to_row);           \
            for (size_t r = r0; r < r1; r++)                                                       \
                to[r] = ((const type *)(const void *)((const unsigned char *)block->from +         \
                                                      r * block->from_row))[c];                    \
        }                                                                                          \
    }

/* Asks for rows [r, r + rows) of a tile; past its end lies the next tile, or nothing, which a
 * prefetch may ask for. Rows of a tile are too short for the CPU to see them coming. */
TRINE_INLINE void ahead(const trine_transpose_block *block, size_t r, size_t rows, size_t item)
{
    for (size_t i = r; i < r + rows; i++)
        for (size_t at = 0; at < block->columns * item; at += LINE)
            __builtin_prefetch((const unsigned char *)block->from + i * block->from_row + at);
}

/* A tile, in blocks and their edges. */
#define TURN_TILE(item, type)                                                                      \
    TURN_EDGE(item, type)                                                                          \
    static void turn_tile_##item(const trine_transpose_block *block)                               \
    {                                                                                              \
        size_t rows = block->rows - block->rows % BLOCK_##item;                                    \
        size_t columns = block->columns - block->columns % BLOCK_##item;                           \
        for (size_t r = 0; r < rows; r += BLOCK_##item) {                                          \
            ahead(block, r + AHEAD_ROWS, BLOCK_##item, item);                                      \
            for (size_t c = 0; c < columns; c += BLOCK_##item)                                     \
                turn_block_##item(                                                                 \
                    (const unsigned char *)block->from + r * block->from_row + c * (item),         \
                    block->from_row, (unsigned char *)block->to + c * block->to_row + r * (item),  \
                    block->to_row);                                                                \
        }                                                                                          \
        turn_edge_##item(block, rows, block->rows, 0, columns);                                    \
        turn_edge_##item(block, 0, block->rows, columns, block->columns);                          \
    }
TURN_TILE(1, uint8_t)
TURN_TILE(2, uint16_t)
TURN_TILE(4, uint32_t)
TURN_TILE(8, uint64_t)

static void turn_tile(const trine_transpose_block *tile)
{
    switch (tile->item) {
    case 1:
        turn_tile_1(tile);
        break;
    case 2:
        turn_tile_2(tile);
        break;
    case 4:
        turn_tile_4(tile);
        break;
    default:
        turn_tile_8(tile);
    }
}

/* A tile that goes to its place through the buffer. */
static void turn_through(const trine_transpose_block *tile, unsigned char *buffer)
{
    trine_transpose_block turned = *tile;
    turned.to = buffer;
    turned.to_row = BUFFER_ROW;
    turn_tile(&turned);
    for (size_t c = 0; c < tile->columns; c++) {
        unsigned char *to = (unsigned char *)tile->to + c * tile->to_row;
        if (tile->non_temporal)
            nt_store_bytes(to, buffer + c * BUFFER_ROW, tile->rows * tile->item);
        else
            memcpy(to, buffer + c * BUFFER_ROW, tile->rows * tile->item);
    }
}

void VARIANT(trine_transpose_block)(const trine_transpose_block *block)
{
    _Alignas(LINE) unsigned char buffer[COLUMNS * BUFFER_ROW];
    size_t rows = RUN_BYTES / block->item;
    for (size_t c = 0; c < block->columns; c += COLUMNS)
        for (size_t r = 0; r < block->rows; r += rows) {
            trine_transpose_block tile = *block;
            tile.from = (const unsigned char *)block->from + r * block->from_row + c * block->item;
            tile.to = (unsigned char *)block->to + c * block->to_row + r * block->item;
            tile.rows = block->rows - r < rows ? block->rows - r : rows;
            tile.columns = block->columns - c < COLUMNS ? block->columns - c : COLUMNS;
            turn_through(&tile, buffer);
        }
    if (block->non_temporal)
        nt_store_fence();
}
