/* io/npy/npy_header.c - the dictionary of a .npy header.
 *
 * The dictionary is a Python literal that numpy writes in one form and others in many:
 *     {'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }
 * It is read by position, without recursion; nothing in it is believed before it is checked.
 * Source: numpy/lib/format.py and NEP 1.
 */
#include "io/npy/npy_header.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/system/error.h"
#include "core/system/util.h"
#include "io/npy/other_format.h"

static const char magic[] = "\x93NUMPY";
enum { MAGIC = 6 };

/* Where the reading is; bytes[0 .. end). */
typedef struct cursor {
    const char *name;
    const unsigned char *bytes;
    size_t at, end;
} cursor;

__attribute__((format(printf, 2, 3))) static trine_status wrong(const cursor *c, const char *format,
                                                                ...)
{
    char why[384];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why, sizeof why, format, arguments);
    va_end(arguments);
    return trine_fail(TRINE_E_FORMAT, "%s: byte %zu: %s", c->name, c->at, why);
}

trine_status trine_npy_prefix(const char *name, const unsigned char *bytes, size_t n,
                              trine_npy_info *info, size_t *whole)
{
    cursor c = {name, bytes, 0, n};
    if (n < MAGIC || memcmp(bytes, magic, MAGIC) != 0)
        return wrong(&c, "no .npy file: %s", trine_other_format(bytes, n));
    c.at = MAGIC;
    if (n < 10)
        return wrong(&c, "the file ends at byte %zu, inside its header", n);
    info->major = bytes[6];
    info->minor = bytes[7];
    if (info->major < 1 || info->major > 3 || info->minor != 0)
        return wrong(&c, "format version %d.%d; expected 1.0, 2.0 or 3.0", info->major,
                     info->minor);
    c.at = 8;
    size_t length = bytes[8] | (size_t)bytes[9] << 8, prefix = 10;
    if (info->major > 1) {
        if (n < TRINE_NPY_PREFIX)
            return wrong(&c, "the file ends at byte %zu, inside its header", n);
        length |= (size_t)bytes[10] << 16 | (size_t)bytes[11] << 24;
        prefix = 12;
    }
    if (length == 0 || prefix + length > TRINE_NPY_HEADER_MOST)
        return wrong(&c, "a header of %zu bytes; expected 1 to %zu", length,
                     TRINE_NPY_HEADER_MOST - prefix);
    *whole = prefix + length;
    info->data_offset = (int64_t)*whole;
    return TRINE_OK;
}

static void skip_space(cursor *c)
{
    while (c->at < c->end && strchr(" \t\r\n\f", c->bytes[c->at]) && c->bytes[c->at])
        c->at++;
}

static bool take(cursor *c, char wanted)
{
    skip_space(c);
    if (c->at >= c->end || c->bytes[c->at] != (unsigned char)wanted)
        return false;
    c->at++;
    return true;
}

/* A quoted string of printable ASCII without escapes: it may come to stand in a detail. */
static trine_status read_string(cursor *c, char text[], size_t size)
{
    skip_space(c);
    if (c->at >= c->end || (c->bytes[c->at] != '\'' && c->bytes[c->at] != '"'))
        return wrong(c, "expected a quoted string");
    unsigned char quote = c->bytes[c->at];
    size_t first = ++c->at, n = 0;
    for (; c->at < c->end && c->bytes[c->at] != quote; c->at++, n++)
        if (c->bytes[c->at] < ' ' || c->bytes[c->at] > '~' || c->bytes[c->at] == '\\' ||
            n + 1 >= size)
            return wrong(c, "a string that no header has");
    if (c->at >= c->end)
        return wrong(c, "a string without an end");
    memcpy(text, c->bytes + first, n);
    text[n] = '\0';
    c->at++;
    return TRINE_OK;
}

static bool take_word(cursor *c, const char *word)
{
    size_t n = strlen(word);
    skip_space(c);
    if (c->end - c->at < n || memcmp(c->bytes + c->at, word, n) != 0)
        return false;
    c->at += n;
    return true;
}

/* A number of elements; Python 2 wrote an L behind long ones. */
static trine_status read_count(cursor *c, int64_t *count)
{
    skip_space(c);
    size_t first = c->at;
    *count = 0;
    for (; c->at < c->end && c->bytes[c->at] >= '0' && c->bytes[c->at] <= '9'; c->at++) {
        int digit = c->bytes[c->at] - '0';
        if (*count > (INT64_MAX - digit) / 10)
            return wrong(c, "a dimension larger than 2^63 - 1");
        *count = 10 * *count + digit;
    }
    if (c->at == first)
        return wrong(c, "expected a dimension, a number that is not negative");
    if (c->at < c->end && c->bytes[c->at] == 'L')
        c->at++;
    return TRINE_OK;
}

static trine_status read_shape(cursor *c, trine_npy_info *info)
{
    if (!take(c, '('))
        return wrong(c, "expected a shape such as (3, 4)");
    info->ndim = 0;
    while (!take(c, ')')) {
        if (info->ndim == TRINE_DIMS)
            return wrong(c, "more than %d dimensions", TRINE_DIMS);
        trine_status status = read_count(c, &info->shape[info->ndim]);
        if (status)
            return status;
        info->ndim++;
        if (take(c, ','))
            continue;
        if (info->ndim == 1)
            return wrong(c, "expected a comma: the shape of one dimension is (n,)");
        if (!take(c, ')'))
            return wrong(c, "expected a comma or the end of the shape");
        return TRINE_OK;
    }
    return TRINE_OK;
}

/* Types that are read: in the file, and in trine. The first of a type of trine's is the one that is
 * written. */
static const struct {
    const char *code, *stored;
    trine_dtype dtype;
    size_t size;
} codes[] = {{"f8", "float64", TRINE_F64, 8}, {"f4", "float32", TRINE_F32, 4},
             {"i8", "int64", TRINE_I64, 8},   {"i4", "int32", TRINE_I32, 4},
             {"u8", "uint64", TRINE_U64, 8},  {"u4", "uint32", TRINE_U32, 4},
             {"i2", "int16", TRINE_I16, 2},   {"u2", "uint16", TRINE_U16, 2},
             {"i1", "int8", TRINE_I8, 1},     {"u1", "uint8", TRINE_U8, 1},
             {"b1", "bool", TRINE_U8, 1},     {"f2", "float16", TRINE_F64, 2}};

/* What numpy calls the types that trine does not take, and what makes one of an array x of them
 * that it takes. */
typedef struct refused_type {
    const char *code, *name, *instead;
} refused_type;

static refused_type refused(const char *code)
{
    static const refused_type types[] = {{"c8", "complex64", "x.real"},
                                         {"c16", "complex128", "x.real"},
                                         {"c32", "complex256", "x.real.astype('f8')"},
                                         {"f16", "float128 (longdouble)", "x.astype('f8')"},
                                         {"f12", "float96 (longdouble)", "x.astype('f8')"},
                                         {"O", "Python objects (pickled)", "x.astype('f8')"},
                                         {"S", "byte strings", "x.astype('f8')"},
                                         {"U", "strings", "x.astype('f8')"},
                                         {"M8", "datetime64", "x.view('i8')"},
                                         {"m8", "timedelta64", "x.view('i8')"},
                                         {"V", "raw bytes (void)", "x.view('u1')"}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strncmp(code, types[i].code, strlen(types[i].code)) == 0 &&
            (strlen(types[i].code) == 1 || strcspn(code, "[") == strlen(types[i].code)))
            return types[i];
    return (refused_type){code, "an unknown type", "x.astype('f8')"};
}

static trine_status read_descr(cursor *c, trine_npy_info *info)
{
    char text[32] = "";
    skip_space(c);
    if (c->at < c->end && c->bytes[c->at] == '[')
        return wrong(c, "elements with fields (a structured dtype); expected one real number each, "
                        "as in numpy's x['FIELD']");
    size_t first = c->at;
    trine_status status = read_string(c, text, sizeof text);
    if (status)
        return status;
    const char *code = text + (text[0] && strchr("<>=|", text[0]) ? 1 : 0);
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (strcmp(code, codes[i].code) == 0) {
            info->dtype = codes[i].dtype;
            info->stored = codes[i].stored;
            info->stored_size = codes[i].size;
        }
    if (info->dtype == TRINE_DTYPE_NONE) {
        c->at = first;
        return wrong(c,
                     "elements of %s ('%s'); expected b1, f2, f4, f8, or i or u of 1, 2, 4 or 8 "
                     "bytes, as in numpy's %s",
                     refused(code).name, text, refused(code).instead);
    }
    const uint16_t one = 1;
    char own = *(const unsigned char *)&one ? '<' : '>';
    bool ordered = text[0] == '<' || text[0] == '>';
    info->swapped = ordered && text[0] != own && info->stored_size > 1;
    return TRINE_OK;
}

static trine_status read_bool(cursor *c, bool *value)
{
    *value = take_word(c, "True");
    return *value || take_word(c, "False") ? TRINE_OK : wrong(c, "expected True or False");
}

/* One `key: value`; seen: bits of the keys so far. */
static trine_status read_item(cursor *c, trine_npy_info *info, unsigned *seen)
{
    static const char *const keys[] = {"descr", "fortran_order", "shape"};
    char key[32];
    size_t first = c->at;
    trine_status status = read_string(c, key, sizeof key);
    if (status)
        return status;
    unsigned which = 0;
    while (which < 3 && strcmp(key, keys[which]) != 0)
        which++;
    if (which == 3 || *seen & 1u << which) {
        c->at = first;
        return wrong(c, "key '%s' %s; expected descr, fortran_order and shape", key,
                     which == 3 ? "is unknown" : "stands twice");
    }
    *seen |= 1u << which;
    if (!take(c, ':'))
        return wrong(c, "expected a colon behind '%s'", key);
    return which == 0   ? read_descr(c, info)
           : which == 1 ? read_bool(c, &info->fortran_order)
                        : read_shape(c, info);
}

/* A zero dimension makes the whole empty, however large the others are. */
static trine_status count_elements(const cursor *c, trine_npy_info *info)
{
    info->n = 1;
    for (int i = 0; i < info->ndim; i++)
        if (info->shape[i] == 0)
            info->n = 0;
    for (int i = 0; i < info->ndim && info->n; i++) {
        if (info->shape[i] > INT64_MAX / info->n)
            return wrong(c, "a shape of more than 2^63 - 1 elements");
        info->n *= info->shape[i];
    }
    uint64_t bytes;
    return trine_npy_data_size(info, &bytes)
               ? TRINE_OK
               : wrong(c, "a shape of more bytes than a file can have");
}

bool trine_npy_data_size(const trine_npy_info *info, uint64_t *bytes)
{
    uint64_t item = info->stored_size, n = (uint64_t)info->n;
    *bytes = n * item;
    return n <= (uint64_t)(INT64_MAX - info->data_offset) / item;
}

trine_status trine_npy_parse(const char *name, const unsigned char *bytes, size_t whole,
                             trine_npy_info *info)
{
    cursor c = {name, bytes, info->major > 1 ? 12 : 10, whole};
    unsigned seen = 0;
    info->dtype = TRINE_DTYPE_NONE;
    if (!take(&c, '{'))
        return wrong(&c, "expected a dictionary: {");
    while (!take(&c, '}')) {
        trine_status status = read_item(&c, info, &seen);
        if (status)
            return status;
        if (take(&c, ','))
            continue;
        if (!take(&c, '}'))
            return wrong(&c, "expected a comma or the end of the dictionary");
        break;
    }
    if (seen != 7)
        return wrong(&c, "the dictionary lacks %s",
                     !(seen & 1)   ? "descr"
                     : !(seen & 2) ? "fortran_order"
                                   : "shape");
    skip_space(&c);
    if (c.at != c.end)
        return wrong(&c, "something stands behind the dictionary");
    return count_elements(&c, info);
}

static const char *code_of(trine_dtype dtype)
{
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (codes[i].dtype == dtype)
            return codes[i].code;
    return "";
}

size_t trine_npy_format(trine_dtype dtype, int ndim, const int64_t shape[],
                        unsigned char bytes[TRINE_NPY_HEADER_WRITTEN])
{
    const uint16_t one = 1;
    char order = trine_dtype_size(dtype) == 1 ? '|' : *(const unsigned char *)&one == 1 ? '<' : '>';
    /* TRINE_DIMS numbers of at most 20 digits, and what stands between them. */
    char text[TRINE_NPY_HEADER_WRITTEN - 64];
    int length = snprintf(text, sizeof text, "{'descr': '%c%s', 'fortran_order': False, 'shape': (",
                          order, code_of(dtype));
    for (int i = 0; i < ndim; i++)
        length += snprintf(text + length, sizeof text - (size_t)length, "%s%llu%s", i ? " " : "",
                           (unsigned long long)shape[i], i + 1 < ndim || ndim == 1 ? "," : "");
    length += snprintf(text + length, sizeof text - (size_t)length, "), }");
    /* Spaces up to a newline that ends a multiple of 64 bytes. */
    size_t whole = trine_round_up(10 + (size_t)length + 1, 64);
    memset(bytes, ' ', whole);
    memcpy(bytes, magic, MAGIC);
    bytes[6] = 1;
    bytes[7] = 0;
    bytes[8] = (unsigned char)((whole - 10) & 0xff);
    bytes[9] = (unsigned char)((whole - 10) >> 8);
    memcpy(bytes + 10, text, (size_t)length);
    bytes[whole - 1] = '\n';
    return whole;
}
