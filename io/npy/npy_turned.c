/* io/npy/npy_turned.c - fetching elements of a file in Fortran order by their numbers in C order.
 *
 * Call the indices of the first axis rows, and those of all others together columns, of which there
 * are `columns`. The file holds column after column, `rows` elements each, but the columns come in
 * Fortran order, too: the number of a column in the file is another than in C order where there are
 * three axes and more.
 *
 * A rectangle of rows and columns is read by tiles: from some columns the wanted rows, into a
 * buffer that stays in cache, which is then turned to its place. Columns that are wanted whole and
 * lie side by side are read at once.
 */
#include <stdlib.h>
#include <string.h>

#include "core/system/error.h"
#include "io/npy/npy_file.h"

/* Bytes of the buffer; rows and columns that a tile has at most. */
enum { BUFFER = 1 << 20, TILE_ROWS = 4096, TILE_COLUMNS = 256 };

/* Rows [row, row + rows) of columns [column, column + columns) in C order go to `to`, `stride`
 * elements from row to row. */
typedef struct rectangle {
    const trine_npy_file *file;
    int fd;
    uint64_t row, rows, column, columns;
    unsigned char *to;
    uint64_t stride;
    size_t item;
} rectangle;

bool trine_npy_turned(const trine_npy_info *info)
{
    int longer = 0;
    for (int i = 0; i < info->ndim; i++)
        longer += info->shape[i] > 1;
    return info->fortran_order && longer > 1 && info->n > 0;
}

/* The number in the file of the column of that number in C order; in C order of that in the file.
 */
static uint64_t renumber(const trine_npy_info *info, uint64_t column, bool to_file)
{
    uint64_t number = 0, weight = 1, index[TRINE_DIMS];
    int last = info->ndim - 1;
    /* The fastest axis first: the last in C order, the second in the file's. */
    for (int k = 0; k < last; k++) {
        int axis = to_file ? last - k : 1 + k;
        index[axis] = column % (uint64_t)info->shape[axis];
        column /= (uint64_t)info->shape[axis];
    }
    for (int k = 0; k < last; k++) {
        int axis = to_file ? 1 + k : last - k;
        number += index[axis] * weight;
        weight *= (uint64_t)info->shape[axis];
    }
    return number;
}

#define SPREAD(name, type)                                                                         \
    static void name(const void *from, size_t length, size_t rows, size_t columns,                 \
                     const uint64_t column[], void *to, size_t stride)                             \
    {                                                                                              \
        for (size_t r = 0; r < rows; r++)                                                          \
            for (size_t c = 0; c < columns; c++)                                                   \
                ((type *)to)[r * stride + column[c]] = ((const type *)from)[c * length + r];       \
    }
SPREAD(spread_1, uint8_t)
SPREAD(spread_2, uint16_t)
SPREAD(spread_4, uint32_t)
SPREAD(spread_8, uint64_t)

/* Column c of a tile, `length` elements from the next in the buffer, goes to column[c] of the
 * rectangle. */
static void spread(const rectangle *r, const void *buffer, size_t length, uint64_t first,
                   size_t rows, size_t columns, const uint64_t column[])
{
    unsigned char *to = r->to + first * r->stride * r->item;
    switch (r->item) {
    case 1:
        spread_1(buffer, length, rows, columns, column, to, (size_t)r->stride);
        break;
    case 2:
        spread_2(buffer, length, rows, columns, column, to, (size_t)r->stride);
        break;
    case 4:
        spread_4(buffer, length, rows, columns, column, to, (size_t)r->stride);
        break;
    default:
        spread_8(buffer, length, rows, columns, column, to, (size_t)r->stride);
    }
}

/* Rows [first, first + rows) of the rectangle, of the columns with these numbers in the file. */
static trine_status read_tile(const rectangle *r, uint64_t first, size_t rows, size_t columns,
                              const uint64_t in_file[], const uint64_t column[],
                              unsigned char *buffer)
{
    uint64_t all = (uint64_t)r->file->info.shape[0];
    trine_status status = TRINE_OK;
    for (size_t c = 0, some; c < columns && !status; c += some) {
        some = 1;
        while (rows == all && c + some < columns && in_file[c + some] == in_file[c] + some)
            some++;
        status = trine_npy_elements(r->file, r->fd, in_file[c] * all + r->row + first, some * rows,
                                    buffer + c * rows * r->item);
    }
    if (!status)
        spread(r, buffer, rows, first, rows, columns, column);
    return status;
}

/* Whole rows are read in the order of the file. */
static trine_status read_rectangle(const rectangle *r, unsigned char *buffer)
{
    const trine_npy_info *info = &r->file->info;
    uint64_t in_file[TILE_COLUMNS], column[TILE_COLUMNS];
    bool whole = r->columns == (uint64_t)(info->n / info->shape[0]);
    size_t rows = r->rows < TILE_ROWS ? (size_t)r->rows : TILE_ROWS;
    size_t columns = BUFFER / (rows * r->item);
    columns = columns < TILE_COLUMNS ? columns : TILE_COLUMNS;
    trine_status status = TRINE_OK;
    for (uint64_t c = 0; c < r->columns && !status; c += columns) {
        size_t some = r->columns - c < columns ? (size_t)(r->columns - c) : columns;
        for (size_t i = 0; i < some; i++) {
            in_file[i] = whole ? c + i : renumber(info, r->column + c + i, true);
            column[i] = whole ? renumber(info, c + i, false) : c + i;
        }
        for (uint64_t first = 0; first < r->rows && !status; first += rows)
            status = read_tile(r, first, r->rows - first < rows ? (size_t)(r->rows - first) : rows,
                               some, in_file, column, buffer);
    }
    return status;
}

/* Elements [first, end) in C order, to `to`: the rest of a row, whole rows, the beginning of one.
 */
static trine_status read_range(const trine_npy_file *file, int fd, uint64_t first, uint64_t end,
                               unsigned char *to, unsigned char *buffer)
{
    uint64_t columns = (uint64_t)(file->info.n / file->info.shape[0]);
    trine_status status = TRINE_OK;
    while (first < end && !status) {
        uint64_t column = first % columns, left = end - first;
        rectangle r = {.file = file,
                       .fd = fd,
                       .row = first / columns,
                       .rows = column == 0 && left >= columns ? left / columns : 1,
                       .column = column,
                       .columns = columns - column < left ? columns - column : left,
                       .to = to,
                       .stride = columns,
                       .item = file->item};
        status = read_rectangle(&r, buffer);
        to += r.rows * r.columns * file->item;
        first += r.rows * r.columns;
    }
    return status;
}

void trine_npy_turn(const trine_npy_info *info, const void *from, void *to)
{
    size_t item = trine_dtype_size(info->dtype), rows = (size_t)info->shape[0];
    uint64_t columns = (uint64_t)(info->n / info->shape[0]);
    rectangle all = {.to = to, .stride = columns, .item = item};
    for (uint64_t c = 0; c < columns; c++) {
        uint64_t column = renumber(info, c, false);
        spread(&all, (const unsigned char *)from + c * rows * item, rows, 0, rows, 1, &column);
    }
}

trine_status trine_npy_fetch_turned(const trine_source *source, uint64_t first, size_t n, void *to,
                                    const void **data)
{
    const trine_npy_file *file = source->context;
    size_t stride = source->stride / file->item, item = source->item / file->item;
    uint64_t element = (first - source->offset) * stride + source->skip / file->item;
    unsigned char *buffer = malloc(BUFFER);
    int fd = -1;
    trine_status status =
        buffer ? trine_npy_descriptor(file, &fd)
               : trine_fail(TRINE_E_MEMORY, "%s: no memory for %d bytes", file->name, BUFFER);
    if (!status && item == stride) {
        status = read_range(file, fd, element, element + n * item, to, buffer);
    } else if (!status) {
        /* Parts of rows: items are rows. */
        rectangle r = {.file = file,
                       .fd = fd,
                       .row = element / stride,
                       .rows = n,
                       .column = element % stride,
                       .columns = item,
                       .to = to,
                       .stride = item,
                       .item = file->item};
        status = read_rectangle(&r, buffer);
    }
    free(buffer);
    *data = to;
    return status;
}
